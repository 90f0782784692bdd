package desk

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check returns what is wrong with a state, nil if nothing: the invariants that hold after every event.
//
//   - Every call has exactly one place: ringing, in one hand, on hold at one handset, being transferred, or ending.
//   - A handset has at most one call talking, and is lifted then.
//   - Down means silent, with the microphone closed; only the bell may be heard.
//   - A call that outlives the putting down of its handset rings back, or is on hold with a reminder running.
//   - No light contradicts the calls.
//   - Timers run exactly in the phases they belong to.
//   - Everything is bounded.
func Check(s State) error {
	if err := s.checkCalls(); err != nil {
		return err
	}
	if len(s.handsets) > maxHandset {
		return fmt.Errorf("%d handsets", len(s.handsets))
	}
	for i := range s.handsets {
		h := &s.handsets[i]
		for j := range i {
			if s.handsets[j].ID == h.ID {
				return fmt.Errorf("handset %s is there twice", h.ID)
			}
		}
		for _, check := range [...]func(*Handset) error{s.checkHandset, s.checkTimers, s.checkShown} {
			if err := check(h); err != nil {
				return fmt.Errorf("handset %s (%s): %w", h.ID, h.Phase, err)
			}
		}
	}
	return nil
}

func (s *State) checkCalls() error {
	if len(s.calls) > 2*s.cfg.MaxCalls {
		return fmt.Errorf("%d calls", len(s.calls))
	}
	for i := range s.calls {
		c := &s.calls[i]
		for j := range i {
			if s.calls[j].ID == c.ID {
				return fmt.Errorf("call %s is there twice", c.ID)
			}
		}
		if err := s.checkCall(c); err != nil {
			return fmt.Errorf("call %s (%s): %w", c.ID, c.Phase, err)
		}
	}
	return nil
}

func (s *State) checkCall(c *Call) error {
	if c.ID == "" || len(c.Peer) > maxTarget || len(c.PeerName) > maxName {
		return fmt.Errorf("name missing or too long")
	}
	if c.Recall && !c.Held {
		return fmt.Errorf("rings back without being held")
	}
	if c.Waiting && c.Phase != Incoming {
		return fmt.Errorf("waits without coming in")
	}
	owner := s.handset(c.Handset)
	hands := 0
	for i := range s.handsets {
		if s.handsets[i].Foreground == c.ID {
			hands++
		}
	}
	switch c.Phase {
	case Incoming:
		if s.dnd {
			return fmt.Errorf("rings in spite of do not disturb")
		}
		if c.Handset != "" || c.Held || hands != 0 || c.Outgoing {
			return fmt.Errorf("is somebody's already (%q, held %t, in %d hands)", c.Handset, c.Held, hands)
		}
		return nil
	case Ending:
		if hands != 0 || c.Held {
			return fmt.Errorf("is still in use")
		}
		return nil
	}
	if owner == nil {
		return fmt.Errorf("its handset %q is unknown", c.Handset)
	}
	if !owner.takes(c) {
		return fmt.Errorf("is at a handset for %s, of account %s", owner.Line.Account, c.Account)
	}
	if c.Recall && owner.attended() {
		return fmt.Errorf("rings back at a lifted handset")
	}
	if c.unanswered() && !c.Outgoing || c.Phase == Answering && c.Outgoing {
		return fmt.Errorf("wrong direction (outgoing %t)", c.Outgoing)
	}
	if c.Joined {
		if fg := s.call(owner.Foreground); c.Phase != Active && c.Phase != Answering || c.Held || hands != 0 || fg == nil || fg.Phase != Active || !owner.attended() {
			return fmt.Errorf("is joined to nothing (held %t, in %d hands)", c.Held, hands)
		}
		return nil
	}
	switch {
	case c.Phase == Transferring || c.Held:
		if hands != 0 {
			return fmt.Errorf("is held or handed over, and in a hand")
		}
		if c.unanswered() {
			return fmt.Errorf("is held before it is answered")
		}
	case hands != 1 || owner.Foreground != c.ID:
		return fmt.Errorf("is in %d hands, and not in that of %s", hands, c.Handset)
	}
	if c.Consults != "" && c.Phase != Transferring {
		if first := s.call(c.Consults); first == nil || first.Handset != c.Handset || first.Phase != Active {
			return fmt.Errorf("consults %s, which is elsewhere", c.Consults)
		}
	}
	return nil
}

