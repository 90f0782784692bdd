package devices

import "time"

// muteState follows one mute control. What makes it more than a key is the
// mute light: devices that answer a change of the light by a mute report would
// send a program that acts on each report round for ever.
//
// A switch (a level) is compared with the state that was last shown or reported;
// the answer to a value that we wrote within echoWindow is silent even when we
// have written another one since.
//
// A key cannot be compared, and a press soon after our write may well be a
// person's, so it is not taken for an echo until the device has shown to echo;
// see suspicion.
type muteState struct {
	form   form
	toggle // of a press form, last is the value of the field

	light bool // what the mute light was last written to

	// Of a switch: where the device has it, as far as we know; its expected
	// answers; and whether an answer was silenced that differs from held, so
	// that the device has to be told again.
	believe bool
	echoes  echoes
	astray  bool
	// answered is when an answer was silenced last.
	answered time.Time

	// doubt catches the answer to a key's light, again the second one of a device
	// that answers twice.
	doubt, again suspicion
}

func newMuteState(f muteField, echoes bool) muteState {
	return muteState{form: f.form, doubt: suspicion{pinned: echoes}}
}

// show is the program's wish.
func (m *muteState) show(mute bool) {
	if m.form != press && m.form != flip {
		m.held = mute
	}
}

// writing is called before the mute light is written.
func (m *muteState) writing(mute bool, now time.Time) {
	switch {
	case m.form != press && m.form != flip && mute != m.believe:
		m.echoes.arm(mute)
	case mute != m.light:
		m.doubt.changing(mute, now)
		if m.form == press || m.form == flip {
			m.again.changing(mute, now)
		}
	}
	m.light, m.believe = mute, mute
}

// wrote is called when a write has returned.
func (m *muteState) wrote(now time.Time) {
	m.echoes.written(now)
	m.doubt.echoes.written(now)
	m.again.echoes.written(now)
}

// report takes the value of the mute field; explained tells that something else
// in the report changed. It gives the event, 0 for none.
func (m *muteState) report(v int32, explained bool, now time.Time) EventKind {
	on := v > 0
	switch m.form {
	case press, flip:
		on = v != 0
		edge := on != m.last && (on || m.form == flip)
		m.last = on
		if !edge || echoed(now, &m.doubt, &m.again) {
			return 0
		}
		return MutePress
	case onOff:
		if v == 0 {
			return 0
		}
		m.believe = on
		if m.echoes.value(on, now) {
			m.astray = on != m.held
			return 0
		}
		if on == m.held {
			return 0
		}
		if m.doubt.echoedValue(on, now) {
			m.astray = true
			return 0
		}
		m.held = on
	default:
		on = v != 0
		m.believe = on
		if m.echoes.value(on, now) {
			m.last, m.astray, m.answered = on, on != m.held, now
			return 0
		}
		if on == m.last && !m.answered.IsZero() && now.Sub(m.answered) < twinWindow {
			return 0 // the same answer once more
		}
		if !m.toggle.report(on, explained) {
			return 0
		}
		if m.doubt.echoedValue(on, now) {
			m.held, m.astray = !on, true
			return 0
		}
	}
	if m.held {
		return MuteOn
	}
	return MuteOff
}

// baseline takes the value found at opening. What is held stays: a phone begins
// unmuted, and says so by the light.
func (m *muteState) baseline(v int32) {
	m.last = v != 0
	if m.form == level {
		m.believe = m.last
	}
}
