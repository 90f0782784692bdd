package desk

const noCall = "there is no call to do that with"

// obvious finds the call a command means. Named: that one. Otherwise, of those that fit, the one in a hand, or the
// only one. Without: nil and why.
func (m *machine) obvious(id CallID, fits func(*Call) bool) (*Call, string) {
	if id != "" {
		if c := m.call(id); c != nil && c.Phase != Ending {
			return c, ""
		}
		return nil, "there is no such call (any more)"
	}
	var inHand, any *Call
	hands, all := 0, 0
	for i := range m.calls {
		c := &m.calls[i]
		if c.Phase == Ending || !fits(c) {
			continue
		}
		any = c
		all++
		if h := m.handset(c.Handset); h != nil && h.Foreground == c.ID {
			inHand = c
			hands++
		}
	}
	switch {
	case hands == 1:
		return inHand, ""
	case all == 1:
		return any, ""
	case all == 0:
		return nil, noCall
	}
	return nil, "there are several calls; say which"
}

// choose finds the handset for a command: the one named, or the best. A lifted one without a call is in somebody's
// hand; one in conversation too, and can put it on hold; a headset can be taken off-hook from here; a handset in its
// cradle can only ring. cradled says whether that will do. account is that of the call, "" any.
func (m *machine) choose(id HandsetID, account string, cradled, ringing bool) (*Handset, string) {
	const none = 9
	rank := func(h *Handset) (int, string) {
		why, _ := m.bell(h)
		switch {
		case !h.plugged:
			return none, "no handset of that name is plugged in"
		case !h.takes(&Call{Account: account}):
			return none, "the handset is for another account"
		case h.free():
			return 0, ""
		case h.Lifted:
			if fg := m.call(h.Foreground); fg.Phase != Active {
				return none, "the handset is busy with a call that is not answered yet; hang up first"
			}
			return 1, ""
		case !ringing && (why == bellIncoming || why == bellRecall):
			return none, "the handset is ringing; answer or decline that call first"
		case !h.Cradled:
			return 2, ""
		case cradled:
			return 3, ""
		}
		return none, "the handset is down; lift it"
	}
	if id != "" {
		h := m.handset(id)
		if h == nil {
			return nil, "no handset of that name is plugged in"
		}
		if r, why := rank(h); r == none {
			return nil, why
		}
		return h, ""
	}
	best, bestRank, reason := (*Handset)(nil), none, "no handset is plugged in"
	for i := range m.handsets {
		h := &m.handsets[i]
		if r, why := rank(h); r < bestRank {
			best, bestRank = h, r
		} else if r == none && h.plugged && best == nil {
			reason = why
		}
	}
	if best != nil {
		reason = ""
	}
	return best, reason
}

// clear puts a conversation in the hand on hold, to take another call there.
func (m *machine) clear(h *Handset) *Call {
	fg := m.call(h.Foreground)
	if fg != nil {
		m.hold(fg, false)
	}
	return fg
}

func (m *machine) cmdDial(e CmdDial) {
	refuse := func(why string) {
		m.do(Refuse{Event: "dial", Reason: why, Call: e.Call, Handset: e.Handset})
	}
	target := clean(e.Target, maxTarget)
	if target == "" || len(e.Target) > maxTarget {
		refuse("no number to call, or one too long")
		return
	}
	if m.call(e.Call) != nil || m.pendingID(e.Call) {
		refuse("there is a call of that name already")
		return
	}
	h, why := m.choose(e.Handset, e.Account, true, false)
	switch {
	case h == nil:
		refuse(why)
	case len(m.calls) >= 2*m.cfg.MaxCalls:
		refuse("too many calls at once; end one first")
	case !h.Lifted && h.Cradled:
		m.callBack(h, e.Account, target, e.Call)
	default:
		m.raise(h)
		if fg := m.clear(h); fg != nil {
			h.consulting = fg.ID
		}
		m.dial(h, e.Account, target, e.Call)
	}
}

func (m *machine) cmdAnswer(e CmdAnswer) {
	refuse := func(why string) {
		m.do(Refuse{Event: "answer", Reason: why, Call: e.Call, Handset: e.Handset})
	}
	c := m.incoming()
	if e.Call != "" {
		c = m.call(e.Call)
	}
	if c == nil || c.Phase != Incoming {
		refuse("no such call is ringing")
		return
	}
	h, why := m.choose(e.Handset, c.Account, false, true)
	if h == nil {
		refuse(why)
		return
	}
	m.raise(h)
	m.clear(h)
	m.answer(h, c)
}

