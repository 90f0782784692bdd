package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// step is a report as it is read and what it changes, as "0B:20 0>1".
type step struct {
	raw  string
	want []string
}

func hexBytes(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := readHex(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func changeLines(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%02X:%02X %d>%d", c.Usage.Page(), c.Usage.ID(), c.Old, c.New))
	}
	return out
}

func run(t *testing.T, d *Descriptor, steps []step) {
	t.Helper()
	dec := NewDecoder(d)
	for i, s := range steps {
		changes, err := dec.Decode(hexBytes(t, s.raw))
		if err != nil {
			t.Fatalf("report %d (%s): %v", i, s.raw, err)
		}
		if got := changeLines(changes); !slices.Equal(got, s.want) {
			t.Errorf("report %d (%s): %v, want %v", i, s.raw, got, s.want)
		}
	}
}

func TestDecodeADeskHandset(t *testing.T) {
	run(t, parseOwn(t, "desk-handset"), []step{
		{"01 00 00", nil},
		{"01 01 00", []string{"0B:20 0>1"}},              // lifted
		{"01 01 00", nil},                                // the same again
		{"01 51 00", []string{"0B:B4 0>1"}},              // key 4 is index 5
		{"01 01 00", []string{"0B:B4 1>0"}},              //
		{"01 C1 00", []string{"0B:BB 0>1"}},              // pound is the last
		{"01 11 00", []string{"0B:BB 1>0", "0B:B0 0>1"}}, // straight to 0
		{"01 F1 00", []string{"0B:B0 1>0"}},              // Null
		{"01 03 00", []string{"0B:2F 0>1"}},              // a key, down
		{"01 05 00", []string{"0B:2F 1>0", "0B:21 0>1"}}, // and up, another one down
		{"04 02", []string{"0C:EA 0>1"}},                 // another report
		{"01 00 00", []string{"0B:20 1>0", "0B:21 1>0"}}, // cradled
		{"04 00 00 00 00", []string{"0C:EA 1>0"}},        // padded with zeros by the bus
		{"01 00 FF", nil},                                // padding bits do not matter
	})
}

func TestDecodeArrays(t *testing.T) {
	const zeroBased = "05 0b 19 b0 29 bb 15 00 25 0b 75 08 95 01 81 00"
	const zeroBasedNull = "05 0b 19 b0 29 bb 15 00 25 0b 75 08 95 01 81 40"
	const keyboard = "05 07 19 00 29 65 15 00 25 65 75 08 95 03 81 00"
	for _, tt := range []struct {
		name, descriptor string
		steps            []step
	}{
		{"index 0 is rest where there is no Null", zeroBased, []step{
			{"00", nil}, {"01", []string{"0B:B1 0>1"}}, {"00", []string{"0B:B1 1>0"}},
		}},
		{"and where Null has no room", "05 0b 09 07 05 09 09 01 15 00 25 01 75 01 95 01 81 40 95 07 81 01", []step{
			{"00", nil}, {"01", []string{"09:01 0>1"}}, {"00", []string{"09:01 1>0"}},
		}},
		{"with Null, index 0 is a key", zeroBasedNull, []step{
			{"0F", nil}, {"00", []string{"0B:B0 0>1"}}, {"0F", []string{"0B:B0 1>0"}},
		}},
		{"but not before anything else was reported", zeroBasedNull, []step{
			{"00", nil}, {"0F", nil}, {"00", []string{"0B:B0 0>1"}},
		}},
		{"also beside an element that changes", "05 0b 19 b0 29 bb 15 00 25 0b 75 08 95 02 81 40", []step{
			{"00 05", []string{"0B:B5 0>1"}}, {"0F 05", nil}, {"00 0F", []string{"0B:B5 1>0", "0B:B0 0>1"}},
		}},
		{"an index past the usages is nothing", "05 0b 19 b0 29 bb 15 01 25 0d 75 08 95 01 81 00", []step{
			{"0C", []string{"0B:BB 0>1"}}, {"0D", []string{"0B:BB 1>0"}}, {"0E", nil},
		}},
		{"a key that moves to another element stays down", keyboard, []step{
			{"04 05 00", []string{"07:04 0>1", "07:05 0>1"}},
			{"05 00 00", []string{"07:04 1>0"}},
			{"00 05 06", []string{"07:06 0>1"}},
			{"00 00 00", []string{"07:05 1>0", "07:06 1>0"}},
		}},
		{"a key in two elements is one key", keyboard, []step{
			{"04 04 00", []string{"07:04 0>1"}},
			{"04 00 00", nil},
			{"00 04 04", nil},
			{"00 00 00", []string{"07:04 1>0"}},
		}},
		{"too many keys keep what was", keyboard, []step{
			{"04 00 00", []string{"07:04 0>1"}},
			{"01 01 01", nil},
			{"04 05 00", []string{"07:05 0>1"}},
		}},
		{"a negative range counts from its minimum", "05 09 19 01 29 03 15 ff 25 01 75 08 95 01 81 40", []step{
			{"ff", []string{"09:01 0>1"}}, {"01", []string{"09:01 1>0", "09:03 0>1"}}, {"80", []string{"09:03 1>0"}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { run(t, parse(t, tt.descriptor), tt.steps) })
	}
}

func TestDecodeVariables(t *testing.T) {
	for _, tt := range []struct {
		name, descriptor string
		steps            []step
	}{
		{"a dial counts every step", "05 0c 09 e0 15 ff 25 01 75 02 95 01 81 06 75 06 81 01", []step{
			{"01", []string{"0C:E0 0>1"}}, {"01", []string{"0C:E0 0>1"}}, {"03", []string{"0C:E0 0>-1"}}, {"00", nil},
		}},
		{"an absolute value changes from the last", "05 0c 09 e0 15 81 25 7f 75 08 95 01 81 02", []step{
			{"fe", []string{"0C:E0 0>-2"}}, {"fe", nil}, {"05", []string{"0C:E0 -2>5"}},
		}},
		{"Null is no value", "05 0c 09 e0 15 01 25 0a 75 08 95 01 81 42", []step{
			{"05", []string{"0C:E0 0>5"}}, {"00", nil}, {"0b", nil}, {"05", nil}, {"06", []string{"0C:E0 5>6"}},
		}},
		{"without Null any value counts", "05 0c 09 e0 15 01 25 0a 75 08 95 01 81 02", []step{
			{"ff", []string{"0C:E0 0>255"}},
		}},
		{"a wide value is its low 32 bits", "05 0c 09 e0 15 00 27 ff ff ff 7f 75 28 95 01 81 02", []step{
			{"01 02 03 04 ff", []string{"0C:E0 0>67305985"}},
		}},
		{"32 bits across byte borders", "05 0c 75 03 95 01 81 01 09 e0 15 ff 27 ff ff ff 7f 75 20 81 02 75 05 81 01", []step{
			{"f8 ff ff ff 07", []string{"0C:E0 0>-1"}}, {"10 00 00 00 04", []string{"0C:E0 -1>-2147483646"}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { run(t, parse(t, tt.descriptor), tt.steps) })
	}
}

func TestDecodeFollowsTheKernelOnNumberingByKind(t *testing.T) {
	// The input item comes before the first Report ID: its reports have none.
	d := parse(t, "05 0b 09 20 15 00 25 01 75 01 95 08 81 02 85 03 09 21 b1 02")
	if !d.Numbered {
		t.Error("the device numbers its feature reports")
	}
	changes, err := NewDecoder(d).Decode([]byte{0x80})
	if err != nil || len(changes) != 1 || changes[0].Field != 7 {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestDecodeKeepsStateOnReportsThatDoNotFit(t *testing.T) {
	d := parseOwn(t, "desk-handset")
	dec := NewDecoder(d)
	if _, err := dec.Decode([]byte{1, 1, 0}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, raw, says string }{
		{"empty", "", "empty"},
		{"only the ID", "01", "0 bytes, not 2"},
		{"short", "01 00", "1 bytes, not 2"},
		{"long", "01 00 00 00 01", "4 bytes, not 2"},
		{"unknown ID", "09 00 00", "no input report 9"},
		{"an output report's ID", "02 00 00", "no input report 2"},
	} {
		changes, err := dec.Decode(hexBytes(t, tt.raw))
		if !errors.Is(err, ErrReport) || changes != nil || !strings.Contains(fmt.Sprint(err), tt.says) {
			t.Errorf("%s: %v, %v", tt.name, changes, err)
		}
	}
	if v := dec.Value(0); v != 1 {
		t.Errorf("the hook is %d", v)
	}
	changes, err := dec.Decode([]byte{1, 0, 0})
	if err != nil || !slices.Equal(changeLines(changes), []string{"0B:20 1>0"}) {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestValueAndReset(t *testing.T) {
	dec := NewDecoder(parseOwn(t, "desk-handset"))
	if _, err := dec.Decode([]byte{1, 0xD1, 0}); err != nil {
		t.Fatal(err)
	}
	// The keypad's row tells the index as sent, though no usage belongs to it.
	for field, want := range map[int]int32{0: 1, 1: 0, 4: 13, -1: 0, 1000: 0} {
		if got := dec.Value(field); got != want {
			t.Errorf("field %d is %d, want %d", field, got, want)
		}
	}
	dec.Reset()
	if v := dec.Value(0) + dec.Value(4); v != 0 {
		t.Errorf("after Reset: %d", v)
	}
	changes, err := dec.Decode([]byte{1, 1, 0})
	if err != nil || !slices.Equal(changeLines(changes), []string{"0B:20 0>1"}) {
		t.Errorf("after Reset: %v, %v", changes, err)
	}
}

// FuzzDecode checks that no report upsets the decoder, that Value agrees with
// the changes, and that the same report twice changes only what counts steps.
func FuzzDecode(f *testing.F) {
	for _, text := range ownDescriptors(f) {
		raw, err := ReadDescriptor([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte{1, 0x51, 0}, []byte{1, 0, 0})
		f.Add(raw, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, make([]byte, 15))
	}
	f.Fuzz(func(t *testing.T, descriptor, first, second []byte) {
		d, err := Parse(descriptor)
		if err != nil {
			return
		}
		dec := NewDecoder(d)
		for _, raw := range [][]byte{first, second, second} {
			changes, err := dec.Decode(raw)
			if err != nil && (!errors.Is(err, ErrReport) || changes != nil) {
				t.Fatal(changes, err)
			}
			for _, c := range changes {
				fd := &d.Fields[c.Field]
				if c.Old == c.New || fd.Kind != Input {
					t.Fatalf("%+v", c)
				}
				if !fd.IsArray() && dec.Value(c.Field) != c.New {
					t.Fatalf("%+v, value %d", c, dec.Value(c.Field))
				}
			}
		}
		again, _ := dec.Decode(second)
		for _, c := range again {
			if d.Fields[c.Field].Flags&Relative == 0 {
				t.Fatalf("the same report again: %+v", c)
			}
		}
	})
}

func BenchmarkDecodeHook(b *testing.B) {
	dec := NewDecoder(parseOwn(b, "desk-handset"))
	reports := [2][]byte{{1, 1, 0}, {1, 0, 0}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := dec.Decode(reports[i&1]); err != nil {
			b.Fatal(err)
		}
	}
}
