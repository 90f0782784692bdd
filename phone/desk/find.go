package desk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func (s *State) call(id CallID) *Call {
	for i := range s.calls {
		if s.calls[i].ID == id && id != "" {
			return &s.calls[i]
		}
	}
	return nil
}

// handset finds a handset, plugged in or remembered.
func (s *State) handset(id HandsetID) *Handset {
	for i := range s.handsets {
		if s.handsets[i].ID == id {
			return &s.handsets[i]
		}
	}
	return nil
}

// attended: somebody has the handset in the hand, or let go of it for a flash.
func (h *Handset) attended() bool { return h.Lifted || h.flashing }

// free: lifted, without a call in the hand.
func (h *Handset) free() bool { return h.Lifted && h.Phase != Connected }

// unanswered: an outgoing call that nobody has taken yet.
func (c *Call) unanswered() bool { return c.Phase <= EarlyMedia }

// heldBy: on hold by this handset.
func (c *Call) heldBy(id HandsetID) bool {
	return c.Held && c.Handset == id && (c.Phase == Active || c.Phase == Answering)
}

// owns says whether a handset has any call that is not ending.
func (s *State) owns(id HandsetID) bool {
	for i := range s.calls {
		if c := &s.calls[i]; c.Handset == id && c.Phase != Ending {
			return true
		}
	}
	return false
}

// incoming returns the call that has rung or waited longest.
func (s *State) incoming() *Call {
	for i := range s.calls {
		if s.calls[i].Phase == Incoming {
			return &s.calls[i]
		}
	}
	return nil
}

// newestHeld and oldestHeld return a call on hold by a handset: the one to come back to, and the next in turn.
func (s *State) newestHeld(id HandsetID) *Call {
	return s.held(id, func(a, b *Call) bool { return a.heldAt > b.heldAt })
}

func (s *State) oldestHeld(id HandsetID) *Call {
	return s.held(id, func(a, b *Call) bool { return a.heldAt < b.heldAt })
}

func (s *State) held(id HandsetID, better func(a, b *Call) bool) *Call {
	var best *Call
	for i := range s.calls {
		if c := &s.calls[i]; c.heldBy(id) && (best == nil || better(c, best)) {
			best = c
		}
	}
	return best
}

// orphan returns the newest call on hold at a handset that nobody attends: any of the same account may take it.
func (s *State) orphan(taker *Handset) *Call {
	var best *Call
	for i := range s.handsets {
		if h := &s.handsets[i]; !h.attended() {
			if c := s.newestHeld(h.ID); c != nil && taker.takes(c) && (best == nil || c.heldAt > best.heldAt) {
				best = c
			}
		}
	}
	return best
}

// allInUse: there are handsets that a call can be had at, and somebody attends each.
func (s *State) allInUse(c *Call) bool {
	n := 0
	for i := range s.handsets {
		if h := &s.handsets[i]; h.plugged && h.takes(c) {
			if !h.attended() {
				return false
			}
			n++
		}
	}
	return n > 0
}

// A bell is why a handset rings.
type bell uint8

const (
	bellNone bell = iota
	bellPending
	bellRecall
	bellIncoming
)

// bell returns why a handset rings, and which call lifting it would give. A commanded dial comes first: its user is
// on the way; then whoever has been put on hold here; then a caller; then calls of handsets that were unplugged.
func (s *State) bell(h *Handset) (bell, *Call) {
	if h == nil || !h.plugged || h.attended() {
		return bellNone, nil
	}
	if h.Phase == CallingBack {
		return bellPending, nil
	}
	var parked *Call
	for i := range s.calls {
		c := &s.calls[i]
		if !c.Recall {
			continue
		}
		if c.Handset == h.ID {
			return bellRecall, c
		}
		if owner := s.handset(c.Handset); parked == nil && h.takes(c) && (owner == nil || !owner.plugged) {
			parked = c
		}
	}
	if c := s.incomingAt(h); c != nil {
		return bellIncoming, c
	}
	if parked != nil {
		return bellRecall, parked
	}
	return bellNone, nil
}

// mutes says whether a handset keeps quiet about a bell. What its own user is waiting for is heard.
func (h *Handset) mutes(b bell) bool { return h.Line.Silent && b == bellIncoming }

// clean makes text from outside fit to keep and to show: valid, printable, bounded in bytes.
func clean(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || // what is left of a letter that was cut
			!unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text))
}

// validKey: a key of a telephone keypad.
func validKey(k byte) bool {
	return k >= '0' && k <= '9' || k == '*' || k == '#' || k >= 'A' && k <= 'D'
}
