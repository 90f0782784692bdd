package devices

import "time"

// muteState follows one mute control. What makes it more than a key is the
// mute light: devices that answer a change of the light by a mute report would
// send a program that toggles on each report round for ever.
//
// A switch (a level) is compared with the state that was last written or
// reported, and an answer within echoWindow to a value that we wrote is silent
// even when we have written another one since.
//
// A key cannot be compared, and a press soon after our write may well be a
// person's, so it is not taken for an echo at first. The driver learns instead:
//
//	press ─► MutePress ─► light on ─► echo ─► MutePress ─► light off ─► echo ─► MutePress ─► light on ─► echo ─► silent
//	                                   1st                              2nd                              known
//
// Two presses in a row that each came within echoWindow of a change of the light
// make the device known to echo; an even number, so the mute state is back where
// the person wanted it. From then on one press for each change of the light is
// silent. A change of the light that stays unanswered shows that it was a
// person after all, and the driver forgets. A device known by its quirk is
// neither learned nor forgotten.
type muteState struct {
	form   form
	toggle // of a press form, last is the value of the field
	echoes echoes

	lit      bool // what the light was last written to
	suspects int  // presses in a row that may have been echoes
	pinned   bool // known by a quirk
}

// echoSuspects is how many presses in a row pass before they are taken for
// echoes. Even, so that they cancel out.
const echoSuspects = 2

func newMuteState(f muteField, q quirk) muteState {
	m := muteState{form: f.form, pinned: q.echoesMute}
	if m.pinned {
		m.suspects = echoSuspects
	}
	return m
}

// show is the program's wish.
func (m *muteState) show(mute bool) {
	if m.form != press {
		m.held = mute
	}
}

// writing is called before the mute light is written.
func (m *muteState) writing(mute bool, now time.Time) {
	m.forget(now)
	if mute != m.lit {
		m.echoes.arm(mute)
	}
	m.lit = mute
}

// forget drops a suspicion that was not confirmed.
func (m *muteState) forget(now time.Time) {
	if m.echoes.expire(now) && !m.pinned {
		m.suspects = 0
	}
}

// report takes the value of the mute field and gives the event, 0 for none.
func (m *muteState) report(v int32, explained bool, now time.Time) EventKind {
	switch m.form {
	case press:
		pressed := v != 0
		edge := pressed && !m.last
		m.last = pressed
		if !edge {
			return 0
		}
		return m.pressed(now)
	case onOff:
		on := v > 0
		if v == 0 || m.echoes.value(on, now) || on == m.held {
			return 0
		}
		m.held = on
	default:
		on := v != 0
		if on != m.last && m.echoes.value(on, now) {
			m.last = on
			return 0
		}
		if !m.toggle.report(on, explained) {
			return 0
		}
	}
	if m.held {
		return MuteOn
	}
	return MuteOff
}

// pressed judges a press of a mute key.
func (m *muteState) pressed(now time.Time) EventKind {
	m.forget(now)
	if !m.echoes.any(now) {
		return MutePress
	}
	if m.suspects >= echoSuspects {
		return 0
	}
	m.suspects++
	return MutePress
}

// baseline takes the value found at opening. What is held stays: a phone begins
// unmuted, and says so by the light.
func (m *muteState) baseline(v int32) { m.last = v != 0 }
