package devices

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"offhook/devices/profile"
)

// taught drives a device by a profile that says where in its reports the controls
// are, as "offhook devices learn" writes it. The descriptor is not looked at: most
// such devices have none that would help.
type taught struct {
	p        *profile.Profile
	numbered bool
	kind     Kind
	controls []string
	lights   []string
	hookRow  int // of p.Inputs: the hook that answers its light; -1 none

	hook hookState
	mute []muteState // by p.Inputs, for those that are mutes
	on   []bool      // by p.Inputs: the control is in its place
	seen map[uint8][]byte
}

// taughtLongest bounds input reports in bytes; what lies beyond is not looked at.
const taughtLongest = 4096

func newTaught(p *profile.Profile) *taught {
	d := &taught{p: p, hookRow: -1, mute: make([]muteState, len(p.Inputs)), on: make([]bool, len(p.Inputs)), seen: map[uint8][]byte{}}
	has := map[string]bool{}
	cradle := false
	for i, in := range p.Inputs {
		if !in.At.Raw {
			continue
		}
		d.numbered = d.numbered || in.At.Report != 0
		name := in.Control
		switch name {
		case "hook":
			cradle = cradle || in.Form == profile.Level || in.Form == profile.Declared
			if d.hookRow < 0 && in.Form <= profile.Flip {
				d.hookRow = i
			}
		case "mute":
			d.mute[i] = newMuteState(muteField{form: rawForm(in.Form)}, p.Has("echoes-mute"))
		case "key":
			name = "keypad"
		case "volume-up", "volume-down":
			name = "volume"
		}
		has[name] = true
	}
	d.controls = pick(controlOrder, has)
	clear(has)
	for _, out := range p.Outputs {
		has[out.Light] = out.At.Raw
	}
	d.lights = pick(lightOrder, has)
	d.kind = kinds[p.Kind]
	if d.kind == 0 {
		d.kind = Headset
		switch {
		case cradle:
			d.kind = Handset
		case slices.Contains(d.controls, "keypad"):
			d.kind = KeyedHandset
		}
	}
	d.hook = hookState{form: press, lit: slices.Contains(d.lights, "off-hook")}
	if d.hookRow >= 0 {
		d.hook.form = rawForm(p.Inputs[d.hookRow].Form)
		d.hook.cradle = d.hook.form == level && d.kind.Cradled()
	}
	return d
}

// rawForm is a form without a descriptor: a state, unless the profile says else.
func rawForm(f profile.Form) form {
	switch f {
	case profile.Press:
		return press
	case profile.Flip:
		return flip
	}
	return level
}

func (d *taught) about() about {
	return about{driver: "profile", name: d.p.Name, kind: d.kind, controls: d.controls, lights: d.lights}
}

func (d *taught) longest() int { return taughtLongest }

func (d *taught) questions() []question {
	if d.hookRow < 0 || d.hook.form != level {
		return nil
	}
	return []question{{id: d.p.Inputs[d.hookRow].At.Report, size: 64}}
}

func (d *taught) answer(q question, raw []byte, now time.Time) error {
	if d.seen[q.id] == nil {
		if id, _ := d.split(raw); id != q.id {
			return fmt.Errorf("asked for input report %d, got %d", q.id, id)
		}
		_, err := d.take(raw, now, true)
		return err
	}
	return nil
}

func (d *taught) opened() (bool, error) { return d.hook.cradle && d.hook.held, nil }

// split divides a report into its ID and what follows.
func (d *taught) split(raw []byte) (uint8, []byte) {
	if d.numbered && len(raw) > 0 {
		return raw[0], raw[1:]
	}
	return 0, raw
}

