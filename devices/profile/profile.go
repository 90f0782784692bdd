package profile

import (
	"fmt"
	"slices"
	"strings"

	"offhook/hid/report"
)

// ID names one product, or every product of a vendor.
type ID struct {
	Vendor, Product uint16
	Every           bool
}

// String is "1395:0028" or "1395:*".
func (id ID) String() string {
	if id.Every {
		return fmt.Sprintf("%04x:*", id.Vendor)
	}
	return fmt.Sprintf("%04x:%04x", id.Vendor, id.Product)
}

// Form is how a control reports; see the package comment. The zero Form leaves it
// to the descriptor.
type Form uint8

// The forms.
const (
	Declared Form = iota
	Level
	Press
	Flip
	OnOff
	Lift
	PutDown
	Falls
	None // the control is not to be used
)

var formNames = [...]string{Declared: "", Level: "level", Press: "press", Flip: "flip", OnOff: "on-off",
	Lift: "lift", PutDown: "put-down", Falls: "falls", None: "none"}

// String is the word of the tables.
func (f Form) String() string { return formNames[min(int(f), len(formNames)-1)] }

// Where is a place in the reports of a device: a usage of its descriptor or, with
// Raw, bits of a report. Report IDs are 0 where reports are not numbered, and bits
// count from the start of what follows the ID.
type Where struct {
	Usage     report.Usage
	Raw       bool
	Report    uint8
	Bit, Size int
	Value     uint32 // Value: of a control, what it is while pressed; of a light, when lit
	Valued    bool   // the table says Value
}

// String is the word of the tables.
func (w Where) String() string {
	text := fmt.Sprintf("%02X:%02X", w.Usage.Page(), w.Usage.ID())
	if w.Raw {
		text = fmt.Sprintf("@%d.%d.%d", w.Report, w.Bit, w.Size)
	}
	if w.Valued {
		text += fmt.Sprintf("=%02X", w.Value)
	}
	return text
}

// Line is where a fact stands.
type Line struct {
	File   string
	Number int
	Source string
}

// Input is a control.
type Input struct {
	Control string // of Controls
	Key     byte   // of "key"
	At      Where
	Form    Form
	Line    Line
}

// Output is a light.
type Output struct {
	Light string // of Lights
	At    Where
	None  bool // the light is not to be used
	Line  Line
}

// Profile is what is known of a device, the zero value being nothing.
type Profile struct {
	IDs     []ID
	Name    string
	Kind    string // of Kinds, "" as declared
	Inputs  []Input
	Outputs []Output
	Facts   map[string]Fact
	User    bool // one of the user's own has a part in it
	Line    Line // of "device"
}

// Fact is a word about a device, and its numbers.
type Fact struct {
	Numbers []uint32
	Not     bool // "no FACT": it does not hold, whatever another table says
	Line    Line
}

func (f Fact) first() uint32 {
	if len(f.Numbers) == 0 {
		return 0
	}
	return f.Numbers[0]
}

// Has tells whether a fact is known to hold.
func (p *Profile) Has(fact string) bool {
	f, ok := p.Facts[fact]
	return ok && !f.Not
}

// Number is the number that goes with a fact, and whether the fact holds.
func (p *Profile) Number(fact string) (uint32, bool) {
	f, ok := p.Facts[fact]
	if !ok || f.Not || len(f.Numbers) == 0 {
		return 0, false
	}
	return f.Numbers[0], true
}

// OutputLengths are the lengths in bytes that the device insists on, by the ID of
// the output report, which counts.
func (p *Profile) OutputLengths() map[uint8]int {
	lengths := map[uint8]int{}
	if f, ok := p.Facts["output-length"]; ok && !f.Not {
		for i := 0; i+1 < len(f.Numbers); i += 2 {
			lengths[uint8(f.Numbers[i])] = int(f.Numbers[i+1])
		}
	}
	return lengths
}

// Known tells whether anything is known.
func (p *Profile) Known() bool { return len(p.IDs) > 0 }

