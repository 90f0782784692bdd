package devices

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"offhook/hid/report"
)

// telephony drives every device whose report descriptor uses the telephony
// usages. See driver for who calls what.
type telephony struct {
	layout   *layout
	decoder  *report.Decoder
	seen     map[uint8]bool
	raw      map[uint8][]byte // last report of each ID
	hook     hookState
	hookWas  int32
	hooks    []bool // last value, by layout.hooks
	mute     []muteState
	keys     []int32 // last value, by layout.keys
	keypad   keypadState
	volume   EventKind // the last volume key, and when
	volumeAt time.Time

	// The writer's own:
	enc   *report.Encoder
	clear bool // the display has not been cleared yet
	teams *teams
}

func newTelephony(l *layout) *telephony {
	d := &telephony{
		layout: l, decoder: report.NewDecoder(l.d), seen: map[uint8]bool{}, raw: map[uint8][]byte{},
		hook: newHookState(l), keys: make([]int32, len(l.keys)), hooks: make([]bool, len(l.hooks)), keypad: newKeypadState(l),
		enc: report.NewEncoder(l.d), clear: l.display != nil, teams: findTeams(l.d),
	}
	for _, f := range l.mute {
		d.mute = append(d.mute, newMuteState(f, l.echoesMute))
	}
	return d
}

func (d *telephony) about() about {
	lights := d.layout.names
	if d.teams != nil && d.layout.display == nil {
		lights = append(slices.Clone(lights), "display")
	}
	return about{driver: "hid-telephony", kind: d.layout.kind, controls: d.layout.controls, lights: lights}
}

func (d *telephony) longest() int {
	longest := 0
	for _, id := range d.layout.d.IDs(report.Input) {
		longest = max(longest, d.layout.d.Size(report.Input, id))
	}
	return 1 + longest
}

func (d *telephony) opened() (bool, error) { return d.hook.cradle && d.hook.held, nil }

func (d *telephony) questions() []question {
	var list []question
	for _, id := range d.layout.stateIDs() {
		list = append(list, question{id: id, size: 1 + d.layout.d.Size(report.Input, id)})
	}
	return list
}

