package devices

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// Description is a report descriptor in words: what it declares, and what the
// driver makes of it. Its JSON is an interface that scripts rely on.
type Description struct {
	Collections []DescribedCollection `json:"collections"`
	Fields      []DescribedField      `json:"fields"`
	// Controls and Indicators are those that the driver uses, both empty when
	// the device is not a telephone.
	Controls   []string `json:"controls"`
	Indicators []string `json:"indicators"`

	kind   Kind           // 0: not a telephone
	used   map[int]string // what the driver takes a field for
	parsed *report.Descriptor
}

// DescribedCollection is one collection. Parent is an index into the list, -1
// for a top-level collection.
type DescribedCollection struct {
	Page   uint16 `json:"page"`
	Usage  uint16 `json:"usage"`
	Type   string `json:"type"`
	Parent int    `json:"parent"`
}

// DescribedUsage is a usage of an array.
type DescribedUsage struct {
	Page  uint16 `json:"page"`
	Usage uint16 `json:"usage"`
}

// DescribedField is one control: a variable field of n usages is n of them, an
// array is one for each element. Padding is left out. Page and Usage of an
// array are those of its first usage.
type DescribedField struct {
	Kind       string           `json:"kind"`
	Report     uint8            `json:"report"`
	Bit        int              `json:"bit"` // from the start of the payload
	Size       int              `json:"size"`
	Page       uint16           `json:"page"`
	Usage      uint16           `json:"usage"`
	Usages     []DescribedUsage `json:"usages,omitempty"` // of an array, or of a control with more names than one
	Flags      uint16           `json:"flags"`            // as in the Main item
	Min        int32            `json:"min"`
	Max        int32            `json:"max"`
	Collection int              `json:"collection"`
}

// Describe reads a raw report descriptor. It needs no device. The error is a
// *report.ParseError.
func Describe(raw []byte) (*Description, error) { return DescribeAs(raw, nil) }

// DescribeAs is Describe for a device of which more is known than its descriptor
// says.
func DescribeAs(raw []byte, known *profile.Profile) (*Description, error) {
	if known == nil {
		known = &profile.Profile{}
	}
	parsed, err := report.Parse(raw)
	if err != nil {
		return nil, err
	}
	d := &Description{
		Collections: []DescribedCollection{}, Fields: []DescribedField{},
		Controls: []string{}, Indicators: []string{}, parsed: parsed,
	}
	for _, c := range parsed.Collections {
		d.Collections = append(d.Collections, DescribedCollection{
			Page: c.Usage.Page(), Usage: c.Usage.ID(), Type: c.Type.String(), Parent: c.Parent,
		})
	}
	for i := range parsed.Fields {
		f := &parsed.Fields[i]
		if len(f.Usages) == 0 {
			continue
		}
		row := DescribedField{
			Kind: f.Kind.String(), Report: f.ReportID, Bit: f.Bit, Size: f.Size,
			Page: f.Usage().Page(), Usage: f.Usage().ID(),
			Flags: uint16(f.Flags), Min: f.LogicalMin, Max: f.LogicalMax, Collection: f.Collection,
		}
		if f.IsArray() || len(f.Usages) > 1 {
			for _, u := range f.Usages {
				row.Usages = append(row.Usages, DescribedUsage{u.Page(), u.ID()})
			}
		}
		d.Fields = append(d.Fields, row)
	}
	if l := newLayout(parsed, known); l.telephony() {
		d.kind, d.Controls, d.Indicators, d.used = l.kind, l.controls, l.names, l.used()
	}
	return d, nil
}

// Telephony tells whether the driver would use the device, and as what.
func (d *Description) Telephony() (Kind, bool) { return d.kind, d.kind != 0 }

// WriteText writes the description as a tree in words.
func (d *Description) WriteText(w io.Writer) error {
	var b strings.Builder
	if kind, ok := d.Telephony(); ok {
		fmt.Fprintf(&b, "a %s\n  controls:   %s\n  indicators: %s\n\n", kind, list(d.Controls), list(d.Indicators))
	} else {
		b.WriteString("not a telephone: no telephony control\n\n")
	}
	d.writeCollections(&b, -1, "")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the description: %w", err)
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}

