package desk

import (
	"slices"
	"time"
)

// machine is a state being changed by one event, and the actions collected so far. It owns its slices.
//
// Pointers into calls and handsets stay good until one is appended or removed; the functions that do so (offer, dial,
// plug, ended, settle) say so.
type machine struct {
	State
	acts []Action
}

// Next returns the state after an event, and what is to be done, in order. It does not change s, takes microseconds, and
// may be called from any goroutine (on states that differ or not). It never fails: what makes no sense is ignored, or
// refused when a user asked for it.
func Next(s State, e Event) (State, []Action) {
	m := machine{State: s}
	m.calls = append(make([]Call, 0, len(s.calls)+1), s.calls...)
	m.handsets = append(make([]Handset, 0, len(s.handsets)+1), s.handsets...)
	m.finishFlashes(e)
	m.handle(e)
	m.settle()
	return m.State, m.acts
}

func (m *machine) handle(e Event) {
	switch e := e.(type) {
	case HandsetPlugged:
		m.plug(e)
		return
	case HandsetUnplugged:
		m.on(e.Handset, m.unplug)
		return
	case TimerFired:
		m.fired(e)
		return
	case Lifted:
		m.on(e.Handset, m.lift)
	case PutDown:
		m.on(e.Handset, m.hookOn)
	case KeyPressed:
		m.on(e.Handset, func(h *Handset) { m.key(h, e.Key) })
	case FlashPressed:
		m.on(e.Handset, m.flash)
	case RedialPressed:
		m.on(e.Handset, m.redial)
	case MutePressed:
		m.on(e.Handset, m.toggleMute)
	case MuteSet:
		m.on(e.Handset, func(h *Handset) { h.muteSwitch, h.Muted = e.On, e.On })
	case RejectPressed:
		m.on(e.Handset, m.rejectKey)
	case HoldPressed:
		m.on(e.Handset, m.holdKey)
	case TransferPressed:
		m.on(e.Handset, m.transferKey)
	case ConferencePressed:
		m.on(e.Handset, m.conferenceKey)
	case DropPressed:
		m.on(e.Handset, m.dropKey)
	case ClearPressed:
		m.on(e.Handset, m.clearKey)
	case SendPressed:
		m.on(e.Handset, m.sendKey)
	case IncomingCall:
		m.offer(e)
	case CallProceeding:
		m.progress(e.Call, Proceeding)
	case CallAlerting:
		m.progress(e.Call, Alerting)
	case CallEarlyMedia:
		m.progress(e.Call, EarlyMedia)
	case CallAnswered:
		m.answered(e.Call)
	case CallEnded:
		m.ended(e)
	case CallHeldByRemote:
		if c := m.call(e.Call); c != nil && c.Phase == Active {
			c.RemoteHeld = e.Held
		}
	case ResumeRefused:
		m.resumeRefused(e.Call)
	case CallReplaced:
		if c := m.call(e.Call); c != nil {
			c.Peer, c.PeerName, c.Ringback = clean(e.Peer, maxPeer), clean(e.PeerName, maxName), false
		}
	case CallReferred:
		if c := m.call(e.Call); c != nil && c.Phase == Active {
			c.Ringback = e.Alerting
		}
	case TransferFailed:
		if c := m.call(e.Call); c != nil && c.Phase == Transferring {
			m.transferFailed(c, e.Reason)
		}
	case MessagesWaiting:
		m.messages = e.Waiting
	case CmdDial:
		m.cmdDial(e)
	case CmdAnswer:
		m.cmdAnswer(e)
	case CmdDecline:
		m.cmdDecline(e)
	case CmdHangUp:
		m.cmdHangUp(e)
	case CmdHold:
		m.cmdHold(e)
	case CmdResume:
		m.cmdResume(e)
	case CmdSwap:
		m.cmdSwap()
	case CmdConference:
		m.cmdConference()
	case CmdMute:
		m.cmdMute(e)
	case CmdDTMF:
		m.cmdDTMF(e)
	case CmdDND:
		m.cmdDND(e)
	case CmdTransfer:
		m.cmdTransfer(e)
	case CmdClearMissed:
		m.missed = 0
	}
}

// on runs f on a handset if it is plugged in.
func (m *machine) on(id HandsetID, f func(*Handset)) {
	if h := m.handset(id); h != nil && h.plugged {
		f(h)
	}
}

func (m *machine) do(a Action) { m.acts = append(m.acts, a) }

// start starts a timer, replacing one of the kind.
func (m *machine) start(h *Handset, t Timer, after time.Duration) {
	m.seq++
	h.timers[t] = m.seq
	m.do(StartTimer{h.ID, t, m.seq, after})
}

// stop stops a timer if it runs.
func (m *machine) stop(h *Handset, t Timer) {
	if h.timers[t] != 0 {
		h.timers[t] = 0
		m.do(StopTimer{h.ID, t})
	}
}

// want makes a timer run or not, without restarting it.
func (m *machine) want(h *Handset, t Timer, on bool, after time.Duration) {
	switch running := h.timers[t] != 0; {
	case on && !running:
		m.start(h, t, after)
	case !on:
		m.stop(h, t)
	}
}

// enter puts a handset into a phase and clears what belonged to the one before: its timer, digits, tone, pending dial
// and foreground. It is the only writer of Handset.Phase.
func (m *machine) enter(h *Handset, p HandsetPhase) {
	for _, t := range [...]Timer{TimerFirstDigit, TimerInterDigit, TimerTone, TimerCallBack, TimerOnHookDigits} {
		m.stop(h, t)
	}
	h.Phase = p
	h.Digits, h.Note, h.Tone, h.Foreground = "", "", ToneNone, ""
	h.Pending, h.pendingAccount, h.pendingCall = "", "", ""
	h.consulting = ""
}

// settle restores, after every event, what follows from the rest: who is reminded of what, which call waits, which
// handset need no longer be remembered. It removes handsets.
func (m *machine) settle() {
	for i := range m.calls {
		c := &m.calls[i]
		if c.Consults != "" && c.Phase != Transferring {
			if first := m.call(c.Consults); first == nil || first.Handset != c.Handset || first.Phase != Active {
				c.Consults = ""
			}
		}
		c.Waiting = c.Phase == Incoming && m.allInUse(c)
	}
	for i := range m.handsets {
		h := &m.handsets[i]
		var held, silent, recalled, transferring bool
		for j := range m.calls {
			c := &m.calls[j]
			if c.Handset != h.ID {
				continue
			}
			transferring = transferring || c.Phase == Transferring
			if c.Phase != Transferring && c.Held {
				held = true
				recalled = recalled || c.Recall
				silent = silent || !c.Recall
			}
		}
		if h.Phase == Holding && !held {
			m.hear(h, ToneNone, "")
		}
		if c := m.call(h.consulting); c == nil || !c.Held || c.Handset != h.ID {
			h.consulting = ""
		}
		m.want(h, TimerHold, silent && !h.attended(), m.cfg.HoldReminder)
		m.want(h, TimerRecall, recalled, m.cfg.RecallTime)
		if !transferring {
			m.stop(h, TimerTransfer)
		}
	}
	m.handsets = slices.DeleteFunc(m.handsets, func(h Handset) bool { return !h.plugged && !m.owns(h.ID) })
}
