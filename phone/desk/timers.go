package desk

// fired: a timer ran out. One that was stopped or restarted meanwhile is late.
func (m *machine) fired(e TimerFired) {
	h := m.handset(e.Handset)
	if h == nil || e.Timer >= timerCount || e.Seq == 0 || h.timers[e.Timer] != e.Seq {
		return
	}
	h.timers[e.Timer] = 0
	switch e.Timer {
	case TimerFirstDigit:
		if h.Cradled {
			m.hear(h, ToneReorder, "")
		} else {
			m.putDown(h, false)
		}
	case TimerInterDigit:
		m.dial(h, "", h.Digits, "")
	case TimerTone:
		if h.Cradled {
			h.Tone = ToneNone
		} else {
			m.putDown(h, false)
		}
	case TimerCallBack:
		m.notCalled(h, "nobody lifted the handset")
		m.enter(h, Idle)
	case TimerOnHookDigits:
		h.Digits = ""
	case TimerHold:
		for i := range m.calls {
			if c := &m.calls[i]; c.heldBy(h.ID) {
				c.Recall = true
			}
		}
	case TimerRecall:
		m.recallOver(h)
	case TimerFlash:
		m.putDown(h, h.Foreground != "")
	case TimerTransfer:
		for i := range m.calls {
			if c := &m.calls[i]; c.Handset == h.ID && c.Phase == Transferring {
				m.transferFailed(c, "")
			}
		}
	}
}

// recallOver: nobody came to the calls that rang back. They wait in silence for the next reminder; after the last one
// they end, since somewhere they cost money, or occupy a line.
func (m *machine) recallOver(h *Handset) {
	for i := range m.calls {
		c := &m.calls[i]
		if c.Handset != h.ID || !c.Recall {
			continue
		}
		c.Recall, c.hard = false, true
		c.recalls++
		if m.cfg.Recalls > 0 && c.recalls >= m.cfg.Recalls {
			m.end(c)
		}
	}
}
