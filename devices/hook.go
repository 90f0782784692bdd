package devices

import "time"

// hookState follows the hook switch; see the package comment.
type hookState struct {
	form   form
	cradle bool // the level is a cradle: writes do not move it
	lit    bool // the device has an Off-Hook light that it may answer
	toggle      // of a press form, last is the value of the field

	// believe is what the device takes its hook to be, as far as we know, and
	// light what its Off-Hook light was last written to. A write that differs
	// may be answered: echoes.
	believe, light bool
	echoes         echoes
	// doubt catches the echo of a write that should not have changed anything,
	// when a press was misjudged and belief has gone wrong.
	doubt suspicion
	// again catches the second answer of a device that answers twice, by presses.
	again suspicion
	// astray is set when an answer was silenced that differs from held: the
	// device has to be told again, in case it was a person's doing.
	astray bool
	// answered is when an answer was silenced last.
	answered time.Time

	// Of the further controls that act on the hook; see other.
	ringing bool
	heard   time.Time // when one that says which way made the last event
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
func (h *hookState) writing(offHook bool, now time.Time) {
	if h.cradle || !h.lit {
		return
	}
	if (h.form == press || h.form == flip) && (h.believe != offHook || h.light != offHook) {
		h.again.changing(offHook, now)
	}
	switch {
	case h.believe != offHook:
		h.echoes.arm(offHook)
	case h.light != offHook:
		h.doubt.changing(offHook, now)
	}
	h.believe, h.light = offHook, offHook
}

// wrote is called when a write has returned.
func (h *hookState) wrote(now time.Time) {
	h.echoes.written(now)
	h.doubt.echoes.written(now)
	h.again.echoes.written(now)
}

// report takes the value of the hook field; explained tells that something else
// in the report changed. It gives the event, 0 for none.
func (h *hookState) report(v int32, explained bool, now time.Time) EventKind {
	on := v > 0
	switch h.form {
	case level:
		on = v != 0
		h.believe = on
		// The acknowledgement of a write, perhaps of one that has been taken
		// back since and is on its way too.
		if !h.cradle && h.echoes.value(on, now) {
			h.last, h.astray, h.answered = on, on != h.held, now
			return 0
		}
		if on == h.last && !h.answered.IsZero() && now.Sub(h.answered) < twinWindow {
			return 0 // the same answer once more
		}
		if !h.toggle.report(on, explained) {
			return 0
		}
		if h.doubt.echoedValue(on, now) {
			h.held, h.astray = !on, true
			return 0
		}
	case onOff:
		if v == 0 {
			return 0
		}
		h.believe = on
		if h.echoes.value(on, now) {
			h.astray = on != h.held
			return 0
		}
		if on == h.held {
			return 0
		}
		if h.doubt.echoedValue(on, now) {
			h.astray = true
			return 0
		}
		h.held = on
	default:
		on = v != 0
		edge := on != h.last && (on || h.form == flip)
		h.last = on
		if !edge || h.twin(now) || h.echoes.any(now) || echoed(now, &h.doubt, &h.again) {
			return 0
		}
		h.believe = !h.believe
		h.held = !h.held
	}
	h.heard = time.Time{}
	if h.form != press && h.form != flip {
		h.heard = now
	}
	return h.event()
}

func (h *hookState) event() EventKind {
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
	if h.form == level {
		h.believe = h.last
	}
	if h.cradle {
		h.held = h.last
	}
}
