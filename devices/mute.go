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
	form form
	mirror
	light bool // what the mute light was last written to
}

func newMuteState(f muteField, echoes bool) muteState {
	return muteState{form: f.form, mirror: mirror{doubt: suspicion{pinned: echoes}}}
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

// report takes the value of the mute field; explained tells that something else
// in the report changed. It gives the event, 0 for none.
func (m *muteState) report(v int32, explained bool, now time.Time) EventKind {
	switch m.form {
	case press, flip:
		if !m.pressed(v, m.form) || echoed(now, &m.doubt, &m.again) {
			return 0
		}
		return MutePress
	case onOff:
		if !m.relative(v, now) {
			return 0
		}
	default:
		if !m.level(v != 0, explained, now) {
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
