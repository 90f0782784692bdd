package report

import (
	"fmt"
	"iter"
	"slices"
)

// Kind is the direction of a report.
type Kind uint8

// The three kinds of report (HID 1.11 section 6.2.2.5).
const (
	Input Kind = iota
	Output
	Feature

	kinds = 3
)

// String is "input", "output" or "feature".
func (k Kind) String() string {
	switch k {
	case Input:
		return "input"
	case Output:
		return "output"
	case Feature:
		return "feature"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Flags are the data bits of an Input, Output or Feature item
// (HID 1.11 section 6.2.2.5), in their places there.
type Flags uint16

// Each flag names the state of its bit when set; the opposite is the default.
const (
	Constant      Flags = 0x001 // the device says that it never changes; many phones say so of real controls
	Variable      Flags = 0x002 // one field for one control; otherwise an array of indexes
	Relative      Flags = 0x004 // the change since the last report
	Wrap          Flags = 0x008
	NonLinear     Flags = 0x010
	NoPreferred   Flags = 0x020 // stays where it is put: a switch rather than a key
	NullState     Flags = 0x040 // values outside the logical range mean "nothing"
	Volatile      Flags = 0x080
	BufferedBytes Flags = 0x100
)

// CollectionType is the data byte of a Collection item
// (HID 1.11 section 6.2.2.6). Values 0x80 and up are the vendor's.
type CollectionType uint8

// Collection types.
const (
	Physical CollectionType = iota
	Application
	Logical
	ReportCollection
	NamedArray
	UsageSwitch
	UsageModifier
)

// String is the type in lower-case words.
func (t CollectionType) String() string {
	names := [...]string{"physical", "application", "logical", "report", "named-array", "usage-switch", "usage-modifier"}
	switch {
	case int(t) < len(names):
		return names[t]
	case t >= 0x80:
		return fmt.Sprintf("vendor-%02x", uint8(t))
	}
	return fmt.Sprintf("reserved-%02x", uint8(t))
}

// Collection groups fields and other collections.
type Collection struct {
	Usage  Usage // 0 when the device declared none
	Type   CollectionType
	Parent int // index into Descriptor.Collections; -1 for a top-level collection
}

// Field is one row of the descriptor: one single control. A variable field of
// n controls makes n rows; an array makes one row for each of its elements.
// Bits without any usage are padding and make no row.
type Field struct {
	Kind     Kind
	ReportID uint8 // 0 when the report has no ID
	Bit      int   // offset in bits from the start of the payload (after the ID byte), least significant first
	Size     int   // bits; values wider than 32 bits are read and written as their low 32
	Flags    Flags

	// LogicalMin and LogicalMax bound the values of the field. An unsigned
	// maximum that int32 cannot hold is cut to its largest value.
	LogicalMin, LogicalMax   int32
	PhysicalMin, PhysicalMax int32
	Unit                     uint32
	UnitExponent             int8

	Collection int // index into Descriptor.Collections; -1 outside of all
	// Usages is what the row is for. A variable row has one, and more only
	// when the device declared more usages than controls: then the last row
	// has the rest. An array row lists what each index stands for, the first
	// for LogicalMin; rows of one array share the slice. Do not write to it.
	Usages []Usage

	item int // number of the Main item, the same for all rows that it made
}

// Usage is the first usage of the row, 0 when it has none.
func (f *Field) Usage() Usage {
	if len(f.Usages) == 0 {
		return 0
	}
	return f.Usages[0]
}

// IsArray tells whether the row is an element of an array.
func (f *Field) IsArray() bool { return f.Flags&Variable == 0 }

// Descriptor is a parsed report descriptor. It is not changed after Parse, so
// any number of goroutines may read it.
type Descriptor struct {
	Collections []Collection // in order of declaration: a parent comes before its children
	Fields      []Field      // in order of declaration
	Numbered    bool         // reports begin with an ID byte

	bits [kinds]map[uint8]int // length of each report's payload
}

// IDs lists the report IDs of one kind in ascending order; a device without
// report IDs has the single ID 0 for each kind that it uses.
func (d *Descriptor) IDs(k Kind) []uint8 {
	if k >= kinds {
		return nil
	}
	ids := make([]uint8, 0, len(d.bits[k]))
	for id := range d.bits[k] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Size is the length of a report's payload in bytes, without the ID byte;
// 0 when there is no such report.
func (d *Descriptor) Size(k Kind, id uint8) int {
	if k >= kinds {
		return 0
	}
	return (d.bits[k][id] + 7) / 8
}

// Ancestors yields the collection with this index, then the one around it, and
// so on outward. An index that does not exist yields nothing.
func (d *Descriptor) Ancestors(collection int) iter.Seq[Collection] {
	return func(yield func(Collection) bool) {
		for collection >= 0 && collection < len(d.Collections) {
			c := d.Collections[collection]
			if !yield(c) || c.Parent >= collection {
				return
			}
			collection = c.Parent
		}
	}
}
