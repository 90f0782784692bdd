package devices

import (
	"slices"
	"time"

	"offhook/devices/profile"
	"offhook/hid/report"
)

// hookSource is one more control that acts on the hook, beside layout.hook: a talk
// key beside the level of a base, or the green and the red key of a phone without a
// cradle.
type hookSource struct {
	row   int
	usage report.Usage // of an array, else 0
	form  profile.Form
}

// twinWindow is how long after a control that says which way the hook went a talk
// key still tells of the same press. Linux waits as long for the second of two
// volume keys (hid-plantronics.c).
const twinWindow = 220 * time.Millisecond

// kinds are the words of profiles.
var kinds = map[string]Kind{"phone": Phone, "handset": Handset, "headset": Headset, "keyed-handset": KeyedHandset}

// know takes over what a profile says: controls and lights by their usages, in
// vendors' collections as well, and the facts. What it names is not looked for any
// more, if the device has it.
func (l *layout) know(p *profile.Profile) {
	l.taken, l.named, l.dark = map[int]bool{}, map[string]bool{}, map[string]bool{}
	if k := kinds[p.Kind]; k != 0 {
		l.kind = k
	}
	l.known = len(p.Inputs) > 0
	l.muteOffHook, l.firstBaseline = p.Has("mute-needs-off-hook"), p.Has("first-report-is-baseline")
	l.echoesMute = p.Has("echoes-mute")
	ms := func(fact string) time.Duration {
		n, _ := p.Number(fact)
		return time.Duration(n) * time.Millisecond
	}
	l.sameKey, l.oppositeKey = ms("same-key-ms"), ms("opposite-key-ms")
	l.lengths = p.OutputLengths()
	for _, in := range p.Inputs {
		if in.Form == profile.None {
			l.named[in.Control] = true
			continue
		}
		for _, row := range l.rows(report.Input, in.At.Usage) {
			if l.knowInput(row, in) {
				l.named[in.Control] = true
			}
		}
	}
	l.chooseHook()
	for _, out := range p.Outputs {
		if out.None {
			l.dark[out.Light] = true
			continue
		}
		for _, row := range l.rows(report.Output, out.At.Usage) {
			l.knowLight(row, out)
		}
	}
}

