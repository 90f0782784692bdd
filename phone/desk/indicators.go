package desk

import (
	"strconv"
	"strings"

	"offhook/devices"
)

// Indicators returns what the lights, the ringer and the display of a handset show in this state; for one that is not
// plugged in, the zero value. The hold light means a call held by this handset, or one left by a handset that was
// unplugged, which any other may take.
func Indicators(s State, id HandsetID) devices.Indicators {
	h := s.handset(id)
	if h == nil || !h.plugged {
		return devices.Indicators{}
	}
	why, ringing := s.bell(h)
	audio := Audio(s, id)
	in := devices.Indicators{
		OffHook:        h.attended(),
		Ring:           why != bellNone && !h.mutes(why),
		Mute:           h.Muted && h.Foreground != "",
		MessageWaiting: s.messages,
		Microphone:     audio.Capture && !audio.Muted,
		Missed:         s.missed,
	}
	if c := s.call(h.Foreground); c != nil {
		in.OnLine = c.Phase == Active
	}
	held := s.shownHeld(h)
	in.Hold = held != nil
	switch {
	case why == bellPending:
		in.Line1, in.Line2 = h.Pending, "Lift to call"
		in.Number = dialable(h.Pending)
	case why == bellRecall:
		in.Line1, in.Line2 = ringing.name(), "Lift to resume"
		in.Number = dialable(ringing.Peer)
	case why == bellIncoming:
		in.Line1, in.Line2 = ringing.name(), "Incoming call"
		in.Number = dialable(ringing.Peer)
	default:
		in.Line1, in.Line2 = s.lines(h, held)
		in.Number = s.number(h)
	}
	return in
}

// number is the number in the hand of a handset that does not ring: called or calling, else dialled so far.
func (s *State) number(h *Handset) string {
	if c := s.call(h.Foreground); c != nil && h.Phase == Connected {
		return dialable(c.Peer)
	}
	return h.Digits
}

// Timed gives the call whose length a display is to show, and whether its second line is free for it: nothing that
// matters more is there.
func Timed(s State, id HandsetID) (call CallID, line bool) {
	h := s.handset(id)
	if h == nil || !h.plugged || h.Phase != Connected {
		return "", false
	}
	c := s.call(h.Foreground)
	if c == nil || c.Phase != Active {
		return "", false
	}
	why, _ := s.bell(h)
	return c.ID, why == bellNone && !c.RemoteHeld && s.aside(h, s.shownHeld(h)) == ""
}

// lines is the display of a handset that does not ring.
func (s *State) lines(h *Handset, held *Call) (string, string) {
	second := s.aside(h, held)
	switch h.Phase {
	case Collecting:
		return h.Digits, second
	case DialTone:
		return "Dial", second
	case Holding:
		return "On hold", second
	case HearingTone:
		if h.Note == "" {
			return "Put down", second
		}
		return h.Note, second
	case Connected:
		c := s.call(h.Foreground)
		if c == nil {
			return "", ""
		}
		if second == "" {
			second = c.words()
		}
		if s.joined(h.ID) != nil {
			return s.conferenceWords(h), second
		}
		return c.name(), second
	}
	if h.Digits != "" {
		return h.Digits, "Lift to call"
	}
	if second == "" && s.missed > 0 {
		second = "Missed " + strconv.Itoa(s.missed)
	}
	return s.cfg.IdleText, second
}

// aside is the second line where something beside the call in the hand matters more.
func (s *State) aside(h *Handset, held *Call) string {
	waiting := s.incomingAt(h)
	switch {
	case waiting != nil:
		return "Waiting: " + waiting.name()
	case h.Muted && h.Foreground != "":
		return "Muted"
	case held != nil:
		return "On hold: " + held.name()
	case h.Phase == Idle && s.dnd:
		return "Do not disturb"
	}
	return ""
}

// shownHeld is the call on hold that a handset shows.
func (s *State) shownHeld(h *Handset) *Call {
	if c := s.newestHeld(h.ID); c != nil {
		return c
	}
	for i := range s.handsets {
		if o := &s.handsets[i]; !o.plugged {
			if c := s.newestHeld(o.ID); c != nil && h.takes(c) {
				return c
			}
		}
	}
	return nil
}

func (c *Call) name() string {
	switch {
	case c.PeerName != "":
		return c.PeerName
	case c.Peer != "":
		return dialable(c.Peer)
	}
	return "Unknown"
}

// dialable is an address as a display of few columns can show it: its user, who is a number as a rule.
func dialable(address string) string {
	for _, scheme := range [...]string{"sip:", "sips:"} {
		if rest, ok := strings.CutPrefix(address, scheme); ok {
			if user, _, ok := strings.Cut(rest, "@"); ok && user != "" {
				return user
			}
			return rest
		}
	}
	return address
}

// words says in short how a call in the hand stands.
func (c *Call) words() string {
	switch {
	case c.Phase == Alerting:
		return "Ringing"
	case c.Phase == Answering:
		return "Answering"
	case c.unanswered():
		return "Calling"
	case c.RemoteHeld:
		return "Held by other side"
	}
	return "Connected"
}
