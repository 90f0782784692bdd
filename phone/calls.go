package phone

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"offhook/media"
	"offhook/media/keying"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// call is what the loop keeps of a call beside the state machine's own record: its sound, and facts for the status.
type call struct {
	id       desk.CallID
	incoming bool
	peer     string
	peerName string
	account  string
	since    time.Time
	answered time.Time
	session  *media.Session
	codec    string
	failure  string // why we end it: its sound can't be encrypted
	digits   string // how keys are sent
	keys     keysHeard
	watch    soundWatch
	ring     string         // what its INVITE wants the phone to ring like
	diverted string         // whom it was for before it was forwarded here
	handset  desk.HandsetID // the last one that held it
	code     int            // how it ended
	reason   string
	sound    *control.Media // how its sound fared, at the end; nil when it had none
}

func (c *call) close() {
	if c.watch.timer != nil {
		c.watch.timer.Stop()
	}
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			return // the socket was gone already: nothing is left to give back
		}
	}
}

// open makes the call's record and the socket that its sound will use.
func (p *Phone) open(c *call) error {
	conn, err := p.cfg.ListenRTP(p.cfg.RTPLow, p.cfg.RTPHigh)
	if err != nil {
		return err
	}
	if err := media.Mark(conn, p.cfg.AudioDSCP); err != nil {
		p.log.Debug("sound goes out unmarked", "call", c.id, "error", err)
	}
	rtcp, err := media.ListenRTCP(conn)
	if err != nil {
		// Without it there are no reports from peers that want a port for them alone.
		p.log.Warn("no port for the reports on a call's sound", "call", c.id, "error", err)
	}
	id := c.id
	c.since = time.Now()
	c.session = media.NewSession(conn, media.SessionConfig{
		Logger:   p.log,
		RTCP:     rtcp,
		Identity: p.identity,
		OnKeyed:  func(err error) { p.inbox.post(func() { p.keyed(c, err) }) },
		OnEvent:  func(digit byte) { p.inbox.post(func() { p.keyHeard(id, byEvent, digit) }) },
		OnTone:   func(digit byte) { p.inbox.post(func() { p.keyHeard(id, byTone, digit) }) },
	})
	p.calls[id] = c
	return nil
}

// fromSIP handles one event of the user agent, on the loop.
func (p *Phone) fromSIP(e ua.Event) {
	if p.ending {
		return
	}
	switch e := e.(type) {
	case ua.Registration:
		p.registration(e)
	case ua.Incoming:
		c := &call{id: desk.CallID(e.Call), incoming: true, peer: e.From, peerName: e.FromName, account: e.Account}
		if err := p.open(c); err != nil {
			p.log.Error("refusing a call: no port for its sound", "from", e.From, "error", err)
			p.send(control.Event{Type: control.EventError, Call: e.Call, Peer: e.From, Reason: err.Error()})
			p.orWarn("refusing a call", e.Call, p.agent.Reject(e.Call, 503))
			return
		}
		p.incoming(c, e)
	case ua.Progress:
		p.progress(e)
	case ua.Answered:
		c := p.calls[desk.CallID(e.Call)]
		if c == nil {
			return
		}
		c.answered = time.Now()
		p.watchSound(c)
		p.setMedia(c, e.Media)
		p.feed(desk.CallAnswered{Call: c.id})
	case ua.MediaChanged:
		c := p.calls[desk.CallID(e.Call)]
		if c == nil {
			return
		}
		p.setMedia(c, e.Media)
		p.feed(desk.CallHeldByRemote{Call: c.id, Held: e.RemoteHold})
		if e.Refused == "" {
			return
		}
		// A hold that was refused stays one for our user: nothing is said or heard. A resume that was refused is none.
		what := "hold"
		if e.LocalHold {
			what = "resume"
			p.feed(desk.ResumeRefused{Call: c.id})
		}
		p.send(control.Event{Type: control.EventError, Call: e.Call, Reason: what + ": the other side refused: " + e.Refused})
	case ua.Transfer:
		p.transfer(e)
	case ua.Referred:
		p.send(control.Event{Type: control.EventTransfer, Call: e.Call, Direction: "in", Peer: e.Target,
			State: transferState(e.Failed, e.Code), Code: e.Code, Reason: e.Reason})
		p.feed(desk.CallReferred{Call: desk.CallID(e.Call), Alerting: e.Code == 180 && !e.Failed})
	case ua.Replaced:
		if c := p.calls[desk.CallID(e.Call)]; c != nil {
			c.peer, c.peerName = e.Peer, e.PeerName
			p.feed(desk.CallReplaced{Call: c.id, Peer: e.Peer, PeerName: e.PeerName})
		}
	case ua.KeyReceived:
		p.keyHeard(desk.CallID(e.Call), byInfo, e.Key)
	case ua.KeyRefused:
		p.send(control.Event{Type: control.EventError, Call: e.Call, Key: string(rune(e.Key)), Reason: "sending a digit: " + e.Reason})
	case ua.Ended:
		p.ended(e)
	}
}