// writeCollections writes what is directly in a collection, then what is in the
// collections inside it.
func (d *Description) writeCollections(b *strings.Builder, parent int, indent string) {
	for i := 0; i < len(d.parsed.Fields); {
		n := d.alike(i)
		if d.parsed.Fields[i].Collection == parent {
			d.writeFields(b, i, n, indent)
		}
		i += n
	}
	for i, c := range d.parsed.Collections {
		if c.Parent == parent && i != parent {
			fmt.Fprintf(b, "%s%s (%s)\n", indent, name(c.Usage), c.Type)
			d.writeCollections(b, i, indent+"  ")
		}
	}
}

// alike counts the rows from i on that say the same about neighbouring bits, as
// the bytes of a vendor's report do.
func (d *Description) alike(i int) int {
	n, f := 1, d.parsed.Fields[i]
	for i+n < len(d.parsed.Fields) {
		o := d.parsed.Fields[i+n]
		if o.Kind != f.Kind || o.ReportID != f.ReportID || o.Collection != f.Collection || o.Flags != f.Flags ||
			o.Size != f.Size || o.Usage() != f.Usage() || o.Bit != f.Bit+n*f.Size {
			break
		}
		n++
	}
	return n
}

func (d *Description) writeFields(b *strings.Builder, i, n int, indent string) {
	f := &d.parsed.Fields[i]
	if len(f.Usages) == 0 {
		return
	}
	size := fmt.Sprintf("%d bit", f.Size)
	if n > 1 {
		size = fmt.Sprintf("%d × %d bit", n, f.Size)
	}
	fmt.Fprintf(b, "%s%s report %d, bit %d, %s, %d..%d, %s: %s", indent,
		f.Kind, f.ReportID, f.Bit, size, f.LogicalMin, f.LogicalMax, flagWords(f.Flags), name(f.Usage()))
	switch last := f.Usages[len(f.Usages)-1]; {
	case len(f.Usages) == 2:
		fmt.Fprintf(b, ", %s", name(last))
	case len(f.Usages) > 2:
		fmt.Fprintf(b, " … %s (%d usages)", name(last), len(f.Usages))
	}
	if what := d.used[i]; what != "" {
		fmt.Fprintf(b, "  -> %s", what)
	}
	b.WriteByte('\n')
}

// used tells what each field is taken for.
func (l *layout) used() map[int]string {
	used := map[int]string{}
	add := func(row int, what string) {
		if used[row] == "" {
			used[row] = what
		} else if !slices.Contains(strings.Fields(used[row]), what) {
			used[row] += " " + what
		}
	}
	if l.hook != nil {
		add(l.hook.row, "hook")
	}
	for _, s := range l.hooks {
		add(s.row, "hook")
	}
	for _, m := range l.mute {
		add(m.row, "mute")
	}
	for _, k := range l.keys {
		add(k.row, k.control)
	}
	for _, k := range l.arrays {
		add(k.row, k.control)
	}
	for _, k := range l.keypad {
		add(k.row, "keypad")
	}
	for _, li := range l.lights {
		add(li.row, li.name)
	}
	return used
}

// name is a usage in words; a device may also declare none.
func name(u report.Usage) string {
	if u == 0 {
		return "no usage"
	}
	return u.String()
}

// flagWords names the flags that matter to a reader.
func flagWords(f report.Flags) string {
	words := []string{"array"}
	if f&report.Variable != 0 {
		words[0] = "variable"
	}
	for _, w := range []struct {
		flag report.Flags
		word string
	}{
		{report.Relative, "relative"}, {report.NoPreferred, "switch"}, {report.NullState, "null state"},
		{report.Constant, "constant"}, {report.BufferedBytes, "bytes"},
	} {
		if f&w.flag != 0 {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " ")
}
