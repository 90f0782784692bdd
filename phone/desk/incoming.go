package desk

// offer: a call comes in. It rings, waits, or is refused. It appends a call.
func (m *machine) offer(e IncomingCall) {
	if e.Call == "" || m.call(e.Call) != nil {
		return
	}
	if len(m.calls) >= m.cfg.MaxCalls { // kept nowhere, so that a flood of calls costs nothing
		m.do(RejectCall{e.Call, 486})
		m.miss(e.Call)
		return
	}
	m.calls = append(m.calls, Call{ID: e.Call, Phase: Incoming, Account: clean(e.Account, maxName),
		Peer: clean(e.Peer, maxPeer), PeerName: clean(e.PeerName, maxName)})
	if m.dnd || m.cfg.NoCallWaiting && m.allInUse(&m.calls[len(m.calls)-1]) {
		m.end(&m.calls[len(m.calls)-1])
		m.miss(e.Call)
		return
	}
	m.do(SendRinging{e.Call})
}

func (m *machine) miss(id CallID) {
	m.missed++
	m.do(Missed{id})
}

// answer takes an incoming call into a lifted handset that has none in the hand.
func (m *machine) answer(h *Handset, c *Call) {
	m.foreground(h, c)
	c.Phase = Answering
	m.do(AnswerCall{c.ID, h.ID})
}

// rejectKey refuses what rings or waits. A call of one's own that rings back is only silenced.
func (m *machine) rejectKey(h *Handset) {
	why, c := m.bell(h)
	switch {
	case why == bellPending:
		m.notCalled(h, "it was cancelled")
		m.enter(h, Idle)
	case why == bellRecall:
		c.Recall, c.hard = false, true
	case m.incomingAt(h) != nil:
		m.end(m.incomingAt(h))
	}
}
