package desk

// hold puts a call on hold. hard: by key or command, to be left there. A call whose media is not agreed yet is held as
// soon as it is (see answered).
func (m *machine) hold(c *Call, hard bool) {
	if c.Joined {
		c.Joined = false
	} else {
		m.disperse(c.Handset, hard)
	}
	m.seq++
	c.Held, c.hard, c.heldAt = true, hard, m.seq
	if c.Phase == Active {
		m.do(HoldCall{c.ID})
	}
	if h := m.handset(c.Handset); h != nil && h.Foreground == c.ID {
		h.Foreground = ""
	}
}

// take brings a call on hold, of this handset or another, into a lifted hand that has no call.
func (m *machine) take(h *Handset, c *Call) {
	m.foreground(h, c)
	c.Held, c.Recall, c.hard, c.recalls = false, false, false, 0
	if c.Phase == Active {
		m.do(ResumeCall{c.ID})
	}
}

// resumeRefused puts a call that could not be resumed back on hold, to be tried again: it must not look like a
// conversation that nobody hears.
func (m *machine) resumeRefused(id CallID) {
	c := m.call(id)
	if c == nil || c.Phase != Active || c.Held {
		return
	}
	m.seq++
	c.Held, c.hard, c.heldAt, c.Joined = true, true, m.seq, false
	if h := m.handset(c.Handset); h != nil && h.Foreground == c.ID {
		h.Foreground = ""
		if !m.promote(h) {
			m.enter(h, Holding)
		}
	}
}

// flash, the key of many meanings. In a conversation: the waiting call is answered, or the next one on hold is taken,
// or a second call can be dialled; the conversation goes on hold. A call that nobody has answered can't be held: with
// something to go back or over to, it ends. Without a call in the hand: the waiting call, the call on hold, a call on
// hold at a handset nobody attends, or a new dial tone.
func (m *machine) flash(h *Handset) {
	if !h.Lifted {
		return
	}
	fg, waiting := m.call(h.Foreground), m.incomingAt(h)
	if fg == nil {
		switch back, orphan := m.newestHeld(h.ID), m.orphan(h); {
		case waiting != nil:
			m.answer(h, waiting)
		case back != nil:
			m.take(h, back)
		case orphan != nil:
			m.take(h, orphan)
		default:
			m.dialTone(h)
		}
		return
	}
	other := m.oldestHeld(h.ID)
	switch {
	case fg.Phase == Answering:
		return
	case fg.unanswered():
		if waiting == nil && other == nil {
			return
		}
		m.end(fg)
		other = m.newestHeld(h.ID)
	default:
		m.hold(fg, false)
	}
	switch {
	case waiting != nil:
		m.answer(h, waiting)
	case other != nil:
		m.take(h, other)
	default:
		m.consult(h, fg)
	}
}

// consult gives dial tone for a second call, about the one just held.
func (m *machine) consult(h *Handset, c *Call) {
	m.dialTone(h)
	h.consulting = c.ID
}

// holdKey holds for good, or comes back. A headset comes back without its hook button.
func (m *machine) holdKey(h *Handset) {
	fg, back := m.call(h.Foreground), m.newestHeld(h.ID)
	switch {
	case fg != nil:
		if fg.Phase == Active {
			m.hold(fg, true)
			m.enter(h, Holding)
		}
	case back != nil && (h.Lifted || !h.Cradled):
		m.raise(h)
		m.take(h, back)
	}
}

// raise takes a handset off-hook: a headset from here, a cradled one was lifted by hand. Its calls stop ringing back;
// those that are not taken now are on hold while the user does something else.
func (m *machine) raise(h *Handset) {
	if h.Lifted {
		return
	}
	h.Lifted = true
	for i := range m.calls {
		if m.calls[i].Handset == h.ID {
			m.calls[i].Recall = false
		}
	}
}

// dropKey ends the conversation and keeps the handset.
func (m *machine) dropKey(h *Handset) {
	if fg := m.call(h.Foreground); fg != nil && h.Lifted {
		m.end(fg)
		if !m.promote(h) {
			m.released(h)
		}
	}
}