// incoming offers a call to the state machine: who calls is whom the server vouches for, if it does.
func (p *Phone) incoming(c *call, e ua.Incoming) {
	if e.Caller.Asserted != "" {
		c.peer = e.Caller.Asserted
		if e.Caller.AssertedName != "" {
			c.peerName = e.Caller.AssertedName
		}
	}
	if e.Caller.Anonymous && (e.Caller.Asserted == "" || c.peerName == "") {
		c.peerName = "Anonymous"
	}
	c.ring = e.Caller.Ring
	var diverted []string
	for _, d := range e.Caller.Diverted {
		who := d.From
		if d.Reason != "" {
			who += " (" + d.Reason + ")"
		}
		diverted = append(diverted, who)
	}
	c.diverted = strings.Join(diverted, ", ")
	p.feed(desk.IncomingCall{Call: c.id, Account: e.Account, Peer: c.peer, PeerName: c.peerName})
	if after, yes := p.answersItself(e); yes {
		p.answerSoon(c.id, after)
	}
}

// transfer tells how a transfer of ours fares, and gives back a call of which nothing came.
func (p *Phone) transfer(e ua.Transfer) {
	p.send(control.Event{Type: control.EventTransfer, Call: e.Call, Direction: "out",
		State: transferState(e.Failed, e.Code), Code: e.Code, Reason: e.Reason})
	if e.Failed {
		p.feed(desk.TransferFailed{Call: desk.CallID(e.Call), Reason: e.Reason})
	}
}

// transferState is how far a transfer is, in the words of the socket.
func transferState(failed bool, code int) string {
	switch {
	case failed:
		return control.TransferFailed
	case code == 180:
		return control.CallAlerting
	}
	return control.CallProceeding
}

func (p *Phone) progress(e ua.Progress) {
	c := p.calls[desk.CallID(e.Call)]
	if c == nil {
		return
	}
	switch {
	case e.Media != nil:
		p.setMedia(c, *e.Media)
		p.feed(desk.CallEarlyMedia{Call: c.id})
	case e.Code == 180:
		p.feed(desk.CallAlerting{Call: c.id})
	default:
		p.feed(desk.CallProceeding{Call: c.id})
	}
}

