package devices

import "time"

// echoWindow is how long after one of our writes a device may answer it.
const echoWindow = 500 * time.Millisecond

// maxEchoes bounds the answers that are waited for at once.
const maxEchoes = 8

// echoes are answers of the device that we expect, oldest first. Each is for one
// value, is used once, and ends echoWindow after its write returned; a write that
// stalls keeps it waiting.
type echoes []echo

type echo struct {
	on    bool
	until time.Time // zero while the write is under way
}

// arm expects an answer to a write that begins now.
func (e *echoes) arm(on bool) {
	if len(*e) == maxEchoes {
		*e = (*e)[1:]
	}
	*e = append(*e, echo{on: on})
}

// written starts the window of the writes that have returned.
func (e echoes) written(now time.Time) {
	for i := range e {
		if e[i].until.IsZero() {
			e[i].until = now.Add(echoWindow)
		}
	}
}

// expire drops what has not come in time, and says whether anything was
// dropped.
func (e *echoes) expire(now time.Time) bool {
	n := 0
	for n < len(*e) && !(*e)[n].until.IsZero() && now.After((*e)[n].until) {
		n++
	}
	*e = (*e)[n:]
	return n > 0
}

// any uses up the oldest expected answer.
func (e *echoes) any(now time.Time) bool {
	e.expire(now)
	if len(*e) == 0 {
		return false
	}
	*e = (*e)[1:]
	return true
}

// value uses up the expected answer with this value, and those before it, which
// the device has left out.
func (e *echoes) value(on bool, now time.Time) bool {
	e.expire(now)
	for i := range *e {
		if (*e)[i].on == on {
			*e = (*e)[i+1:]
			return true
		}
	}
	return false
}

// toggle is a state that device and program both may change and that is
// reported as a level: held is what both should agree on, last what the device
// reported.
type toggle struct{ held, last bool }

// report takes the level of a report and tells whether somebody changed it. A
// level that differs from the held one is a change, unless the device only
// repeats it because something else in the same report changed: a headset that
// has not followed our write yet, or never does, must not hang up when its
// mute key is pressed.
func (t *toggle) report(on, otherwiseExplained bool) bool {
	repeated := on == t.last
	t.last = on
	if on == t.held || repeated && otherwiseExplained {
		return false
	}
	t.held = on
	return true
}

// hookState follows the hook switch; see the package comment.
type hookState struct {
	form    form
	cradle  bool // the level is a cradle: writes do not move it
	lit     bool // the device has an Off-Hook light that it may answer
	toggle       // of a press form, last is the value of the field
	believe bool // of a press form: what the device takes its hook to be
	echoes  echoes
}

func newHookState(l *layout) hookState {
	if l.hook == nil {
		return hookState{form: press}
	}
	return hookState{
		form: l.hook.form, cradle: l.hook.form == level && l.kind.Cradled(), lit: l.hasLight("off-hook"),
	}
}

// show is the program's wish; held follows at once.
func (h *hookState) show(offHook bool) {
	if !h.cradle {
		h.held = offHook
	}
}

// writing is called before the Off-Hook light is written.
func (h *hookState) writing(offHook bool) {
	if h.form == level || !h.lit {
		return
	}
	if h.believe != offHook {
		h.echoes.arm(offHook)
	}
	h.believe = offHook
}

// report takes the value of the hook field; explained tells that something else
// in the report changed. It gives the event, 0 for none.
func (h *hookState) report(v int32, explained bool, now time.Time) EventKind {
	switch h.form {
	case level:
		if !h.toggle.report(v != 0, explained) {
			return 0
		}
	case onOff:
		on := v > 0
		if v == 0 || h.echoes.value(on, now) {
			return 0
		}
		h.believe = on
		if on == h.held {
			return 0
		}
		h.held = on
	default:
		pressed := v != 0
		edge := pressed && !h.last
		h.last = pressed
		if !edge || h.echoes.any(now) {
			return 0
		}
		h.believe = !h.believe
		h.held = !h.held
	}
	if h.held {
		return OffHook
	}
	return OnHook
}

// baseline takes the value found at opening.
func (h *hookState) baseline(v int32) {
	if h.form == onOff {
		return
	}
	h.last = v != 0
	if h.cradle {
		h.held = h.last
	}
}
