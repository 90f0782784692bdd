package devices

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"offhook/hid"
)

// Every row of the table has a source, is found, and does what its fact says in the driver.
func TestEveryQuirkHasASourceAndActs(t *testing.T) {
	rows, err := readQuirks("quirks.txt", quirksText)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 14 {
		t.Fatalf("only %d rows", len(rows))
	}
	hook := controlDescriptor(0x20, 0x22, 0, 1, 0x17) // a level, as these devices declare it
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if len(row.source) < 20 {
				t.Errorf("line %d: the source is %q", row.line, row.source)
			}
			drv, err := driverFor(&described{info: hid.Info{VendorID: row.vendor, ProductID: row.product}, raw: hook})
			if err != nil {
				t.Fatal(err)
			}
			d := newDevice(&quiet{}, drv, Options{})
			d.opening = false
			switch row.fact {
			case "momentary-hook":
				var got []EventKind
				for _, v := range []byte{1, 0, 1, 0} { // pressed twice
					for _, e := range d.take([]byte{v}) {
						got = append(got, e.Kind)
					}
				}
				if len(got) != 2 || got[0] != OffHook || got[1] != OnHook {
					t.Errorf("two presses gave %v", got)
				}
			default:
				t.Errorf("line %d: no test of %s", row.line, row.fact)
			}
		})
	}
}

// described is a device of which only numbers and descriptor matter.
type described struct {
	quiet
	info hid.Info
	raw  []byte
}

func (d *described) Info() hid.Info     { return d.info }
func (d *described) Descriptor() []byte { return d.raw }

func TestADeviceThatNothingIsKnownOfHasNoQuirk(t *testing.T) {
	for _, id := range [][2]uint16{{0x1395, 0x740A}, {0x1234, 0x0008}, {0, 0}} {
		if q := quirkOf(id[0], id[1]); q != (quirk{}) {
			t.Errorf("%04x: %+v", id, q)
		}
	}
}

func TestQuirkTablesAreRead(t *testing.T) {
	rows, err := readQuirks("my.txt", "# mine\n\nsource  tried  it\r\n1395:* echoes-mute Every one\n1395:00aF\tmomentary-hook\tThis one\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []quirkRow{
		{vendor: 0x1395, every: true, fact: "echoes-mute", name: "Every one", source: "tried it", line: 4},
		{vendor: 0x1395, product: 0xAF, fact: "momentary-hook", name: "This one", source: "tried it", line: 5},
	}
	if len(rows) != 2 || rows[0] != want[0] || rows[1] != want[1] {
		t.Fatalf("%+v", rows)
	}
}

func TestAQuirkTableThatIsWrongSaysWhere(t *testing.T) {
	const head = "source  somebody tried it\n"
	tests := []struct{ name, text, want string }{
		{"no source", "1395:0008 momentary-hook X", "my.txt:1: a fact without a source"},
		{"an empty source", "\nsource \n", "my.txt:2: the source is missing"},
		{"no name", head + "1395:0008 momentary-hook", "my.txt:2: want VENDOR:PRODUCT, the fact and the name"},
		{"an unknown fact", head + "\n1395:0008 momentary X", `my.txt:3: no fact is called "momentary"; there are: echoes-mute, momentary-hook`},
		{"short numbers", head + "1395:8 momentary-hook X", `my.txt:2: "1395:8" is no VENDOR:PRODUCT`},
		{"no product", head + "1395 momentary-hook X", `my.txt:2: "1395" is no VENDOR:PRODUCT`},
		{"no hexadecimal", head + "1395:00g8 momentary-hook X", `my.txt:2: "1395:00g8" is no`},
		{"any vendor", head + "*:0008 momentary-hook X", `my.txt:2: "*:0008" is no`},
		{"the same twice", head + "1395:00ab echoes-mute X\n1395:00AB echoes-mute Y", "my.txt:3: 1395:00AB echoes-mute is in line 2 already"},
		{"a long line", head + strings.Repeat("x", 513), "my.txt:2: a line of 513 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := readQuirks("my.txt", tt.text); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%v, want %s…", err, tt.want)
			}
		})
	}
}

func TestQuirksAgreeWithTheProfilesTheyComeFrom(t *testing.T) {
	text, err := os.ReadFile("../../shared/data/headset-maps.tsv")
	if err != nil {
		t.Skip("no device profiles beside this repository")
	}
	known := map[string]string{} // the inputs and states of a device
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Split(line, "\t"); len(f) > 5 {
			known[f[0]+":"+f[1]] = f[4] + " | " + f[5]
		}
	}
	for _, row := range builtIn() {
		id := fmt.Sprintf("%04x:%04x", row.vendor, row.product)
		inputs, ok := known[id]
		if !ok {
			t.Errorf("line %d: %s is not among the profiles", row.line, id)
			continue
		}
		toggles := strings.Contains(inputs, "000B0020=0>2 ") != strings.Contains(inputs, "000B0020=1>2 ")
		if !toggles && !strings.Contains(inputs, "000B0020 Momentary") {
			t.Errorf("line %d: the profile of %s does not say so: %s", row.line, id, inputs)
		}
	}
}

func FuzzQuirkTable(f *testing.F) {
	f.Add(quirksText)
	f.Add("source x\n1395:* echoes-mute X\n:: y z\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readQuirks("f", text)
		if err != nil {
			if rows != nil || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("%d rows and %v", len(rows), err)
			}
			return
		}
		for _, row := range rows {
			if row.name == "" || row.source == "" || facts[row.fact] == nil {
				t.Errorf("%+v", row)
			}
		}
	})
}