func (m *machine) cmdDecline(e CmdDecline) {
	c := m.incoming()
	if e.Call != "" {
		c = m.call(e.Call)
	}
	if c == nil || c.Phase != Incoming {
		m.do(Refuse{Event: "decline", Reason: "no such call is ringing", Call: e.Call})
		return
	}
	m.end(c)
}

func (m *machine) cmdHangUp(e CmdHangUp) {
	c, why := m.obvious(e.Call, func(c *Call) bool { return true })
	for i := range m.handsets { // a call that is only going to be placed
		h := &m.handsets[i]
		if h.Phase == CallingBack && c == nil && (e.Call == h.pendingCall || e.Call == "" && why == noCall) {
			m.notCalled(h, "it was cancelled")
			m.enter(h, Idle)
			return
		}
	}
	if c == nil {
		m.do(Refuse{Event: "hang-up", Reason: why, Call: e.Call})
		return
	}
	h := m.handset(c.Handset)
	inHand := h != nil && h.Foreground == c.ID
	m.end(c)
	if inHand && m.promote(h) {
		return
	}
	if inHand || h != nil && h.Phase == Holding && m.newestHeld(h.ID) == nil {
		m.released(h)
	}
}

func (m *machine) cmdHold(e CmdHold) {
	c, why := m.obvious(e.Call, func(c *Call) bool { return c.Phase == Active && !c.Held })
	switch {
	case c == nil:
	case c.Held:
		why = "the call is on hold already"
	case c.Phase != Active:
		why = "the call is not answered yet; only a conversation can be held"
	}
	if why != "" {
		m.do(Refuse{Event: "hold", Reason: why, Call: e.Call})
		return
	}
	h := m.handset(c.Handset)
	joined := c.Joined
	m.hold(c, true)
	if !joined {
		m.enter(h, Holding)
	}
}

func (m *machine) cmdResume(e CmdResume) {
	refuse := func(why string) {
		m.do(Refuse{Event: "resume", Reason: why, Call: e.Call, Handset: e.Handset})
	}
	c := m.call(e.Call)
	if e.Call == "" {
		for i := range m.calls {
			if o := &m.calls[i]; o.heldBy(o.Handset) && (c == nil || o.heldAt > c.heldAt) {
				c = o
			}
		}
	}
	if c == nil || !c.heldBy(c.Handset) {
		refuse("no such call is on hold")
		return
	}
	id := e.Handset
	if id == "" {
		if owner, _ := m.choose(c.Handset, c.Account, false, true); owner != nil {
			id = owner.ID
		}
	}
	h, why := m.choose(id, c.Account, false, true)
	if h == nil {
		refuse(why)
		return
	}
	m.raise(h)
	m.clear(h)
	m.take(h, c)
}

func (m *machine) cmdSwap() {
	for i := range m.handsets {
		h := &m.handsets[i]
		fg, other := m.call(h.Foreground), m.oldestHeld(h.ID)
		if fg != nil && fg.Phase == Active && other != nil {
			m.hold(fg, false)
			m.take(h, other)
			return
		}
	}
	m.do(Refuse{Event: "swap", Reason: "that takes one conversation and one call on hold on the same handset"})
}

func (m *machine) cmdDTMF(e CmdDTMF) {
	refuse := func(why string) { m.do(Refuse{Event: "dtmf", Reason: why, Call: e.Call}) }
	c, why := m.obvious(e.Call, func(c *Call) bool { return !c.Held && c.hears() })
	if c == nil && (why != noCall || len(m.calls) == 0) {
		refuse(why)
		return
	}
	if c == nil || c.Held || !c.hears() {
		refuse("nobody would hear it: the call is not answered, or on hold")
		return
	}
	if e.Keys == "" || len(e.Keys) > maxKeys {
		refuse("give between 1 and 64 keys")
		return
	}
	for i := range len(e.Keys) {
		if !validKey(e.Keys[i]) {
			refuse("keys are 0 to 9, *, # and A to D")
			return
		}
	}
	for i := range len(e.Keys) {
		m.do(SendDTMF{c.ID, e.Keys[i]})
		m.do(KeyClick{c.Handset, e.Keys[i]})
	}
}

// hears: there is sound in which DTMF can be sent.
func (c *Call) hears() bool { return c.Phase == EarlyMedia || c.Phase == Active }

// cmdDND refuses calls from now on, and those that ring.
func (m *machine) cmdDND(e CmdDND) {
	m.dnd = e.On
	for c := m.incoming(); e.On && c != nil; c = m.incoming() {
		m.end(c)
	}
}