// stateIDs lists the input reports that hold a level, at most a few.
func (l *layout) stateIDs() []uint8 {
	const most = 4
	var ids []uint8
	add := func(row int) {
		id := l.d.Fields[row].ReportID
		if len(ids) < most && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if l.hook != nil {
		add(l.hook.row)
	}
	for _, m := range l.mute {
		if m.form == level {
			add(m.row)
		}
	}
	return ids
}

// answer takes an answer to GET_REPORT, unless the device has sent that report by
// itself meanwhile.
func (d *telephony) answer(q question, raw []byte, now time.Time) error {
	if d.seen[q.id] {
		return nil
	}
	if got := d.reportID(raw); got != q.id {
		return fmt.Errorf("asked for input report %d, got %d", q.id, got)
	}
	changes, err := d.decoder.Decode(raw)
	if err != nil {
		return err
	}
	d.apply(q.id, raw, changes, now, true)
	return nil
}

// reportID is the ID at the front of an input report, 0 where there is none.
func (d *telephony) reportID(raw []byte) uint8 {
	if len(raw) == 0 || !d.layout.numbered {
		return 0
	}
	return raw[0]
}

// take decodes a report. Those that do not fit the descriptor are dropped.
func (d *telephony) take(raw []byte, now time.Time, opening bool) ([]Event, error) {
	changes, err := d.decoder.Decode(raw)
	if err != nil {
		return nil, err
	}
	id := d.reportID(raw)
	return d.apply(id, raw, changes, now, (opening || d.layout.firstBaseline) && !d.seen[id]), nil
}

// apply brings the state up to a decoded report. A baseline makes no events. A
// lift comes before what else the report says, and putting down after it.
func (d *telephony) apply(id uint8, raw []byte, changes []report.Change, now time.Time, baseline bool) []Event {
	// Whether anything but the levels changed: a report is sent for a reason.
	explained := !sameReport(raw, d.raw[id], d.layout.numbered)
	d.seen[id] = true
	d.raw[id] = append(d.raw[id][:0], raw...)

	var hook EventKind
	var events []Event
	add := func(kind EventKind, key byte) {
		if kind != 0 && !baseline && !d.doubled(kind, now) {
			events = append(events, Event{Kind: kind, Key: key})
		}
	}
	if h := d.layout.hook; h != nil && d.layout.d.Fields[h.row].ReportID == id {
		v := d.hookValue(changes)
		if baseline {
			d.hook.baseline(v)
		} else if hook = d.hook.report(v, explained, now); hook == OffHook {
			add(OffHook, 0)
		}
	}
	for i, s := range d.layout.hooks {
		if d.layout.d.Fields[s.row].ReportID == id {
			hook = d.furtherHook(i, s, changes, baseline, now, hook, add)
		}
	}
	for i, f := range d.layout.mute {
		if d.layout.d.Fields[f.row].ReportID != id {
			continue
		}
		v := d.decoder.Value(f.row)
		if baseline {
			d.mute[i].baseline(v)
		} else {
			add(d.mute[i].report(v, explained, now), 0)
		}
	}
	for i, k := range d.layout.keys {
		if d.layout.d.Fields[k.row].ReportID != id {
			continue
		}
		v, was := d.decoder.Value(k.row), d.keys[i]
		d.keys[i] = v
		switch {
		case k.form == dial && v > 0:
			add(VolumeUp, 0)
		case k.form == dial && v < 0:
			add(VolumeDown, 0)
		case k.form == press && v != 0 && was == 0:
			add(k.event, k.key)
		}
	}
	for _, c := range changes {
		if c.New == 0 {
			continue
		}
		if f := &d.layout.d.Fields[c.Field]; !f.IsArray() {
			continue
		}
		for _, k := range d.layout.arrays {
			if k.usage == c.Usage && d.sameArray(k.row, c.Field) {
				add(k.event, k.key)
				break
			}
		}
	}
	up, down := d.keypad.update(d.decoder.Value)
	up.each(func(key byte) { add(KeyUp, key) })
	down.each(func(key byte) { add(KeyDown, key) })
	if hook == OnHook {
		add(OnHook, 0)
	}
	return events
}

func (d *telephony) astray() bool { return astray(&d.hook, d.mute) }

// hookValue is the value of the hook field; of an array, whether the hook is
// among its usages now.
func (d *telephony) hookValue(changes []report.Change) int32 {
	h := d.layout.hook
	if h.usage == 0 {
		return d.decoder.Value(h.row)
	}
	for _, c := range changes {
		if c.Usage == h.usage && d.sameArray(h.row, c.Field) {
			d.hookWas = c.New
		}
	}
	return d.hookWas
}

// sameArray tells whether two rows are elements of one array: such rows share
// their usages.
func (d *telephony) sameArray(a, b int) bool {
	return sameElements(&d.layout.d.Fields[a], &d.layout.d.Fields[b])
}

// sameReport tells whether a report repeats the one before. It is how a level
// that the device only happens to repeat is told from one that it wants to say.
// Before the first report everything was 0.
func sameReport(rep, before []byte, numbered bool) bool {
	if before != nil {
		return bytes.Equal(rep, before)
	}
	if numbered && len(rep) > 0 {
		rep = rep[1:]
	}
	return !slices.ContainsFunc(rep, func(b byte) bool { return b != 0 })
}

func (d *telephony) show(i Indicators, _ time.Time) {
	d.hook.show(i.OffHook)
	d.hook.ringing = i.Ring
	for n := range d.mute {
		d.mute[n].show(i.Mute)
	}
}

func (d *telephony) shown(i Indicators) bool {
	return d.layout.hook == nil && len(d.layout.hooks) == 0 || d.hook.cradle || d.hook.held == i.OffHook
}

func (d *telephony) render(want Indicators) []message {
	var list []message
	reports := d.layout.render(d.enc, want, d.clear)
	if d.teams != nil && d.layout.display == nil {
		reports = d.teams.render(d.enc, [2]string{want.Line1, want.Line2}, reports)
	}
	for _, rep := range reports {
		list = append(list, message{report: rep})
	}
	d.clear = false
	return list
}

// render gives the reports of one transition: those with lights, each once, then
// the display.
func (l *layout) render(enc *report.Encoder, want Indicators, clear bool) [][]byte {
	var reports [][]byte
	for _, li := range l.lights {
		v := li.off
		if li.lit(want) && !(li.name == "mute" && l.muteOffHook && !want.OffHook) {
			v = li.on
		}
		// On and off are chosen to fit; a field that can hold neither has no light.
		_ = enc.Set(li.row, v)
	}
	for _, id := range l.lightIDs {
		reports = append(reports, l.fit(enc.Report(id)))
	}
	if l.display != nil {
		if clear {
			reports = l.display.blank(enc, reports)
		}
		reports = l.display.render(enc, [2]string{want.Line1, want.Line2}, reports)
	}
	return reports
}

// writing prepares for the device's answer to a report.
func (d *telephony) writing(m message, want Indicators, now time.Time) {
	for _, li := range d.layout.lights {
		if li.id != m.report[0] {
			continue
		}
		switch li.name {
		case "off-hook":
			d.hook.writing(want.OffHook, now)
		case "mute":
			for i := range d.mute {
				d.mute[i].writing(want.Mute && (want.OffHook || !d.layout.muteOffHook), now)
			}
		}
	}
}

// wrote starts the time in which the device may answer.
func (d *telephony) wrote(now time.Time) {
	d.hook.wrote(now)
	for i := range d.mute {
		d.mute[i].wrote(now)
	}
}
