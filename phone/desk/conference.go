package desk

import "strconv"

// MaxJoined is how many calls can be in a conference beside the one in the hand: all that there can be.
const MaxJoined = MaxCalls - 1

// A conference is the call in the hand and others of the same handset that are Joined to it: all hear each other. It
// lasts as long as there are two. The calls keep their lives of their own: each ends or is put on hold for itself, and
// when the one in the hand ends, another takes its place. Holding the one in the hand holds all of them; putting down
// ends all of them.

// joined returns a call joined to the one in the hand of a handset: the first to have come, nil without.
func (s *State) joined(id HandsetID) *Call {
	for i := range s.calls {
		if c := &s.calls[i]; c.Joined && c.Handset == id {
			return c
		}
	}
	return nil
}

// parties counts the calls joined to the one in the hand.
func (s *State) parties(id HandsetID) (n int) {
	for i := range s.calls {
		if c := &s.calls[i]; c.Joined && c.Handset == id {
			n++
		}
	}
	return n
}

// conference joins all calls on hold at a handset to the conversation in its hand; false when there are no such.
func (m *machine) conference(h *Handset) bool {
	fg := m.call(h.Foreground)
	if fg == nil || fg.Phase != Active || !h.Lifted {
		return false
	}
	some := false
	for c := m.oldestHeld(h.ID); c != nil && m.parties(h.ID) < MaxJoined; c = m.oldestHeld(h.ID) {
		c.Held, c.Recall, c.hard, c.recalls = false, false, false, 0
		c.Joined, some = true, true
		if c.Phase == Active {
			m.do(ResumeCall{c.ID})
		}
	}
	return some
}

// promote gives a handset that lost the call in its hand another one of the conference.
func (m *machine) promote(h *Handset) bool {
	c := m.joined(h.ID)
	if c == nil || h.Phase != Connected || h.Foreground != "" {
		return false
	}
	c.Joined = false
	h.Foreground = c.ID
	return true
}

// disperse puts all calls joined to the one in a hand on hold.
func (m *machine) disperse(id HandsetID, hard bool) {
	for c := m.joined(id); c != nil; c = m.joined(id) {
		m.hold(c, hard)
	}
}

// conferenceKey joins, where there is something to join.
func (m *machine) conferenceKey(h *Handset) { m.conference(h) }

func (m *machine) cmdConference() {
	for i := range m.handsets {
		if m.conference(&m.handsets[i]) {
			return
		}
	}
	m.do(Refuse{Event: "conference", Reason: "that takes one conversation and at least one call on hold on the same handset"})
}

// conferenceWords is the first line of the display of a conference.
func (s *State) conferenceWords(h *Handset) string {
	return "Conference of " + strconv.Itoa(s.parties(h.ID)+2)
}
