package devices

import "time"

// hookState follows the hook switch; see the package comment.
type hookState struct {
	form   form
	cradle bool // the level is a cradle: writes do not move it
	lit    bool // the device has an Off-Hook light that it may answer
	mirror
	light bool // what the Off-Hook light was last written to

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

// report takes the value of the hook field; explained tells that something else
// in the report changed. It gives the event, 0 for none.
func (h *hookState) report(v int32, explained bool, now time.Time) EventKind {
	switch h.form {
	case level:
		if !h.mirror.level(v != 0, explained, now) {
			return 0
		}
	case onOff:
		if !h.relative(v, now) {
			return 0
		}
	default:
		if !h.pressed(v, h.form) || h.twin(now) || h.echoes.any(now) || echoed(now, &h.doubt, &h.again) {
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