func (s *State) checkHandset(h *Handset) error {
	if !h.plugged && (h.attended() || h.Phase != Idle) {
		return fmt.Errorf("is in use while unplugged")
	}
	if !h.plugged && !s.owns(h.ID) {
		return fmt.Errorf("is remembered for nothing")
	}
	if h.Lifted && h.flashing || h.flashing && (!s.cfg.HookFlash || !h.Cradled) {
		return fmt.Errorf("hook flash where there can't be one")
	}
	switch h.Phase {
	case Idle, CallingBack:
		if h.attended() {
			return fmt.Errorf("is lifted")
		}
	default:
		if !h.attended() {
			return fmt.Errorf("is down")
		}
	}
	c := s.call(h.Foreground)
	if (h.Phase == Connected) != (c != nil) || c == nil && h.Foreground != "" {
		return fmt.Errorf("call in the hand: %q", h.Foreground)
	}
	if c != nil && c.Handset != h.ID {
		return fmt.Errorf("has the call %s of %q in the hand", c.ID, c.Handset)
	}
	if h.Phase == Holding && s.newestHeld(h.ID) == nil {
		return fmt.Errorf("holds nothing")
	}
	if h.Tone != ToneNone && h.Phase != HearingTone {
		return fmt.Errorf("tone %s", h.Tone)
	}
	if (h.Phase == CallingBack) != (h.Pending != "") {
		return fmt.Errorf("pending %q", h.Pending)
	}
	if len(h.Digits) > maxDigits || h.Digits != "" && h.Phase != Idle && h.Phase != Collecting ||
		h.Phase == Collecting && h.Digits == "" || strings.Trim(h.Digits, "0123456789*#ABCD") != "" {
		return fmt.Errorf("digits %q", h.Digits)
	}
	return nil
}

func (s *State) checkTimers(h *Handset) error {
	held, recalled, transferring := false, false, false
	for i := range s.calls {
		if c := &s.calls[i]; c.Handset == h.ID {
			held = held || c.heldBy(h.ID) && !c.Recall
			recalled = recalled || c.Recall
			transferring = transferring || c.Phase == Transferring
		}
	}
	wanted := [timerCount]bool{
		TimerFirstDigit:   h.Phase == DialTone,
		TimerInterDigit:   h.Phase == Collecting,
		TimerTone:         h.Phase == HearingTone && (h.Tone != ToneNone || !h.Cradled),
		TimerCallBack:     h.Phase == CallingBack,
		TimerOnHookDigits: h.Phase == Idle && h.Digits != "",
		TimerHold:         held && !h.attended(),
		TimerRecall:       recalled,
		TimerFlash:        h.flashing,
		TimerTransfer:     transferring,
	}
	for t := range timerCount {
		if running := h.timers[t] != 0; running != wanted[t] {
			return fmt.Errorf("timer %s: running %t", t, running)
		}
	}
	return nil
}

func (s *State) checkShown(h *Handset) error {
	a, in := Audio(*s, h.ID), Indicators(*s, h.ID)
	why, _ := s.bell(h)
	c := s.call(a.Call)
	switch {
	case !h.Lifted && (a.Play || a.Capture || a.Call != "" || a.Tone != ToneNone && a.Tone != ToneRing):
		return fmt.Errorf("down, but sounds: %+v", a)
	case (a.Play || a.Capture) && (c == nil || c.Held || c.Phase != Active && c.Phase != EarlyMedia):
		return fmt.Errorf("plays what does not speak: %+v", a)
	case a.Tone == ToneRing && !in.Ring || in.Ring && h.mutes(why):
		return fmt.Errorf("bell without light")
	case in.Ring && (why == bellNone || h.attended()):
		return fmt.Errorf("ring light for nothing")
	case in.Mute != (h.Muted && h.Foreground != ""):
		return fmt.Errorf("mute light %t, muted %t with %q", in.Mute, h.Muted, h.Foreground)
	case a.Capture && in.Mute != a.Muted:
		return fmt.Errorf("mute light %t, microphone muted %t", in.Mute, a.Muted)
	case in.Microphone && (!a.Capture || a.Muted):
		return fmt.Errorf("microphone light")
	case in.Hold && s.shownHeld(h) == nil || !in.Hold && h.plugged && s.newestHeld(h.ID) != nil:
		return fmt.Errorf("hold light %t", in.Hold)
	case in.OffHook != h.attended():
		return fmt.Errorf("off-hook light %t", in.OffHook)
	case !utf8.ValidString(in.Line1) || !utf8.ValidString(in.Line2):
		return fmt.Errorf("display is not text")
	}
	return nil
}
