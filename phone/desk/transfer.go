package desk

// consultation returns the two calls of a handset that putting it down would join: the call that was held, and the
// consultation call, either of which is in the hand now.
func (m *machine) consultation(h *Handset, fg *Call) (first, second *Call) {
	second = fg
	if first = m.call(fg.Consults); first == nil {
		for i := range m.calls {
			if c := &m.calls[i]; c.heldBy(h.ID) && c.Consults == fg.ID {
				first, second = fg, c
				break
			}
		}
	}
	if first == nil || !joinable(first, second) {
		return nil, nil
	}
	return first, second
}

func joinable(first, second *Call) bool {
	return first.Phase == Active && (second.Phase == Active || second.Phase == Alerting || second.Phase == EarlyMedia)
}

// join orders an attended transfer. Both calls are kept until it is known to have worked.
func (m *machine) join(h *Handset, first, second *Call) {
	m.do(CompleteTransfer{first.ID, second.ID})
	first.Phase, second.Phase = Transferring, Transferring
	first.Recall, second.Recall = false, false
	first.Consults, second.Consults = "", first.ID
	h.Foreground = ""
	m.start(h, TimerTransfer, m.cfg.TransferTime)
}

// transferKey: the first press holds the conversation and gives dial tone, the second joins the two.
func (m *machine) transferKey(h *Handset) {
	if !h.Lifted || m.joined(h.ID) != nil {
		return // a conference is not handed over
	}
	fg, other := m.call(h.Foreground), m.newestHeld(h.ID)
	switch {
	case fg == nil && h.Phase == Holding:
		m.consult(h, other)
	case fg == nil:
	case other != nil && joinable(other, fg):
		if !m.cfg.Transfer {
			m.do(Refuse{Event: "transfer", Reason: "this phone can't transfer calls; flash goes from one to the other", Handset: h.ID})
			return
		}
		m.joinInHand()
	case fg.Phase == Active:
		m.hold(fg, false)
		m.consult(h, fg)
	}
}

// joinInHand joins the conversation of a handset with a call on hold there; false when there are no such two.
func (m *machine) joinInHand() bool {
	for i := range m.handsets {
		h := &m.handsets[i]
		fg, other := m.call(h.Foreground), m.newestHeld(h.ID)
		if fg == nil || other == nil || m.joined(h.ID) != nil || !joinable(other, fg) {
			continue
		}
		if a, b := m.consultation(h, fg); a != nil {
			other, fg = a, b
		}
		m.join(h, other, fg)
		m.hear(h, ToneConfirm, "Transferred")
		return true
	}
	return false
}

func (m *machine) cmdTransfer(e CmdTransfer) {
	refuse := func(why string) { m.do(Refuse{Event: "transfer", Reason: why, Call: e.Call}) }
	if m.cfg.Transfer && e.Target == "" && e.Call == "" && m.joinInHand() {
		return
	}
	target := clean(e.Target, maxTarget)
	c, why := m.obvious(e.Call, func(c *Call) bool { return c.Phase == Active })
	switch {
	case !m.cfg.Transfer:
		refuse("this phone can't transfer calls")
	case target == "" || len(e.Target) > maxTarget:
		refuse("no number to transfer the call to, or one too long; without a number, it takes one conversation and one call on hold on the same handset")
	case c == nil:
		refuse(why)
	case c.Phase != Active:
		refuse("the call is not answered yet; only a conversation can be transferred")
	default:
		if !c.Held {
			m.hold(c, false)
		}
		m.do(TransferCall{c.ID, target})
		c.Phase, c.Recall, c.Consults = Transferring, false, ""
		h := m.handset(c.Handset)
		m.start(h, TimerTransfer, m.cfg.TransferTime)
		if h.attended() && (h.Phase == Connected && h.Foreground == "" || h.Phase == Holding && m.newestHeld(h.ID) == nil) {
			m.hear(h, ToneConfirm, "Transferred")
		}
	}
}

// transferFailed gives the first call back: on hold, ringing back if its handset is down. The second ends.
func (m *machine) transferFailed(c *Call, reason string) {
	first, second := c, (*Call)(nil)
	if c.Consults != "" {
		first, second = m.call(c.Consults), c
	} else {
		for i := range m.calls {
			if m.calls[i].Consults == c.ID && m.calls[i].Phase == Transferring {
				second = &m.calls[i]
			}
		}
	}
	if second != nil {
		m.end(second)
	}
	if first == nil || first.Phase != Transferring {
		return
	}
	first.Phase = Active
	if !first.Held {
		m.hold(first, false)
	}
	h := m.handset(first.Handset)
	first.hard, first.Recall = false, !h.attended()
	if h.Lifted && h.Phase == HearingTone {
		if reason == "" {
			reason = "Transfer failed"
		}
		m.hear(h, ToneReorder, reason)
	}
}
