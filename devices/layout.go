package devices

import (
	"slices"
	"time"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// layout is where the controls and lights of one device are, found in its
// report descriptor. It is not changed after newLayout.
type layout struct {
	d        *report.Descriptor
	kind     Kind
	numbered bool // input reports begin with an ID

	hook     *hookField
	hooks    []hookSource // more of them, by the profile
	mute     []muteField
	keys     []keyField
	arrays   []arrayKey
	keypad   []keypadField
	controls []string

	lights   []lightField
	display  *display
	lightIDs []uint8 // output reports with lights, in the order of writing
	names    []string

	// What a profile says; see known.go.
	taken         map[int]bool    // rows with a meaning
	named         map[string]bool // controls that are not looked for
	dark          map[string]bool // lights that are not to be used
	muteOffHook   bool            // mute only with Off-Hook
	known         bool            // the profile names controls
	firstBaseline bool
	echoesMute    bool
	sameKey       time.Duration // of volume keys
	oppositeKey   time.Duration
	lengths       map[uint8]int // of output reports, ID included
}

// form is how a field encodes what it reports (HID 1.11 section 6.2.2.5).
type form uint8

const (
	level form = iota // the value is the state
	press             // 0 to 1 is a press
	onOff             // +1 turns on, -1 turns off, 0 is nothing
	dial              // each value counts steps
	flip              // each change is a press
)

type hookField struct {
	row  int
	form form // level, press or onOff
	// usage is set when the hook is one of the usages of an array, which
	// reports presses; row is then any row of the array.
	usage report.Usage
}

type muteField struct {
	row  int
	form form
}

// keyField is a key in a field of its own.
type keyField struct {
	row     int
	form    form // press, or dial for a volume wheel
	control string
	event   EventKind
	key     byte
}

// arrayKey is a key among others in an array: the usage turns on.
type arrayKey struct {
	row     int
	usage   report.Usage
	control string
	event   EventKind
	key     byte
}

type lightField struct {
	row     int
	id      uint8
	name    string
	on, off int32
	lit     func(Indicators) bool
}

// newLayout maps fields to controls. p adds what descriptors do not say.
func newLayout(d *report.Descriptor, p *profile.Profile) *layout {
	l := &layout{d: d}
	l.numbered = slices.ContainsFunc(d.IDs(report.Input), func(id uint8) bool { return id != 0 })
	l.kind = l.findKind()
	l.know(p)
	if l.hook == nil && len(l.hooks) == 0 && !l.named["hook"] {
		l.findHook(p.Has("momentary-hook"))
	}
	speedDials := byte(0)
	for row := range d.Fields {
		f := &d.Fields[row]
		if f.Kind != report.Input || l.taken[row] || l.vendor(f) {
			continue
		}
		switch {
		case l.isKeypad(f):
			if !l.named["key"] {
				l.keypad = append(l.keypad, newKeypadField(row, f, p))
			}
		case l.isReject(f):
			if l.named["reject"] {
				continue
			}
			l.keys = append(l.keys, keyField{row: row, control: "reject", event: Reject, form: press})
		case f.IsArray():
			l.findInArray(row, f)
		default:
			l.findKey(row, f, &speedDials)
		}
	}
	l.findLights()
	l.arrange()
	l.display = findDisplay(l)
	l.listNames()
	return l
}

// telephony tells whether there is anything to use: a telephony control.
// Volume keys and lights alone make no phone, unless the device is known for one.
func (l *layout) telephony() bool {
	if l.known {
		return len(l.controls) > 0
	}
	return slices.ContainsFunc(l.controls, func(c string) bool { return c != "volume" })
}

// vendor tells whether a field is in a vendor's collection or has no usage but a
// vendor's. Vendors repeat the telephony controls there; heard twice, a mute
// key would do nothing.
func (l *layout) vendor(f *report.Field) bool {
	for c := range l.d.Ancestors(f.Collection) {
		if c.Usage.Page() >= report.PageVendor {
			return true
		}
	}
	return !slices.ContainsFunc(f.Usages, func(u report.Usage) bool { return u.Page() < report.PageVendor })
}

// collectionKind is the kind that the nearest telephony collection around a
// field names, 0 when there is none.
func (l *layout) collectionKind(f *report.Field) Kind {
	for c := range l.d.Ancestors(f.Collection) {
		switch c.Usage {
		case usagePhone:
			return Phone
		case usageHandset:
			return Handset
		case usageHeadset:
			return Headset
		}
	}
	return 0
}

// inTelephony tells whether a field is inside a collection of the telephony
// page.
func (l *layout) inTelephony(f *report.Field) bool {
	for c := range l.d.Ancestors(f.Collection) {
		if c.Usage.Page() == report.PageTelephony {
			return true
		}
	}
	return false
}

// findKind chooses the collection that the device is named after: the one with
// the hook, a phone rather than a handset rather than a headset; without a hook,
// the one with any telephony control. Controls outside of all such
// collections belong to a headset.
func (l *layout) findKind() Kind {
	best := func(counts func(u report.Usage) bool) Kind {
		kind := Kind(0)
		for i := range l.d.Fields {
			f := &l.d.Fields[i]
			if f.Kind != report.Input || l.vendor(f) || !slices.ContainsFunc(f.Usages, counts) {
				continue
			}
			k := l.collectionKind(f)
			if k == 0 {
				k = Headset
			}
			if kind == 0 || k < kind {
				kind = k
			}
		}
		return kind
	}
	if k := best(func(u report.Usage) bool { return u == usageHookSwitch }); k != 0 {
		return k
	}
	if k := best(func(u report.Usage) bool { return u.Page() == report.PageTelephony }); k != 0 {
		return k
	}
	return Headset
}

// findHook takes the first hook of the device's kind, one with a field of its
// own before one in an array. A second hook, of a headset socket on a desk phone,
// is not used: one device has one hook state.
func (l *layout) findHook(momentary bool) {
	for _, arrays := range []bool{false, true} {
		for row := range l.d.Fields {
			f := &l.d.Fields[row]
			if f.Kind != report.Input || f.IsArray() != arrays || l.vendor(f) || !slices.Contains(f.Usages, usageHookSwitch) {
				continue
			}
			if k := l.collectionKind(f); k != l.kind && !(k == 0 && l.kind == Headset) {
				continue
			}
			l.hook = &hookField{row: row, form: formOf(f)}
			switch {
			case arrays:
				l.hook.form, l.hook.usage = press, usageHookSwitch
			case l.hook.form == level && momentary:
				l.hook.form = press
			}
			return
		}
	}
}

// formOf reads the form of an on/off control from its flags. Flags of real
// devices are careless about Preferred State and Constant, so only Relative
// and the range decide.
func formOf(f *report.Field) form {
	switch {
	case f.Flags&report.Relative == 0:
		return level
	case f.LogicalMin < 0:
		return onOff
	}
	return press
}

// isReject tells whether a field is the key that declines a call. It is one
// control in three spellings (0B:07, 09:07 and 09:01), which depend on how maker
// and parser join page and usage, and EPOS declares it as an array of one bit.
// Several different buttons in one telephony collection are function keys.
func (l *layout) isReject(f *report.Field) bool {
	if !l.inTelephony(f) || f.IsArray() && f.Size != 1 {
		return false
	}
	found := false
	for _, u := range f.Usages {
		switch {
		case u == usageProgButton || u == usageButton1 || u == usageButton7:
			found = true
		case u.Page() == report.PageButton || u.Page() == report.PageTelephony:
			return false
		}
	}
	if !found {
		return false
	}
	for i := range l.d.Fields {
		o := &l.d.Fields[i]
		if o.Kind != report.Input || o.Collection != f.Collection {
			continue
		}
		if slices.ContainsFunc(o.Usages, func(u report.Usage) bool {
			return u.Page() == report.PageButton && u != usageButton1 && u != usageButton7
		}) {
			return false
		}
	}
	return true
}

func (l *layout) findKey(row int, f *report.Field, speedDials *byte) {
	u := f.Usage()
	if l.named[controlOf(u)] {
		return
	}
	switch {
	case u == usagePhoneMute:
		l.mute = append(l.mute, muteField{row: row, form: formOf(f)})
	case u == usageVolumeUp:
		l.keys = append(l.keys, keyField{row: row, control: "volume", event: VolumeUp, form: press})
	case u == usageVolumeDown:
		l.keys = append(l.keys, keyField{row: row, control: "volume", event: VolumeDown, form: press})
	case u == usageVolume && f.Flags&report.Relative != 0 && f.LogicalMin < 0:
		l.keys = append(l.keys, keyField{row: row, control: "volume", form: dial})
	default:
		k, ok := keyEvents[u]
		if !ok {
			return
		}
		key := keyField{row: row, control: k.control, event: k.event, form: press}
		if u == usageSpeedDial && *speedDials < 255 {
			*speedDials++
			key.key = *speedDials
		}
		l.keys = append(l.keys, key)
	}
}

// findInArray lists the telephony keys of an array once, at its first row.
func (l *layout) findInArray(row int, f *report.Field) {
	for _, u := range f.Usages {
		key := arrayKey{row: row, usage: u}
		switch {
		case l.named[controlOf(u)] || l.hasArrayKey(row, u):
			continue
		case u == usagePhoneMute:
			key.control, key.event = "mute", MutePress
		case u == usageVolumeUp:
			key.control, key.event = "volume", VolumeUp
		case u == usageVolumeDown:
			key.control, key.event = "volume", VolumeDown
		default:
			k, ok := keyEvents[u]
			if !ok {
				continue
			}
			key.control, key.event = k.control, k.event
			if u == usageSpeedDial {
				key.key = 1
			}
		}
		l.arrays = append(l.arrays, key)
	}
}

// findLights collects the output bits that show a state. They count in
// telephony collections, and in the top-level collections where telephony
// controls were found; the mute LED of a keyboard is not ours.
func (l *layout) findLights() {
	ours := map[int]bool{}
	for i := range l.d.Fields {
		f := &l.d.Fields[i]
		if f.Kind == report.Input && !l.vendor(f) && slices.ContainsFunc(f.Usages, func(u report.Usage) bool {
			return u == usageHookSwitch || u == usagePhoneMute || keyEvents[u].control != ""
		}) {
			ours[l.top(f.Collection)] = true
		}
	}
	for row := range l.d.Fields {
		f := &l.d.Fields[row]
		if f.Kind != report.Output || l.taken[row] || f.IsArray() || l.vendor(f) || !l.inTelephony(f) && !ours[l.top(f.Collection)] {
			continue
		}
		u, ok := lightUsages[f.Usage()]
		if !ok || l.dark[u.name] {
			continue
		}
		l.lights = append(l.lights, lightField{
			row: row, id: f.ReportID, name: u.name, lit: u.on,
			on: onValue(f), off: offValue(f),
		})
	}
}

// top is the index of the top-level collection around a collection.
func (l *layout) top(collection int) int {
	for collection >= 0 && collection < len(l.d.Collections) {
		parent := l.d.Collections[collection].Parent
		if parent < 0 || parent >= collection {
			break
		}
		collection = parent
	}
	return collection
}

// onValue is 1, save where the range says that a set bit is something else: one
// bit with a signed maximum of FF is 0 or -1.
func onValue(f *report.Field) int32 {
	switch {
	case f.LogicalMin <= 1 && 1 <= f.LogicalMax:
		return 1
	case f.LogicalMax != 0:
		return f.LogicalMax
	}
	return f.LogicalMin
}

func offValue(f *report.Field) int32 {
	if f.LogicalMin <= 0 && 0 <= f.LogicalMax {
		return 0
	}
	return f.LogicalMin
}

// listNames fills the lists of control and light names.
func (l *layout) listNames() {
	has := map[string]bool{"hook": l.hook != nil || len(l.hooks) > 0, "mute": len(l.mute) > 0, "keypad": len(l.keypad) > 0}
	for _, k := range l.keys {
		has[k.control] = true
	}
	for _, k := range l.arrays {
		has[k.control] = true
	}
	l.controls = pick(controlOrder, has)
	clear(has)
	has["display"] = l.display != nil
	for _, li := range l.lights {
		has[li.name] = true
	}
	l.names = pick(lightOrder, has)
}

func pick(order []string, has map[string]bool) []string {
	names := []string{}
	for _, n := range order {
		if has[n] {
			names = append(names, n)
		}
	}
	return names
}

// hasLight tells whether the device has a light of this name.
func (l *layout) hasLight(name string) bool { return slices.Contains(l.names, name) }
