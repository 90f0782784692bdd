package report

import (
	"errors"
	"fmt"
)

// ErrReport is wrapped by the errors of Decode and DecodeOutput: the bytes are
// not a report of this descriptor. Such a report changes nothing.
var ErrReport = errors.New("report does not fit the descriptor")

// Change is a control that reported something new.
type Change struct {
	Field int   // index into Descriptor.Fields
	Usage Usage // of an array: the usage that turned on or off
	// Old and New are values of the logical range; 0 and 1 for an array's usage.
	Old, New int32
}

// Decoder turns input reports into changes. It remembers the last value of
// every control, so there is one for each device, and one goroutine uses it.
type Decoder struct {
	d        *Descriptor
	numbered bool
	items    map[uint8][]rows // by report ID
	values   []int32          // by row: the last value, of arrays the last index
	on       []Usage          // by row: the usage that this array element reported last, 0 for none
	next     []Usage
	old, now map[Usage]struct{} // what is on in the array at hand
}

// rows are the Fields [first, end) of one Main item.
type rows struct{ first, end int }

// NewDecoder makes a decoder in which every control rests at 0.
func NewDecoder(d *Descriptor) *Decoder {
	n := len(d.Fields)
	dec := &Decoder{
		d: d, numbered: d.numbered(Input), items: make(map[uint8][]rows),
		values: make([]int32, n), on: make([]Usage, n), next: make([]Usage, n),
		old: make(map[Usage]struct{}), now: make(map[Usage]struct{}),
	}
	for i := 0; i < n; {
		f, end := &d.Fields[i], i+1
		for end < n && d.Fields[end].item == f.item {
			end++
		}
		if f.Kind == Input {
			dec.items[f.ReportID] = append(dec.items[f.ReportID], rows{i, end})
		}
		i = end
	}
	return dec
}

// Reset forgets all values, as after opening the device anew.
func (dec *Decoder) Reset() {
	clear(dec.values)
	clear(dec.on)
}

// Value is what the row reported last: 0 before its first report. An array's
// row has the index value as the device sent it, also when no usage belongs to
// it; devices differ in what they mean by it (see the package comment).
func (dec *Decoder) Value(field int) int32 {
	if field < 0 || field >= len(dec.values) {
		return 0
	}
	return dec.values[field]
}

// Decode takes an input report as it was read, beginning with the ID if the
// device numbers its reports, and returns what changed, in the order of the
// descriptor:
//
//   - A variable control changes when its value differs from the last one. A
//     value outside the logical range is ignored if the control has a Null state.
//   - A relative control whose range is not 0..1 counts: every value but 0 is
//     a change, from 0.
//   - In an array, usages turn on (0 to 1) and off (1 to 0), those that turn off
//     first. Index 0 is rest where the array has no other value to say so.
//
// A report that is too short, too long by anything but zeros, or of an unknown
// ID is an error that wraps ErrReport.
func (dec *Decoder) Decode(raw []byte) ([]Change, error) {
	payload, id := raw, uint8(0)
	if dec.numbered {
		if len(raw) == 0 {
			return nil, fmt.Errorf("%w: it is empty", ErrReport)
		}
		id, payload = raw[0], raw[1:]
	}
	if err := dec.d.check(Input, id, payload); err != nil {
		return nil, err
	}
	var changes []Change
	for _, item := range dec.items[id] {
		if dec.d.Fields[item.first].IsArray() {
			changes = dec.array(changes, item, payload)
		} else {
			changes = dec.variables(changes, item, payload)
		}
	}
	return changes, nil
}

func (dec *Decoder) variables(changes []Change, item rows, payload []byte) []Change {
	for i := item.first; i < item.end; i++ {
		f := &dec.d.Fields[i]
		v, old := f.value(payload), dec.values[i]
		if f.Flags&NullState != 0 && !f.inRange(v) {
			continue
		}
		dec.values[i] = v
		if f.Flags&Relative != 0 && (f.LogicalMin != 0 || f.LogicalMax != 1) {
			if v != 0 {
				changes = append(changes, Change{Field: i, Usage: f.Usage(), New: v})
			}
			continue
		}
		if v != old {
			changes = append(changes, Change{Field: i, Usage: f.Usage(), Old: old, New: v})
		}
	}
	return changes
}

// array compares the set of usages that are on with the set before. A usage
// may move from one element to another while its key is held.
func (dec *Decoder) array(changes []Change, item rows, payload []byte) []Change {
	next, same := dec.next[item.first:item.end], true
	for i := item.first; i < item.end; i++ {
		f := &dec.d.Fields[i]
		v := f.value(payload)
		u := f.indexed(v)
		if u.Page() == PageKeyboard && u.ID() >= 0x01 && u.ID() <= 0x03 {
			// Too many keys at once, or a fault: the keys are unknown in this
			// report (HUT section 10, ErrorRollOver).
			return changes
		}
		if v == dec.values[i] {
			// An element that has not moved since the start has reported nothing.
			u = dec.on[i]
		} else {
			same = false
		}
		next[i-item.first] = u
	}
	if same {
		return changes
	}
	clear(dec.old)
	clear(dec.now)
	for k, u := range next {
		dec.old[dec.on[item.first+k]] = struct{}{}
		dec.now[u] = struct{}{}
	}
	for i := item.first; i < item.end; i++ {
		if u := dec.on[i]; u != 0 && !take(dec.now, u) {
			dec.now[u] = struct{}{} // reported: once is enough
			changes = append(changes, Change{Field: i, Usage: u, Old: 1})
		}
	}
	for k, u := range next {
		i := item.first + k
		dec.values[i], dec.on[i] = dec.d.Fields[i].value(payload), u
		if u != 0 && !take(dec.old, u) {
			dec.old[u] = struct{}{}
			changes = append(changes, Change{Field: i, Usage: u, New: 1})
		}
	}
	return changes
}

func take(set map[Usage]struct{}, u Usage) bool {
	_, ok := set[u]
	return ok
}

// indexed is the usage that the index value v of an array element stands for,
// 0 for none: an index out of range, past the usages, or of usage ID 0.
func (f *Field) indexed(v int32) Usage {
	if !f.inRange(v) || v == 0 && !f.hasNull() {
		return 0
	}
	i := int64(v) - int64(f.LogicalMin)
	if i >= int64(len(f.Usages)) || f.Usages[i].ID() == 0 {
		return 0
	}
	return f.Usages[i]
}

// numbered tells whether reports of this kind begin with their ID on the bus.
// As in Linux each kind goes by itself: a descriptor may declare its first
// Report ID after the items of another kind.
func (d *Descriptor) numbered(k Kind) bool {
	for id := range d.bits[k] {
		if id != 0 {
			return true
		}
	}
	return false
}

// check compares a payload with the report that it claims to be.
func (d *Descriptor) check(k Kind, id uint8, payload []byte) error {
	size := d.Size(k, id)
	switch {
	case size == 0:
		return fmt.Errorf("%w: there is no %s report %d", ErrReport, k, id)
	case len(payload) < size:
		return fmt.Errorf("%w: %s report %d has %d bytes, not %d", ErrReport, k, id, len(payload), size)
	}
	for _, b := range payload[size:] {
		if b != 0 {
			return fmt.Errorf("%w: %s report %d has %d bytes, not %d", ErrReport, k, id, len(payload), size)
		}
	}
	return nil
}
