package desk

// Line is what a handset is connected to. The zero Line is that of a phone with one line: every call rings at every
// handset, and the one lifted first takes it.
type Line struct {
	// Account: only its calls ring here, and calls are placed with it. Empty: all calls, and the default account.
	Account string
	// Seat names the place of one person. Lifting a handset takes over the conversation of another one of the seat. An
	// empty Seat is one too, but there only a handset and a headset belong to one person.
	Seat string
	// Silent: it does not ring. Lifting it answers all the same.
	Silent bool
}

// takes says whether a call may be had at a handset. A call that says no account is for all.
func (h *Handset) takes(c *Call) bool {
	return h.Line.Account == "" || c.Account == "" || h.Line.Account == c.Account
}

// sameSeat says whether two handsets are those of one person.
func sameSeat(a, b *Handset) bool {
	return a.ID != b.ID && a.Line.Account == b.Line.Account && a.Line.Seat == b.Line.Seat &&
		(a.Line.Seat != "" || a.Cradled != b.Cradled)
}

// partner returns another handset of the same seat with a call in the hand, nil without.
func (m *machine) partner(h *Handset) *Handset {
	for i := range m.handsets {
		if o := &m.handsets[i]; o.plugged && o.Lifted && o.Foreground != "" && sameSeat(h, o) {
			return o
		}
	}
	return nil
}

// takeOver brings the call in the hand of one handset of a seat into that of another, with all others that are on
// hold or joined there. What was muted stays so.
func (m *machine) takeOver(h, from *Handset) {
	fg, muted := from.Foreground, from.Muted
	m.vacate(from, h)
	m.enter(h, Connected)
	h.Foreground = fg
	h.Muted = muted || h.muteSwitch
}

// putAside puts a conversation on hold at one handset of a seat, so that another can take a call: one person does not
// talk to two. A call that cannot be held stays where it is.
func (m *machine) putAside(h, from *Handset) {
	fg := m.call(from.Foreground)
	if fg == nil || fg.Phase != Active {
		return
	}
	m.hold(fg, false)
	h.Muted = from.Muted || h.muteSwitch
	m.vacate(from, h)
}

// vacate leaves a handset without calls: they are another's now. A cradled one is silent until it is put down.
func (m *machine) vacate(from, to *Handset) {
	for i := range m.calls {
		if c := &m.calls[i]; c.Handset == from.ID && c.Phase != Ending && c.Phase != Transferring {
			c.Handset = to.ID
		}
	}
	if from.Cradled {
		m.hear(from, ToneNone, "Taken over")
		return
	}
	m.onHook(from)
}

// incomingAt returns the call that has rung or waited longest of those for a handset.
func (s *State) incomingAt(h *Handset) *Call {
	for i := range s.calls {
		if c := &s.calls[i]; c.Phase == Incoming && h.takes(c) {
			return c
		}
	}
	return nil
}