// Raw tells whether controls are found by place, so that the descriptor has
// nothing to say.
func (p *Profile) Raw() bool {
	for _, in := range p.Inputs {
		if in.At.Raw {
			return true
		}
	}
	return false
}

// Telephone tells whether a device with this report descriptor has the hook that
// the profile names: on a page of its maker, say, where nothing else would find it.
func (p *Profile) Telephone(raw []byte) bool {
	d, err := report.Parse(raw)
	if err != nil {
		return false
	}
	for _, in := range p.Of("hook") {
		if in.Form != None && in.At.Raw {
			return true
		}
		for i := range d.Fields {
			if f := &d.Fields[i]; in.Form != None && f.Kind == report.Input && slices.Contains(f.Usages, in.At.Usage) {
				return true
			}
		}
	}
	return false
}

// Of gives the inputs of a control.
func (p *Profile) Of(control string) []Input {
	var list []Input
	for _, in := range p.Inputs {
		if in.Control == control {
			list = append(list, in)
		}
	}
	return list
}

// over lays o, which is more to the point, over p.
func (p *Profile) over(o *Profile) {
	said := map[string]bool{}
	for _, in := range o.Inputs {
		said[in.Control] = true
	}
	p.Inputs = append(filter(p.Inputs, func(in Input) bool { return !said[in.Control] }), o.Inputs...)
	clear(said)
	for _, out := range o.Outputs {
		said[out.Light] = true
	}
	p.Outputs = append(filter(p.Outputs, func(out Output) bool { return !said[out.Light] }), o.Outputs...)
	if p.Facts == nil {
		p.Facts = map[string]Fact{}
	}
	for name, f := range o.Facts {
		p.Facts[name] = f
	}
	if o.Kind != "" {
		p.Kind = o.Kind
	}
	p.IDs, p.Name, p.Line = o.IDs, o.Name, o.Line
	p.User = p.User || o.User
}

func filter[T any](list []T, keep func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// Sources lists who vouches for the profile, each once.
func (p *Profile) Sources() []string {
	var list []string
	seen := map[string]bool{}
	add := func(l Line) {
		if !seen[l.Source] && l.Source != "" {
			seen[l.Source] = true
			list = append(list, l.Source)
		}
	}
	for _, in := range p.Inputs {
		add(in.Line)
	}
	for _, out := range p.Outputs {
		add(out.Line)
	}
	for _, f := range p.Facts {
		add(f.Line)
	}
	return list
}

// Write gives the profile as a table that Read takes.
func (p *Profile) Write(source string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "source  %s\ndevice ", source)
	for _, id := range p.IDs {
		fmt.Fprintf(&b, " %s", id)
	}
	fmt.Fprintf(&b, "  %s\n", p.Name)
	if p.Kind != "" {
		fmt.Fprintf(&b, "kind    %s\n", p.Kind)
	}
	for _, in := range p.Inputs {
		control := in.Control
		if control == "key" {
			control += " " + string(in.Key)
		}
		if in.Form == None {
			fmt.Fprintf(&b, "no      %s\n", control)
			continue
		}
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-11s %-12s %s", control, in.At, in.Form), " "))
	}
	for _, out := range p.Outputs {
		if out.None {
			fmt.Fprintf(&b, "no      light %s\n", out.Light)
			continue
		}
		fmt.Fprintf(&b, "light   %-16s %s\n", out.Light, out.At)
	}
	for _, name := range FactNames() {
		f, ok := p.Facts[name]
		switch {
		case !ok:
		case f.Not:
			fmt.Fprintf(&b, "no      fact %s\n", name)
		default:
			count := factNumbers[name]
			for i := 0; i == 0 || i+count <= len(f.Numbers) && count > 0; i += count {
				fmt.Fprintf(&b, "fact    %s", name)
				for _, n := range f.Numbers[i : i+count] {
					fmt.Fprintf(&b, " %d", n)
				}
				b.WriteByte('\n')
				if count == 0 {
					break
				}
			}
		}
	}
	return b.String()
}
