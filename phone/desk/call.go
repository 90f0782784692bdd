package desk

import "slices"

// progress: news of an outgoing call. A call only goes forward: ringing reported after early media has begun leaves the
// media to be heard.
func (m *machine) progress(id CallID, p Phase) {
	c := m.call(id)
	switch {
	case c == nil:
	case c.unanswered() && c.Phase < p:
		c.Phase = p
	case c.Phase == Active: // the other side handed us to somebody else and left
		c.Ringback = p == Alerting
	}
}

// answered: media is agreed. A call that lost its handset meanwhile is held at once.
func (m *machine) answered(id CallID) {
	c := m.call(id)
	if c != nil && c.Phase == Active {
		c.Ringback = false
	}
	if c == nil || !c.unanswered() && c.Phase != Answering {
		return // unknown, answered before, or ended by us at the same moment
	}
	c.Phase = Active
	if c.Held {
		m.do(HoldCall{c.ID})
	}
}

// end ends or refuses a call, once. Whoever had it in the hand must be given something else.
func (m *machine) end(c *Call) {
	switch c.Phase {
	case Ending:
		return
	case Incoming:
		m.do(RejectCall{c.ID, 486})
	default:
		m.do(EndCall{c.ID})
	}
	c.Phase = Ending
	c.Held, c.Joined, c.Recall, c.RemoteHeld, c.Ringback, c.Consults = false, false, false, false, false, ""
	if h := m.handset(c.Handset); h != nil && h.Foreground == c.ID {
		h.Foreground = ""
	}
}

// ended: a call is over. It removes the call.
func (m *machine) ended(e CallEnded) {
	i := slices.IndexFunc(m.calls, func(c Call) bool { return c.ID == e.Call })
	if i < 0 {
		return
	}
	c := m.calls[i]
	m.calls = slices.Delete(m.calls, i, i+1)
	if (c.Phase == Incoming || c.Phase == Answering) && !e.Elsewhere {
		m.miss(c.ID)
	}
	h := m.handset(c.Handset)
	if h == nil || c.Phase == Ending || c.Phase == Transferring {
		return
	}
	tone, note := farewell(c.Phase, e)
	if h.Foreground == c.ID && h.Lifted {
		h.Foreground = ""
		if m.promote(h) {
			return
		}
		h.Foreground = c.ID
	}
	switch {
	case h.Foreground == c.ID && h.flashing:
		m.putDown(h, true)
	case h.Foreground == c.ID:
		m.hear(h, tone, note)
		h.consulting = c.Consults // a second attempt is still about the same call
	case h.Phase == Holding && m.newestHeld(h.ID) == nil:
		m.hear(h, tone, note)
	}
}

// farewell chooses what is heard and read when a call ends on a lifted handset.
func farewell(p Phase, e CallEnded) (Tone, string) {
	tone, note := ToneReorder, "Call failed"
	switch {
	case e.Code == 486 || e.Code == 600 || e.Code == 603:
		tone, note = ToneBusy, "Busy"
	case e.Remote && (p == Active || p == Answering), e.Remote && e.Code < 300:
		tone, note = ToneBusy, "Call ended"
	}
	if e.Reason != "" {
		note = e.Reason
	}
	return tone, note
}
