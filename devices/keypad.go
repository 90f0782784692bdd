package devices

import (
	"slices"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// keyNames are the keys of usages 0B:B0 to 0B:BF in order.
const keyNames = "0123456789*#ABCD"

// keypadField is a row of the keypad: one bit for one key, or an array element
// that names the key held.
type keypadField struct {
	row   int
	array bool
	bit   uint16 // of a single key: its place in keySet

	// of an array
	min, max int32
	usages   []report.Usage
	known    bool  // by the profile:
	first    int64 // the value of the first usage
}

// keySet is the keys held, bit i for keyNames[i].
type keySet uint16

func (l *layout) isKeypad(f *report.Field) bool {
	return slices.ContainsFunc(f.Usages, isPhoneKey)
}

func isPhoneKey(u report.Usage) bool { return u >= usageKey0 && u <= usageKeyD }

func newKeypadField(row int, f *report.Field, p *profile.Profile) keypadField {
	if !f.IsArray() {
		k := keypadField{row: row}
		for _, u := range f.Usages {
			if isPhoneKey(u) {
				k.bit = 1 << (u - usageKey0)
				break
			}
		}
		return k
	}
	k := keypadField{row: row, array: true, min: f.LogicalMin, max: f.LogicalMax, usages: f.Usages}
	if first, ok := p.Number("keypad-first"); ok {
		k.known, k.first = true, int64(first)
	}
	return k
}

// index gives the place in usages of an array value, -1 for no key.
//
// By the HID specification value minus Logical Minimum is the index, and a value
// out of range is no key. Makers differ in what rest is:
//
//   - 1..n: rest is 0, out of range. Nothing to decide.
//   - 0..n for n keys, one value too many: rest is 0 and keys count from 1, unless
//     the device has shown a rest out of range; then the specification holds.
//   - 0..n-1 for n keys: the specification holds, but most such devices rest at
//     0 as well. Value 0 is key 0 only once the device has shown another rest.
func (k *keypadField) index(v int32, restSeen bool) int {
	if v < k.min || v > k.max {
		return -1
	}
	i := int64(v) - int64(k.min)
	switch {
	case k.known:
		if i = int64(v) - k.first; i < 0 {
			return -1
		}
	case k.min <= 0 && !restSeen:
		if v == 0 {
			return -1
		}
		if k.min == 0 && int64(k.max) == int64(len(k.usages)) {
			i--
		}
	}
	if i >= int64(len(k.usages)) {
		return -1
	}
	return int(i)
}

// keypadState follows the keypad over reports.
type keypadState struct {
	fields   []keypadField
	restSeen []bool // by field: it has had a value out of range
	held     keySet
}

func newKeypadState(l *layout) keypadState {
	return keypadState{fields: l.keypad, restSeen: make([]bool, len(l.keypad))}
}

// update reads the keypad rows and gives the keys that went up and down since.
func (k *keypadState) update(value func(row int) int32) (up, down keySet) {
	var held keySet
	for i := range k.fields {
		f := &k.fields[i]
		v := value(f.row)
		if !f.array {
			if v != 0 {
				held |= keySet(f.bit)
			}
			continue
		}
		if v < f.min || v > f.max {
			// Rows start at 0 before the first report; a 0 below the range
			// shows nothing.
			k.restSeen[i] = k.restSeen[i] || v != 0
			continue
		}
		if n := f.index(v, k.restSeen[i]); n >= 0 && isPhoneKey(f.usages[n]) {
			held |= 1 << (f.usages[n] - usageKey0)
		}
	}
	up, down = k.held&^held, held&^k.held
	k.held = held
	return up, down
}

// each calls f for every key of the set.
func (s keySet) each(f func(key byte)) {
	for i := range len(keyNames) {
		if s>>i&1 == 1 {
			f(keyNames[i])
		}
	}
}
