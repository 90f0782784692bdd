package desk

// lift: the hook went off. It answers what rings; what nothing rings for is dialled, or gets dial tone.
func (m *machine) lift(h *Handset) {
	if h.Lifted {
		return
	}
	if h.flashing {
		h.flashing, h.Lifted = false, true
		m.stop(h, TimerFlash)
		m.flash(h)
		return
	}
	why, c := m.bell(h)
	digits, account, target, id := h.Digits, h.pendingAccount, h.Pending, h.pendingCall
	from := m.partner(h)
	m.raise(h)
	if from != nil && why == bellNone && digits == "" {
		m.takeOver(h, from)
		return
	}
	if from != nil {
		m.putAside(h, from)
	}
	switch {
	case why == bellPending:
		m.dial(h, account, target, id)
	case why == bellRecall:
		m.take(h, c)
	case why == bellIncoming:
		m.answer(h, c)
	case digits != "":
		m.dial(h, "", digits, "")
	default:
		m.missed = 0
		m.dialTone(h)
	}
}

// hookOn: the hook went on. With hook flash the user may be back in a moment, so the call is kept until the window is
// over; handset and microphone are dead at once.
func (m *machine) hookOn(h *Handset) {
	if !h.Lifted {
		return
	}
	if m.cfg.HookFlash && h.Cradled && (h.Foreground != "" || m.newestHeld(h.ID) != nil) {
		h.Lifted, h.flashing = false, true
		m.start(h, TimerFlash, m.cfg.FlashWindow)
		return
	}
	m.putDown(h, h.Foreground != "")
}

// finishFlashes turns hook presses that could still have become a flash into hang-ups, before an event that needs to
// know which: a command, or anything else that happens to that handset.
func (m *machine) finishFlashes(e Event) {
	for i := range m.handsets {
		if h := &m.handsets[i]; h.flashing && endsFlash(h, e) {
			if t, ok := e.(TimerFired); ok {
				h.timers[t.Timer] = 0 // it has run out, and has nothing more to say
			}
			m.putDown(h, h.Foreground != "")
		}
	}
}

func endsFlash(h *Handset, e Event) bool {
	id := h.ID
	switch e := e.(type) {
	case Lifted, PutDown, MuteSet:
		return false
	case HandsetPlugged:
		return e.Handset == id
	case HandsetUnplugged:
		return e.Handset == id
	case TimerFired: // of what was interrupted: tone and dialling don't go on while the hook is down
		return e.Handset == id && (e.Timer == TimerFirstDigit || e.Timer == TimerInterDigit || e.Timer == TimerTone) &&
			h.timers[e.Timer] == e.Seq
	case KeyPressed:
		return e.Handset == id
	case FlashPressed:
		return e.Handset == id
	case RedialPressed:
		return e.Handset == id
	case MutePressed:
		return e.Handset == id
	case RejectPressed:
		return e.Handset == id
	case HoldPressed:
		return e.Handset == id
	case TransferPressed:
		return e.Handset == id
	case ConferencePressed:
		return e.Handset == id
	case DropPressed:
		return e.Handset == id
	case ClearPressed:
		return e.Handset == id
	case SendPressed:
		return e.Handset == id
	case CmdDial, CmdAnswer, CmdDecline, CmdHangUp, CmdHold, CmdResume, CmdSwap, CmdConference, CmdMute, CmdDTMF, CmdTransfer:
		return true
	}
	return false
}

// putDown is the end of using a handset. The call in the hand ends, or completes a transfer; every other call lives on
// and rings back, except that one held by key or command, with no conversation after it, was left there on purpose
// and stays held.
func (m *machine) putDown(h *Handset, conversed bool) {
	if fg := m.call(h.Foreground); fg != nil {
		if m.joined(h.ID) != nil {
			for c := m.joined(h.ID); c != nil; c = m.joined(h.ID) {
				m.end(c)
			}
			m.end(fg)
		} else if first, second := m.consultation(h, fg); first != nil && m.cfg.Transfer {
			m.join(h, first, second)
		} else {
			m.end(fg)
		}
	}
	m.onHook(h)
	for i := range m.calls {
		if c := &m.calls[i]; c.heldBy(h.ID) && (conversed || !c.hard) {
			c.Recall = true
		}
	}
}

// onHook makes a handset idle. A headset's hook follows (it shows OffHook false).
func (m *machine) onHook(h *Handset) {
	m.stop(h, TimerFlash)
	m.enter(h, Idle)
	h.Lifted, h.flashing = false, false
	h.Muted = h.muteSwitch
}

func (m *machine) dialTone(h *Handset) {
	m.enter(h, DialTone)
	m.start(h, TimerFirstDigit, m.cfg.FirstDigit)
}

// hear gives a lifted handset a tone until it is put down, or falls silent. A headset has no cradle to be put into;
// it goes on-hook by itself.
func (m *machine) hear(h *Handset, t Tone, note string) {
	m.enter(h, HearingTone)
	h.Tone, h.Note = t, clean(note, maxName)
	switch {
	case !h.Cradled || t == ToneConfirm:
		m.start(h, TimerTone, m.cfg.HeadsetTone)
	case t != ToneNone:
		m.start(h, TimerTone, m.cfg.ToneTime)
	}
}

// released: the user ended the call in the hand, and kept the handset.
func (m *machine) released(h *Handset) {
	switch {
	case m.newestHeld(h.ID) != nil:
		m.enter(h, Holding)
	case h.Cradled:
		m.dialTone(h)
	default:
		m.onHook(h)
	}
}

// plug adds a handset, or brings one back. It appends.
func (m *machine) plug(e HandsetPlugged) {
	h := m.handset(e.Handset)
	if h != nil && h.plugged {
		if h.Cradled == e.Cradled && h.Bell == e.Bell && h.Lifted == e.Lifted {
			return // it was away too short to be missed
		}
		m.unplug(h)
	}
	if e.Handset == "" {
		return
	}
	if h == nil {
		if len(m.handsets) >= maxHandset {
			return
		}
		m.handsets = append(m.handsets, Handset{ID: e.Handset})
		h = &m.handsets[len(m.handsets)-1]
	}
	h.plugged, h.Cradled, h.Bell = true, e.Cradled, e.Bell
	if !m.owns(h.ID) {
		h.Line = e.Line // else when its calls are over, and it is plugged in again
	}
	parked := m.newestHeld(h.ID)
	for i := range m.calls {
		if c := &m.calls[i]; c.heldBy(h.ID) && !c.hard {
			c.Recall = true
		}
	}
	switch {
	case !e.Lifted:
	case parked != nil: // still in the hand that held it when the plug came out
		m.raise(h)
		m.take(h, parked)
	case h.Cradled: // lying beside its cradle: what an exchange does when power comes back. It answers nothing
		h.Lifted = true
		m.dialTone(h)
	}
}

// unplug takes a handset away. A conversation is held for it; a call that nobody has answered ends, since nobody
// would be there. The handset is remembered as long as it has calls.
func (m *machine) unplug(h *Handset) {
	if h.Phase == CallingBack {
		m.notCalled(h, "the handset was unplugged")
	}
	fg := m.call(h.Foreground)
	muted := h.Muted
	m.onHook(h)
	h.plugged = false
	if fg == nil {
		return
	}
	h.Muted = muted // as it was, when it is back in the same conversation
	if fg.unanswered() {
		m.end(fg)
	} else {
		m.hold(fg, false)
	}
}
