package report

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ownDescriptors are the files of testdata: a descriptor in hex text, and in
// lines beginning with "#=" what it is expected to parse to.
func ownDescriptors(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(file), ".hex")] = string(text)
	}
	return texts
}

func TestOwnDescriptors(t *testing.T) {
	texts := ownDescriptors(t)
	for _, name := range []string{"desk-handset", "pages", "counts", "odd-items", "nests", "signs"} {
		if texts[name] == "" {
			t.Errorf("testdata/%s.hex is missing", name)
		}
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			raw, err := ReadDescriptor([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			d, err := Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			compareLines(t, "collections", collectionLines(d), expected(text, "collection"))
			compareLines(t, "reports", reportLines(d), expected(text, "report"))
			compareLines(t, "rows", rowLines(d), expected(text, "row"))
		})
	}
}

func expected(text, what string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "#= "+what+" "); ok {
			out = append(out, strings.TrimSpace(rest))
		}
	}
	return out
}

// parse parses hex text that must be right.
func parse(t testing.TB, text string) *Descriptor {
	t.Helper()
	raw, err := ReadDescriptor([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parseOwn(t testing.TB, name string) *Descriptor {
	t.Helper()
	return parse(t, ownDescriptors(t)[name])
}

func TestPhysicalRangeAndUnitGoWithTheRow(t *testing.T) {
	d := parseOwn(t, "odd-items")
	for i, want := range map[int]Field{
		0: {},
		1: {PhysicalMin: -100, PhysicalMax: 1000, UnitExponent: -2, Unit: 0x78563412},
		2: {PhysicalMin: -100, PhysicalMax: 1000, UnitExponent: 2, Unit: 0x78563412},
		3: {PhysicalMin: -100, PhysicalMax: 1000, UnitExponent: -2, Unit: 0x78563412},
		4: {},
	} {
		f := d.Fields[i]
		if f.PhysicalMin != want.PhysicalMin || f.PhysicalMax != want.PhysicalMax || f.UnitExponent != want.UnitExponent || f.Unit != want.Unit {
			t.Errorf("row %d: physical %d..%d, exponent %d, unit %X", i, f.PhysicalMin, f.PhysicalMax, f.UnitExponent, f.Unit)
		}
	}
}

func TestUnitExponentIsANibbleOrASignedByte(t *testing.T) {
	for data, want := range map[string]int8{"55 0f": -1, "55 08": -8, "55 07": 7, "55 fe": -2, "55 10": 16, "56 00 80": -128, "54": 0} {
		d := parse(t, "75 08 95 01 09 01 "+data+" 81 02")
		if got := d.Fields[0].UnitExponent; got != want {
			t.Errorf("%s: exponent %d, want %d", data, got, want)
		}
	}
}

func TestNumbered(t *testing.T) {
	for name, want := range map[string]bool{"desk-handset": true, "signs": false} {
		if got := parseOwn(t, name).Numbered; got != want {
			t.Errorf("%s: Numbered is %v", name, got)
		}
	}
}

func TestSizeAndIDsOfWhatIsNotThere(t *testing.T) {
	d := parseOwn(t, "signs")
	if n := d.Size(Output, 0); n != 0 {
		t.Errorf("an output report of %d bytes", n)
	}
	if n := d.Size(Input, 9); n != 0 {
		t.Errorf("an input report 9 of %d bytes", n)
	}
	if n, ids := d.Size(Kind(9), 0), d.IDs(Kind(9)); n != 0 || len(ids) != 0 {
		t.Errorf("kind 9 has %d bytes, IDs %v", n, ids)
	}
}

func TestAncestorsGoOutward(t *testing.T) {
	d := parseOwn(t, "nests")
	var got []string
	for c := range d.Ancestors(5) {
		got = append(got, c.Type.String())
	}
	if want := []string{"reserved-10", "vendor-83", "physical", "application"}; !slices.Equal(got, want) {
		t.Errorf("ancestors %v, want %v", got, want)
	}
	for c := range d.Ancestors(5) { // the caller may stop
		got = []string{c.Type.String()}
		break
	}
	if len(got) != 1 {
		t.Errorf("the first ancestor: %v", got)
	}
	for _, none := range []int{-1, 6} {
		for c := range d.Ancestors(none) {
			t.Errorf("collection %d yields %v", none, c)
		}
	}
}

func TestMalformedDescriptorsAreRefusedWithThePlace(t *testing.T) {
	for _, tt := range []struct {
		name, text, item, reason string
		offset                   int
	}{
		{"cut in an item", "05 0b 26 ff", "Logical Maximum", "ends within", 2},
		{"cut in a long item", "05 0b fe 03 70 aa bb", "long item", "ends within", 2},
		{"cut in a long item's length", "05 0b fe", "long item", "ends within", 2},
		{"collection not closed", "05 0b 09 05 a1 01 a1 02 c0", "end", "1 collections are still open", 9},
		{"collection not open", "05 0b c0", "End Collection", "no collection is open", 2},
		{"report ID 0", "85 00", "Report ID", "must be 1 to 255", 0},
		{"report ID 256", "05 0b 86 00 01", "Report ID", "256", 2},
		{"Pop without Push", "b4", "Pop", "nothing was pushed", 0},
		{"Push without end", strings.Repeat("a4 ", 17), "Push", "17 times", 16},
		{"depth without end", strings.Repeat("a1 02 ", 65), "Collection", "more than 64", 128},
		{"delimiters nested", "a9 01 09 01 a9 01", "Delimiter", "within another", 4},
		{"delimiter closed twice", "a9 01 09 01 a9 00 a9 00", "Delimiter", "not opened", 6},
		{"undefined global item", "c5 00", "item C4", "no such global item", 0},
		{"minimum above maximum", "75 01 95 01 15 05 25 04 81 02", "Input", "minimum 5 is above the maximum 4", 8},
		{"negative minimum above maximum", "15 ff 25 f0 75 08 95 01 81 02", "Input", "minimum -1 is above the maximum -16", 8},
		{"2^32-1 controls", "09 01 75 01 97 ff ff ff ff 81 02", "Report Count", "4294967295 controls", 4},
		{"16 million controls of no size", "09 01 75 00 97 00 00 00 01 81 02", "Report Count", "16777216 controls", 4},
		{"controls of 2^32-1 bits", "77 ff ff ff ff 95 01 09 01 81 02", "Report Size", "4294967295 bits", 0},
		{"report of 4097 bytes", "75 08 96 01 10 09 01 91 02", "Output", "output report 0 has 4097 bytes", 7},
		{"report that grows", "85 03 75 20 96 00 04 81 03 75 01 95 01 81 03", "Input", "input report 3 has 4097 bytes", 13},
		{"32769 controls", "09 01 75 01 96 00 80 81 02 95 01 09 01 b1 02", "Feature", "more than 32768 controls", 13},
		{"usages without end", strings.Repeat("19 00 2a ff ff 75 01 95 01 81 02 ", 17), "Input", "more than 196608 usages", 185},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := ReadDescriptor([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			d, err := Parse(raw)
			var pe *ParseError
			if !errors.As(err, &pe) || d != nil {
				t.Fatalf("Parse gave %v, %v", d, err)
			}
			if pe.Offset != tt.offset || pe.Item != tt.item || !strings.Contains(pe.Reason, tt.reason) {
				t.Errorf("got %v", pe)
			}
		})
	}
}

func TestLengthOfDescriptorIsBounded(t *testing.T) {
	if _, err := Parse(make([]byte, 4096)); err != nil {
		t.Errorf("4096 bytes: %v", err)
	}
	for _, n := range []int{0, 4097} {
		var pe *ParseError
		if _, err := Parse(make([]byte, n)); !errors.As(err, &pe) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestHostileUsageRangesCostNothing(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		usages      int
		first, last Usage
	}{
		{"0 to 2^32-1", "1b 00 00 00 00 2b ff ff ff ff 15 00 26 ff 00 75 08 95 01 81 00", 12288, 0, 0x2FFF},
		{"a whole page", "05 0c 19 00 2a ff ff 15 00 26 ff 00 75 08 95 01 81 00", 12288, U(0x0C, 0), U(0x0C, 0x2FFF)},
		{"page of the maximum", "19 b0 2b bb 00 0b 00 75 08 95 01 81 00", 12, U(0x0B, 0xB0), U(0x0B, 0xBB)},
		{"page of the minimum", "1b b0 00 0b 00 29 bb 75 08 95 01 81 00", 12, U(0x0B, 0xB0), U(0x0B, 0xBB)},
		{"many ranges", strings.Repeat("1b 00 00 00 00 2b ff ff ff ff ", 300) + "75 08 95 01 81 00", 12288, 0, 0x2FFF},
		{"a usage after a full list", "1b 00 00 00 00 2b ff ff ff ff 0b 01 00 0b 00 75 08 95 01 81 00", 12288, 0, 0x2FFF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			us := parse(t, tt.text).Fields[0].Usages
			if len(us) != tt.usages || us[0] != tt.first || us[len(us)-1] != tt.last {
				t.Errorf("%d usages from %v to %v", len(us), us[0], us[len(us)-1])
			}
		})
	}
}

func TestArrayRowsShareTheirUsages(t *testing.T) {
	d := parse(t, "05 0c 19 00 2a ff 03 15 00 26 ff 03 75 10 96 00 08 81 00")
	if len(d.Fields) != 2048 || &d.Fields[0].Usages[0] != &d.Fields[2047].Usages[0] {
		t.Errorf("%d rows, the usages of the last are a copy", len(d.Fields))
	}
}

func TestAppendingToOneRowsUsagesDoesNotReachTheNext(t *testing.T) {
	d := parse(t, "05 0b 09 20 09 2f 75 01 95 02 81 02")
	_ = append(d.Fields[0].Usages, 0)
	if got := d.Fields[1].Usage(); got != U(0x0B, 0x2F) {
		t.Errorf("the second row became %v", got)
	}
}

// FuzzParse checks that no descriptor is too much, and that what comes out
// holds together.
func FuzzParse(f *testing.F) {
	for _, text := range ownDescriptors(f) {
		raw, err := ReadDescriptor([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{0x1B, 0, 0, 0, 0, 0x2B, 255, 255, 255, 255, 0x75, 1, 0x95, 1, 0x81, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Offset > len(raw) || d != nil {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		if len(d.Fields) > maxRows {
			t.Fatalf("%d rows", len(d.Fields))
		}
		for i := range d.Fields {
			fd := &d.Fields[i]
			if fd.Size < 1 || fd.Bit < 0 || (fd.Bit+fd.Size+7)/8 > d.Size(fd.Kind, fd.ReportID) || len(fd.Usages) == 0 {
				t.Fatalf("row %d: %s", i, rowLine(fd))
			}
			if fd.LogicalMin > fd.LogicalMax && fd.LogicalMin < 0 || fd.Collection >= len(d.Collections) {
				t.Fatalf("row %d: %s", i, rowLine(fd))
			}
		}
		for i, c := range d.Collections {
			if c.Parent >= i {
				t.Fatalf("collection %d is in %d", i, c.Parent)
			}
		}
		for _, k := range []Kind{Input, Output, Feature} {
			for _, id := range d.IDs(k) {
				if d.Size(k, id) > maxReport {
					t.Fatalf("%v report %d: %d bytes", k, id, d.Size(k, id))
				}
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw, err := ReadDescriptor([]byte(ownDescriptors(b)["desk-handset"]))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