// setMedia gives the session what offer and answer agreed on.
func (p *Phone) setMedia(c *call, m ua.Media) {
	c.codec = m.Codec
	wish := ""
	for _, a := range p.accounts {
		if a.name == c.account {
			wish = a.dtmf
		}
	}
	c.digits = digitsWay(wish, m)
	err := c.session.SetParams(media.Params{
		Remote:             m.Remote,
		Codec:              m.Codec,
		PayloadType:        m.PayloadType,
		EventPayloadType:   m.EventPayloadType,
		EventClock:         m.EventClock,
		PTime:              m.PTime,
		ReceivePayloadType: m.ReceivePayloadType, ReceiveEventPayloadType: m.ReceiveEventPayloadType,
		Send:    m.Send,
		Receive: m.Receive,
		DTX:     m.DTX, ComfortNoisePayloadType: m.ComfortNoise,
		Fmtp: m.Fmtp,
		RTCP: m.RTCP, RTCPMux: m.RTCPMux,
		DigitsInBand: c.digits == digitsInBand,
		SRTP:         media.SRTP{Suite: m.SRTP.Suite, Send: media.Secret(m.SRTP.Send), Receive: media.Secret(m.SRTP.Receive)},
		DTLS:         keying.Association{Fingerprints: m.DTLS.Fingerprints, ID: m.DTLS.ID, Client: m.DTLS.Client},
	})
	if err != nil {
		p.log.Error("setting up a call's sound", "call", c.id, "codec", m.Codec, "error", err)
		p.send(control.Event{Type: control.EventError, Call: string(c.id), Reason: err.Error()})
	}
	if errors.Is(err, media.ErrKeying) {
		p.endWithout(c, err)
	}
}

func (p *Phone) ended(e ua.Ended) {
	id := desk.CallID(e.Call)
	if e.MissedElsewhere {
		// Another phone of ours took it: nobody here missed a call.
		e.Reason = "answered elsewhere"
	}
	if c := p.calls[id]; c != nil && c.failure != "" {
		e.Reason = c.failure
	}
	p.over(desk.CallEnded{Call: id, Code: e.Code, Remote: e.Remote, Reason: e.Reason, Elsewhere: e.MissedElsewhere})
}

// over ends a call in the state machine, and then lets go of what belonged to it: by then no handset plays it.
func (p *Phone) over(e desk.CallEnded) {
	if c := p.calls[e.Call]; c != nil {
		c.code, c.reason = e.Code, e.Reason
		c.sound = p.fared(c)
	}
	p.feed(e)
	p.forget(e.Call)
}

// fared sums up a call's sound when it ends, for the log and for those who listen.
func (p *Phone) fared(c *call) *control.Media {
	if c.session == nil || c.codec == "" {
		return nil
	}
	m := mediaOf(c.session.Stats())
	keying, suite := c.encryption()
	p.log.Info("call ended", "call", c.id, "codec", m.Codec, "keying", cmp.Or(keying, "none"), "srtp", cmp.Or(suite, "none"), "sent", m.PacketsSent, "received", m.PacketsReceived,
		"lost", m.Lost, "late", m.Late, "longest_loss", m.LongestLoss, "concealed_ms", m.ConcealedMS, "jitter_ms", m.JitterMS,
		"delay_ms", m.DelayMS, "round_trip_ms", m.RoundTripMS, "remote_loss_percent", m.RemoteLossPercent,
		"r", m.R, "mos", m.MOS, "r_scale", m.RScale)
	return m
}

// forget lets go of a call that the state machine has let go of.
func (p *Phone) forget(id desk.CallID) {
	if c := p.calls[id]; c != nil {
		delete(p.calls, id)
		c.close()
	}
}

func (p *Phone) registration(e ua.Registration) {
	for _, a := range p.accounts {
		if a.name != e.Account {
			continue
		}
		a.state, a.code, a.step, a.server, a.reason, a.until = e.State, e.Code, e.Step, e.Server, e.Reason, time.Time{}
		if e.State == ua.Registered && e.Expires > 0 {
			a.until = time.Now().Add(e.Expires)
		}
		p.logRegistration(a)
		p.send(control.Event{Type: control.EventAccount, Account: a.name, State: e.State.String(), Code: e.Code, Step: string(e.Step), Reason: e.Reason})
	}
}

// logRegistration has the log say why an account is not registered, once and not at each attempt, and, to whoever reads of
// that, that it is again.
func (p *Phone) logRegistration(a *account) {
	switch {
	case a.state == ua.Failed && a.reason != a.logged:
		a.logged = a.reason
		p.log.Warn("an account is not registered", "account", a.name, "step", string(a.step), "code", a.code, "reason", a.reason)
	case a.state == ua.Registered && a.logged != "":
		a.logged = ""
		p.log.Warn("an account is registered again", "account", a.name, "server", a.server)
	}
}
