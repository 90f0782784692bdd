package phone

import (
	"errors"
	"time"

	"offhook/media/codec"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// keyBeep is how long the tone of a key is heard in the earpiece.
const keyBeep = 100 * time.Millisecond

// carryOut does one thing that the state machine ordered. None of it waits: SIP and sound have goroutines of their own.
func (p *Phone) carryOut(a desk.Action) {
	switch a := a.(type) {
	case desk.PlaceCall:
		p.place(a)
	case desk.SendRinging:
		if c := p.calls[a.Call]; c != nil {
			p.orWarn("ringing", string(a.Call), p.agent.Ring(string(a.Call), p.ours(c)))
		}
	case desk.AnswerCall:
		c := p.calls[a.Call]
		if c == nil {
			p.later(desk.CallEnded{Call: a.Call, Code: 481, Reason: "the call is gone"})
			return
		}
		p.orEnd(a.Call, "answering", p.agent.Answer(string(a.Call), p.ours(c)))
	case desk.RejectCall:
		p.orEnd(a.Call, "refusing", p.agent.Reject(string(a.Call), a.Code))
	case desk.EndCall:
		p.orEnd(a.Call, "hanging up", p.agent.HangUp(string(a.Call)))
	case desk.HoldCall:
		p.orWarn("holding", string(a.Call), p.agent.Hold(string(a.Call)))
	case desk.ResumeCall:
		p.orWarn("resuming", string(a.Call), p.agent.Resume(string(a.Call)))
	case desk.TransferCall:
		p.orKeep(a.Call, p.agent.Transfer(string(a.Call), a.Target))
	case desk.CompleteTransfer:
		p.orKeep(a.Call, p.agent.Join(string(a.Call), string(a.To)))
	case desk.SendDTMF:
		p.sendDigit(a.Call, a.Key)
	case desk.KeyClick:
		if h := p.handsets[a.Handset]; h != nil && h.sound != nil {
			h.sound.Beep(tone.DTMF(a.Key), keyBeep)
		}
	case desk.StartTimer:
		p.startTimer(a)
	case desk.StopTimer:
		p.stopTimer(a)
	case desk.Missed:
		e := control.Event{Type: control.EventMissed, Call: string(a.Call)}
		if c := p.calls[a.Call]; c != nil {
			e.Peer, e.PeerName, e.Account = c.peer, c.peerName, c.account
		}
		p.send(e)
	case desk.Refuse:
		p.refusal = a.Reason
	case desk.NotCalled:
		p.send(control.Event{Type: control.EventError, Call: string(a.Call), Handset: string(a.Handset), Peer: a.Target, Reason: a.Reason})
	default:
		p.log.Error("the state machine orders what the phone can't do", "action", a)
	}
}

// place opens the sound of a new call and sends its INVITE.
func (p *Phone) place(a desk.PlaceCall) {
	name := a.Account
	if name == "" {
		name = p.defaultAccount()
	}
	c := &call{id: a.Call, peer: a.Target, account: name, handset: a.Handset}
	if err := p.open(c); err != nil {
		p.fail(a.Call, 503, "placing a call", err)
		return
	}
	if err := p.agent.Dial(string(a.Call), name, a.Target, p.ours(c)); err != nil {
		code := 503
		if errors.Is(err, ua.ErrBadTarget) {
			code = 484
		}
		p.fail(a.Call, code, "placing a call", err)
	}
}

// defaultAccount is the first that is registered, else the first.
func (p *Phone) defaultAccount() string {
	for _, a := range p.accounts {
		if a.state == ua.Registered {
			return a.name
		}
	}
	if len(p.accounts) > 0 {
		return p.accounts[0].name
	}
	return ""
}

// ours is our end of a call's sound: its port, and what its account allows of the codecs that this build has.
func (p *Phone) ours(c *call) ua.LocalMedia {
	lm := ua.LocalMedia{Port: c.session.LocalPort(), RTCPMux: true}
	wish := codec.Names()
	for _, a := range p.accounts {
		if a.name == c.account && len(a.codecs) > 0 {
			wish = a.codecs
		}
	}
	for _, name := range wish {
		if _, err := codec.ByName(name); err != nil {
			p.log.Warn("a codec of the account can't be used", "account", c.account, "error", err)
			continue
		}
		lm.Codecs = append(lm.Codecs, name)
	}
	return lm
}

// fail ends a call that could not be carried out, as if the network had refused it. A command that wanted it is refused.
func (p *Phone) fail(id desk.CallID, code int, doing string, err error) {
	p.log.Error(doing, "call", id, "error", err)
	p.send(control.Event{Type: control.EventError, Call: string(id), Code: code, Reason: err.Error()})
	p.refusal = err.Error()
	p.inbox.post(func() { p.over(desk.CallEnded{Call: id, Code: code, Reason: err.Error()}) })
}

// lostPatience is how long a call that the user agent knows no more may go without its Ended.
const lostPatience = time.Second

// orEnd sees to it that a call ends here that the user agent knows no more. Its Ended is on the way then, as a rule: it
// crossed the order, and it knows better how the call ended.
func (p *Phone) orEnd(id desk.CallID, doing string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ua.ErrUnknownCall), errors.Is(err, ua.ErrState):
		p.log.Info(doing, "call", id, "error", err)
		time.AfterFunc(lostPatience, func() {
			p.inbox.post(func() {
				if _, still := p.state.Call(id); still || p.calls[id] != nil {
					p.over(desk.CallEnded{Call: id, Code: 481, Reason: "the call was lost"})
				}
			})
		})
	default:
		p.fail(id, 481, doing, err)
	}
}

// orKeep gives back a call whose transfer could not even be ordered.
func (p *Phone) orKeep(id desk.CallID, err error) {
	if err != nil {
		p.log.Info("transferring", "call", id, "error", err)
		p.inbox.post(func() { p.fromSIP(ua.Transfer{Call: string(id), Failed: true, Reason: err.Error()}) })
	}
}

// orWarn tells of an order that had no effect on the call.
func (p *Phone) orWarn(doing, call string, err error) {
	if err != nil {
		p.log.Warn(doing, "call", call, "error", err)
		p.send(control.Event{Type: control.EventError, Call: call, Reason: doing + ": " + err.Error()})
	}
}

// send gives an event to all who listen.
func (p *Phone) send(e control.Event) {
	e.Time = time.Now()
	p.outbox = append(p.outbox, func() { p.feeds.send(e) })
}
