package desk

import "strconv"

// key: a key of the keypad. Down it collects digits to be dialled at lifting; lifted it dials; in a call it is DTMF.
func (m *machine) key(h *Handset, k byte) {
	if !validKey(k) {
		return
	}
	if !h.Lifted {
		m.keyOnHook(h, k)
		return
	}
	switch h.Phase {
	case DialTone, Holding:
		m.do(KeyClick{h.ID, k})
		consulting := h.consulting
		m.enter(h, Collecting)
		h.consulting = consulting
		m.collect(h, k)
	case Collecting:
		m.do(KeyClick{h.ID, k})
		if k == '#' && !m.cfg.HashIsDigit {
			m.dial(h, "", h.Digits, "")
			return
		}
		m.collect(h, k)
	case Connected:
		// While it only rings there nobody would hear a key: it is dropped, without a click.
		if c := m.call(h.Foreground); c.hears() {
			m.do(SendDTMF{c.ID, k})
			m.do(KeyClick{h.ID, k})
		}
	}
}

// collect adds a digit and waits for the next, or dials when the number needs no more.
func (m *machine) collect(h *Handset, k byte) {
	if len(h.Digits) < maxDigits {
		h.Digits += string(k)
	}
	if m.cfg.Complete != nil && m.cfg.Complete(h.Digits) {
		m.dial(h, "", h.Digits, "")
		return
	}
	m.start(h, TimerInterDigit, m.cfg.InterDigit)
}

// keyOnHook: on-hook dialling.
func (m *machine) keyOnHook(h *Handset, k byte) {
	if why, _ := m.bell(h); why != bellNone {
		return
	}
	if k == '#' && h.Digits != "" && !m.cfg.HashIsDigit {
		m.sendKey(h)
		return
	}
	if len(h.Digits) < maxDigits {
		h.Digits += string(k)
	}
	m.start(h, TimerOnHookDigits, m.cfg.OnHookDigits)
}

// clearKey takes the last digit back; without digits it does nothing.
func (m *machine) clearKey(h *Handset) {
	if h.Digits == "" {
		return
	}
	digits, consulting := h.Digits[:len(h.Digits)-1], h.consulting
	switch {
	case digits == "" && h.Phase == Collecting:
		m.dialTone(h)
		h.consulting = consulting
	case digits == "":
		m.stop(h, TimerOnHookDigits)
		h.Digits = ""
	case h.Phase == Collecting:
		h.Digits = digits
		m.start(h, TimerInterDigit, m.cfg.InterDigit)
	default:
		h.Digits = digits
		m.start(h, TimerOnHookDigits, m.cfg.OnHookDigits)
	}
}

// sendKey: dial what was typed; the green key of a ringing headset.
func (m *machine) sendKey(h *Handset) {
	why, _ := m.bell(h)
	switch {
	case h.Lifted && h.Phase == Collecting:
		m.dial(h, "", h.Digits, "")
	case h.Lifted:
	case why != bellNone:
		if !h.Cradled {
			m.lift(h)
		}
	case h.Digits == "":
	case h.Cradled:
		m.callBack(h, "", h.Digits, "")
	default:
		m.lift(h)
	}
}

// redial dials the last number of this handset, or of any.
func (m *machine) redial(h *Handset) {
	number, account := h.LastDialed, h.lastAccount
	if number == "" {
		number, account = m.lastDial, m.lastAcct
	}
	if h.Line.Account != "" {
		account = h.Line.Account
	}
	why, _ := m.bell(h)
	switch {
	case h.Lifted && h.Phase == Connected || !h.Lifted && why != bellNone:
	case number == "":
		m.do(Refuse{Event: "redial", Reason: "nothing has been dialled yet", Handset: h.ID})
	case h.Lifted:
		m.dial(h, account, number, "")
	case h.Cradled: // it is dialled when lifted; with its account, so not as on-hook digits
		m.callBack(h, account, number, "")
	default:
		m.missed = 0
		m.raise(h)
		m.dial(h, account, number, "")
	}
}

// callBack has a handset ring until it is lifted, to place a call then.
func (m *machine) callBack(h *Handset, account, target string, id CallID) {
	if h.Phase == CallingBack && h.pendingCall != id {
		m.notCalled(h, "another number was dialled instead")
	}
	m.enter(h, CallingBack)
	h.Pending, h.pendingAccount, h.pendingCall = target, account, id
	m.start(h, TimerCallBack, m.cfg.CallBack)
}

// notCalled tells that the call a handset was to place will not be placed. The handset must be given something else.
func (m *machine) notCalled(h *Handset, why string) {
	m.do(NotCalled{Call: h.pendingCall, Handset: h.ID, Target: h.Pending, Reason: why})
}

// dial places a call from a lifted handset without a call in the hand. It appends a call.
func (m *machine) dial(h *Handset, account, target string, id CallID) {
	if len(m.calls) >= 2*m.cfg.MaxCalls {
		m.do(Refuse{Event: "dial", Reason: "too many calls at once; end one first", Call: id, Handset: h.ID})
		m.hear(h, ToneReorder, "Too many calls")
		return
	}
	if account == "" {
		account = h.Line.Account
	}
	if id == "" || m.call(id) != nil {
		id = m.newID()
	}
	c := Call{ID: id, Outgoing: true, Phase: Placing, Account: account, Peer: target, Consults: h.consulting}
	h.LastDialed, h.lastAccount = target, account
	m.lastDial, m.lastAcct = target, account
	m.calls = append(m.calls, c)
	m.foreground(h, &m.calls[len(m.calls)-1])
	m.do(PlaceCall{Call: id, Handset: h.ID, Account: account, Target: target})
}

func (m *machine) newID() CallID {
	for {
		m.ids++
		if id := CallID("out-" + strconv.Itoa(m.ids)); m.call(id) == nil && !m.pendingID(id) {
			return id
		}
	}
}

func (m *machine) pendingID(id CallID) bool {
	for i := range m.handsets {
		if id != "" && m.handsets[i].pendingCall == id {
			return true
		}
	}
	return false
}

// foreground puts a call into the hand. Muting belongs to the conversations of a handset: the first one begins unmuted
// (or as its switch stands), and coming back to another never unmutes behind the user's back.
func (m *machine) foreground(h *Handset, c *Call) {
	if !m.owns(h.ID) {
		h.Muted = h.muteSwitch
	}
	m.enter(h, Connected)
	h.Foreground = c.ID
	c.Handset = h.ID
}