func (d *taught) take(raw []byte, now time.Time, opening bool) ([]Event, error) {
	if len(raw) == 0 {
		return nil, fmt.Errorf("an empty report")
	}
	id, payload := d.split(raw)
	baseline := (opening || d.p.Has("first-report-is-baseline")) && d.seen[id] == nil
	explained := !bytes.Equal(d.seen[id], raw)
	d.seen[id] = append([]byte{}, raw...)
	var events []Event
	add := func(kind EventKind, key byte) {
		if kind != 0 && !baseline {
			events = append(events, Event{Kind: kind, Key: key})
		}
	}
	var down EventKind // comes last
	// A key goes up before the next goes down.
	for _, wanted := range []bool{false, true} {
		for i, in := range d.p.Inputs {
			if !in.At.Raw || in.At.Report != id {
				continue
			}
			on, ok := inPlace(payload, in.At)
			if !ok || on != wanted {
				continue
			}
			was := d.on[i]
			d.on[i] = on
			switch {
			case in.Control == "hook" && i == d.hookRow && baseline:
				d.hook.baseline(b32(on))
			case in.Control == "hook" && i == d.hookRow:
				if k := d.hook.report(b32(on), explained, now); k == OnHook {
					down = k
				} else {
					add(k, 0)
				}
			case in.Control == "hook" && on != was && !baseline:
				if k := d.hook.other(in.Form, on, now); k == OnHook {
					down = k
				} else {
					add(k, 0)
				}
			case in.Control == "mute" && baseline:
				d.mute[i].baseline(b32(on))
			case in.Control == "mute":
				add(d.mute[i].report(b32(on), explained, now), 0)
			case on == was:
			case in.Control == "key" && on:
				add(KeyDown, in.Key)
			case in.Control == "key":
				add(KeyUp, in.Key)
			case on:
				add(controlEvents[in.Control], 0)
			}
		}
	}
	add(down, 0)
	return events, nil
}

func b32(on bool) int32 {
	if on {
		return 1
	}
	return 0
}

// inPlace tells whether the bits of a control say that it is used; ok is false for
// a report that is too short to have them.
func inPlace(payload []byte, at profile.Where) (on, ok bool) {
	if (at.Bit+at.Size+7)/8 > len(payload) {
		return false, false
	}
	var v uint32
	for i := range at.Size {
		b := at.Bit + i
		v |= uint32(payload[b/8]>>(b%8)&1) << i
	}
	if at.Valued {
		return v == at.Value, true
	}
	return v != 0, true
}

func (d *taught) show(i Indicators, _ time.Time) {
	d.hook.show(i.OffHook)
	d.hook.ringing = i.Ring
	for n := range d.mute {
		d.mute[n].show(i.Mute)
	}
}

func (d *taught) shown(i Indicators) bool { return d.hook.cradle || d.hook.held == i.OffHook }

func (d *taught) astray() bool { return astray(&d.hook, d.mute) }

func (d *taught) render(want Indicators) []message {
	reports := map[uint8][]byte{}
	var ids []uint8
	for _, out := range d.p.Outputs {
		lit := lightNamed[out.Light]
		if !out.At.Raw || lit == nil {
			continue
		}
		id := out.At.Report
		if reports[id] == nil {
			ids = append(ids, id)
			reports[id] = []byte{id}
		}
		rep := reports[id]
		for len(rep) < 1+(out.At.Bit+out.At.Size+7)/8 {
			rep = append(rep, 0)
		}
		if lit(want) {
			for i := range out.At.Size {
				b := out.At.Bit + i
				rep[1+b/8] |= byte(out.At.Value>>i&1) << (b % 8)
			}
		}
		reports[id] = rep
	}
	var list []message
	for _, id := range ids {
		list = append(list, message{report: fit(d.p.OutputLengths(), reports[id])})
	}
	return list
}

func (d *taught) writing(m message, want Indicators, now time.Time) {
	for _, out := range d.p.Outputs {
		if !out.At.Raw || out.At.Report != m.report[0] {
			continue
		}
		switch out.Light {
		case "off-hook":
			d.hook.writing(want.OffHook, now)
		case "mute":
			for i := range d.mute {
				d.mute[i].writing(want.Mute, now)
			}
		}
	}
}

func (d *taught) wrote(now time.Time) {
	d.hook.wrote(now)
	for i := range d.mute {
		d.mute[i].wrote(now)
	}
}