// rows are the fields with a usage: those that have it alone, or the first row of
// each array that has it among others.
func (l *layout) rows(kind report.Kind, u report.Usage) []int {
	var rows []int
	for row := range l.d.Fields {
		f := &l.d.Fields[row]
		if f.Kind != kind || !slices.Contains(f.Usages, u) {
			continue
		}
		if f.IsArray() && slices.ContainsFunc(rows, func(o int) bool { return sameElements(&l.d.Fields[o], f) }) {
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// knowInput gives a row its meaning, and tells whether it has one.
func (l *layout) knowInput(row int, in profile.Input) bool {
	f := &l.d.Fields[row]
	u := in.At.Usage
	if l.taken[row] || in.Control == "key" && isPhoneKey(u) {
		return false // the keypad's own usages are found as always
	}
	if !f.IsArray() {
		l.taken[row] = true
		u = 0
	}
	switch in.Control {
	case "state":
		if f.IsArray() {
			return false
		}
	case "hook":
		l.hooks = append(l.hooks, hookSource{row: row, usage: u, form: in.Form})
	case "mute":
		if f.IsArray() {
			l.arrays = append(l.arrays, arrayKey{row: row, usage: u, control: "mute", event: MutePress})
			break
		}
		l.mute = append(l.mute, muteField{row: row, form: formAs(in.Form, f)})
	case "key":
		for i := range len(keyNames) {
			if keyNames[i] == in.Key && !f.IsArray() {
				l.keypad = append(l.keypad, keypadField{row: row, bit: 1 << i})
			}
		}
	default:
		control := in.Control
		if control == "volume-up" || control == "volume-down" {
			control = "volume"
		}
		event := controlEvents[in.Control]
		if f.IsArray() {
			l.arrays = append(l.arrays, arrayKey{row: row, usage: u, control: control, event: event})
			break
		}
		l.keys = append(l.keys, keyField{row: row, control: control, event: event, form: press})
	}
	return true
}

// formAs is the form that a profile names, or else the declared one.
func formAs(as profile.Form, f *report.Field) form {
	switch as {
	case profile.Level:
		return level
	case profile.Press:
		return press
	case profile.Flip:
		return flip
	case profile.OnOff:
		return onOff
	}
	return formOf(f)
}

// chooseHook takes one of the hooks that a profile names as the hook of the
// device, which answers its light: a level before a key.
func (l *layout) chooseHook() {
	best := -1
	for i, s := range l.hooks {
		switch s.form {
		case profile.Lift, profile.PutDown, profile.Falls:
			continue
		}
		f := formAs(s.form, &l.d.Fields[s.row])
		if best < 0 || s.usage == 0 && f == level {
			best = i
			l.hook = &hookField{row: s.row, form: f, usage: s.usage}
			if s.usage != 0 {
				l.hook.form = press
			}
			if f == level {
				break
			}
		}
	}
	if best >= 0 {
		l.hooks = slices.Delete(l.hooks, best, best+1)
	}
}

// knowLight has a row show a state.
func (l *layout) knowLight(row int, out profile.Output) {
	f := &l.d.Fields[row]
	if l.taken[row] || f.IsArray() {
		return
	}
	l.taken[row] = true
	li := lightField{row: row, id: f.ReportID, name: out.Light, on: onValue(f), off: offValue(f), lit: lightNamed[out.Light]}
	if out.At.Valued {
		li.on = int32(out.At.Value)
	}
	if out.Light == "select" {
		li.off = li.on
	}
	l.lights = append(l.lights, li)
}

// lightNamed tells when a light is lit.
var lightNamed = func() map[string]func(Indicators) bool {
	always := func(Indicators) bool { return true }
	m := map[string]func(Indicators) bool{
		"on-hook": func(i Indicators) bool { return !i.OffHook },
		"running": always, "select": always,
	}
	for _, u := range lightUsages {
		m[u.name] = u.on
	}
	return m
}()

// arrange puts the output reports in order: by their IDs, but Off-Hook first where
// nothing else works without.
func (l *layout) arrange() {
	for _, li := range l.lights {
		if !slices.Contains(l.lightIDs, li.id) {
			l.lightIDs = append(l.lightIDs, li.id)
		}
	}
	slices.Sort(l.lightIDs)
	if !l.muteOffHook {
		return
	}
	first := func(id uint8) int {
		if slices.ContainsFunc(l.lights, func(li lightField) bool { return li.id == id && li.name == "off-hook" }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(l.lightIDs, func(a, b uint8) int { return first(a) - first(b) })
}

// fit gives an output report the length that its device insists on.
func (l *layout) fit(rep []byte) []byte { return fit(l.lengths, rep) }

func fit(lengths map[uint8]int, rep []byte) []byte {
	n, ok := lengths[rep[0]]
	for ok && len(rep) < n {
		rep = append(rep, 0)
	}
	if ok {
		rep = rep[:n]
	}
	return rep
}

// controlOf names the control of a usage, "" where it has none.
func controlOf(u report.Usage) string {
	switch u {
	case usageHookSwitch:
		return "hook"
	case usagePhoneMute:
		return "mute"
	case usageVolumeUp:
		return "volume-up"
	case usageVolumeDown:
		return "volume-down"
	}
	return keyEvents[u].control
}

// hasArrayKey tells whether a usage of an array has its meaning already.
func (l *layout) hasArrayKey(row int, u report.Usage) bool {
	f := &l.d.Fields[row]
	return slices.ContainsFunc(l.arrays, func(k arrayKey) bool { return k.usage == u && sameElements(&l.d.Fields[k.row], f) }) ||
		slices.ContainsFunc(l.hooks, func(s hookSource) bool { return s.usage == u && sameElements(&l.d.Fields[s.row], f) })
}

// sameElements tells whether two rows are elements of one array: such rows share
// their usages.
func sameElements(a, b *report.Field) bool {
	return a.ReportID == b.ReportID && len(a.Usages) > 0 && len(b.Usages) > 0 && &a.Usages[0] == &b.Usages[0]
}

// furtherHook takes one more control that acts on the hook. It gives what hook is
// now: OnHook comes after all else that a report says.
func (d *telephony) furtherHook(i int, s hookSource, changes []report.Change, baseline bool, now time.Time,
	hook EventKind, add func(EventKind, byte)) EventKind {
	on := d.hooks[i]
	if s.usage == 0 {
		on = d.decoder.Value(s.row) != 0
	}
	for _, c := range changes {
		if s.usage != 0 && c.Usage == s.usage && d.sameArray(s.row, c.Field) {
			on = c.New != 0
		}
	}
	was := d.hooks[i]
	d.hooks[i] = on
	if baseline || on == was {
		return hook
	}
	switch kind := d.hook.other(s.form, on, now); kind {
	case OnHook:
		return OnHook
	default:
		add(kind, 0)
	}
	return hook
}

// other takes a change of a control that acts on the hook beside the switch.
func (h *hookState) other(form profile.Form, on bool, now time.Time) EventKind {
	var wants bool
	switch form {
	case profile.Lift:
		if on && h.held {
			return SendPress
		}
		wants = h.held || on
	case profile.PutDown:
		switch {
		case on && !h.held && h.ringing:
			return Reject
		case on && !h.held:
			return DropPress
		}
		wants = h.held && !on
	case profile.Falls:
		wants = h.held && on
	case profile.Level:
		wants = on
	default:
		if !on && form != profile.Flip || h.twin(now) {
			return 0
		}
		h.held = !h.held
		h.believe = h.held
		return h.event()
	}
	if wants == h.held {
		return 0
	}
	h.held, h.believe, h.heard = wants, wants, now
	return h.event()
}

// twin tells whether a press only repeats what another control has just said.
func (h *hookState) twin(now time.Time) bool {
	return !h.heard.IsZero() && now.Sub(h.heard) < twinWindow
}

// doubled tells whether a volume key is one that the firmware makes up.
func (d *telephony) doubled(kind EventKind, now time.Time) bool {
	if kind != VolumeUp && kind != VolumeDown {
		return false
	}
	window := d.layout.sameKey
	if d.volume != kind {
		window = d.layout.oppositeKey
	}
	if window > 0 && d.volume != 0 && now.Sub(d.volumeAt) <= window {
		return true
	}
	d.volume, d.volumeAt = kind, now
	return false
}

// finish gives what is written last: that no program runs any more.
func (d *telephony) finish() []message {
	var list []message
	for _, li := range d.layout.lights {
		if li.name == "running" {
			_ = d.enc.Set(li.row, li.off)
			list = append(list, message{report: d.layout.fit(d.enc.Report(li.id))})
		}
	}
	return list
}
