package devices

import "time"

// mirror is a state that the device keeps as well as the program and that the
// device reports by its value: a hook switch, a mute switch. It tells a person's
// doing from the device's answer to what we wrote.
type mirror struct {
	toggle // of a key, last is the value of its field

	// believe is what the device takes the state to be, as far as we know. A
	// write that differs may be answered: echoes.
	believe bool
	echoes  echoes
	// doubt catches the echo of a write that should not have changed anything,
	// when a press was misjudged and belief has gone wrong; of a key, the answer
	// to its light. again catches the second answer of a device that answers
	// twice, by presses.
	doubt, again suspicion
	// astray is set when an answer was silenced that differs from held: the
	// device has to be told again, in case it was a person's doing. answered is
	// when an answer was silenced last.
	astray   bool
	answered time.Time
}

// wrote is called when a write has returned.
func (m *mirror) wrote(now time.Time) {
	m.echoes.written(now)
	m.doubt.echoes.written(now)
	m.again.echoes.written(now)
}

// level takes a value that is reported for as long as it stands, and tells
// whether somebody changed it. explained tells that something else in the report
// changed.
func (m *mirror) level(on, explained bool, now time.Time) bool {
	m.believe = on
	// The acknowledgement of a write, perhaps of one that has been taken back
	// since and is on its way too.
	if m.echoes.value(on, now) {
		m.last, m.astray, m.answered = on, on != m.held, now
		return false
	}
	if on == m.last && !m.answered.IsZero() && now.Sub(m.answered) < twinWindow {
		return false // the same answer once more
	}
	if !m.toggle.report(on, explained) {
		return false
	}
	if m.doubt.echoedValue(on, now) {
		m.held, m.astray = !on, true
		return false
	}
	return true
}

// relative takes a value of a relative field, which is reported when it changes: 1
// on, -1 off, 0 nothing (HID 1.11, 6.2.2.5). It tells whether somebody changed it.
func (m *mirror) relative(v int32, now time.Time) bool {
	if v == 0 {
		return false
	}
	on := v > 0
	m.believe = on
	if m.echoes.value(on, now) {
		m.astray = on != m.held
		return false
	}
	if on == m.held {
		return false
	}
	if m.doubt.echoedValue(on, now) {
		m.astray = true
		return false
	}
	m.held = on
	return true
}

// pressed takes the value of a key: a press is its going down, or with flip any
// change.
func (m *mirror) pressed(v int32, f form) bool {
	on := v != 0
	edge := on != m.last && (on || f == flip)
	m.last = on
	return edge
}

// astray tells, once, whether a device has to be told its states again.
func astray(hook *hookState, mutes []muteState) bool {
	yes := hook.astray
	hook.astray = false
	for i := range mutes {
		yes = yes || mutes[i].astray
		mutes[i].astray = false
	}
	return yes
}
