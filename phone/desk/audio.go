package desk

// AudioPlan is what a handset's sound does. Comparable; the zero value is silence with the microphone closed.
type AudioPlan struct {
	// Call is the call in the hand, "" none. It is named before it has sound, so that the way can be made ready.
	Call CallID
	// Play: its speech is heard. Capture: the microphone belongs to it.
	Play, Capture bool
	// Muted, with Capture: true silence is sent instead of what the microphone hears.
	Muted bool
	// Joined are the calls that hear and are heard with it, "" after the last.
	Joined [MaxJoined]CallID
	// Tone is heard instead of speech, or (call waiting) beside it.
	Tone Tone
}

// Audio returns what the sound of a handset does in this state. A cradled handset that is down is silent but for its
// bell. A headset that is down has no bell in the ear: it may be on the head, or the desktop's. A handset without a
// cradle lies on the table, and rings by its sound where it has nothing else to ring with.
func Audio(s State, id HandsetID) AudioPlan {
	h := s.handset(id)
	switch {
	case h == nil || !h.plugged:
		return AudioPlan{}
	case !h.Lifted:
		if why, _ := s.bell(h); why != bellNone && (h.Cradled || h.Bell) && !h.mutes(why) {
			return AudioPlan{Tone: ToneRing}
		}
		return AudioPlan{}
	}
	waiting := ToneNone
	if s.incomingAt(h) != nil {
		waiting = ToneCallWaiting
	}
	switch h.Phase {
	case DialTone:
		return AudioPlan{Tone: either(waiting, ToneDial)}
	case HearingTone:
		return AudioPlan{Tone: either(waiting, h.Tone)}
	case Connected:
	default:
		return AudioPlan{Tone: waiting}
	}
	c := s.call(h.Foreground)
	if c == nil {
		return AudioPlan{}
	}
	plan := AudioPlan{Call: c.ID, Muted: h.Muted}
	switch c.Phase {
	case Alerting:
		plan.Tone = ToneRingback
	case EarlyMedia, Active:
		if c.Ringback {
			plan.Tone = ToneRingback
			break
		}
		plan.Play, plan.Capture = true, true
		plan.Tone = waiting
		n := 0
		for i := range s.calls {
			if o := &s.calls[i]; o.Joined && o.Handset == id && o.Phase == Active && n < MaxJoined {
				plan.Joined[n] = o.ID
				n++
			}
		}
	}
	return plan
}

func either(a, b Tone) Tone {
	if a != ToneNone {
		return a
	}
	return b
}
