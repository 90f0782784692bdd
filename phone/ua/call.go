package ua

import (
	"crypto/rand"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// phase is how far a call is, as the Agent's methods judge it.
type phase int32

const (
	calling phase = iota // our INVITE is out
	ringing              // their INVITE waits for our answer
	up                   // answered
	over                 // Ended was sent; what the peer is still owed goes on behind
)

func (p phase) String() string {
	return [...]string{"calling", "ringing", "up", "over"}[p&3]
}

// call is one call. Its serial owns every field below it; nothing of it is
// touched elsewhere except phase, which is written by the serial only.
type call struct {
	a     *Agent
	id    string
	acc   *account // nil for a direct call
	out   bool
	phase atomic.Int32

	serial   *serial
	lm       LocalMedia
	sess     *sdp.Session
	d        *dialog // the dialog, once there is one
	contact  string  // user part of our Contact in this call
	sips     bool    // it must not leave TLS
	way      flow    // to the peer's next hop
	wayTo    hop     // which hop that is
	acks     []sentAck
	lastOut  chan struct{} // closed when the last request of a dialog is out; nil: there was none
	owed     int           // exchanges under way that the peer must still see through
	peerName string        // display name of the other side
	asserted string        // its URI as the server vouched for it last
	linger   int           // INVITE transactions that could still bring a 2xx

	// Outgoing, until answered.
	inviting
	// Incoming, until answered.
	offer    *sdp.Description // nil: the INVITE had none
	invite   *sip.Request
	serverTx *sip.ServerTx
	reminder *time.Timer // repeats 180
	expiry   *time.Timer // ends a call that nobody answers

	succession
	referring
	referred
	timer
	reliable
	infoKeys

	// Answered.
	media               Media
	haveMedia           bool
	wait                *ackWait // our 200 waits for its ACK
	reinviting          bool     // our re-INVITE is out
	wantRefresh         bool     // a re-INVITE that changes nothing is due
	again               *time.Timer
	wantHold, localHold bool
	remoteHold          bool
	byeAfterAck         bool
}

func newCall(a *Agent, id string, acc *account) *call {
	c := &call{a: a, id: id, acc: acc, contact: token()}
	c.serial = &serial{log: a.log, limit: 64, failed: func(any) { c.serial.post(c.abortAll) }}
	return c
}

func (c *call) setPhase(p phase) { c.phase.Store(int32(p)) }
func (c *call) is(p phase) bool  { return phase(c.phase.Load()) == p }

// session makes the offer/answer state for our end lm, reached over f.
func (c *call) session(f flow) *sdp.Session {
	addr := c.lm.Addr
	if !addr.IsValid() {
		addr = f.media()
	}
	l := sdp.Local{Addr: addr, Port: c.lm.Port, Codecs: c.lm.Codecs, PTime: c.lm.PTime,
		SilenceSuppression: c.acc != nil && c.acc.cfg.SilenceSuppression, RTCPMux: c.lm.RTCPMux, Encryption: c.acc.encryption(), Fingerprint: c.a.cfg.Fingerprint}
	rand.Read(l.Seed[:])
	return sdp.NewSession(l, random64())
}

// end sends Ended, once, and lets go of the id. The dialog stays known until
// the peer has had what it is owed.
func (c *call) end(e Ended) {
	if c.is(over) {
		return
	}
	c.setPhase(over)
	stop(&c.reminder)
	stop(&c.expiry)
	stop(&c.again)
	e.Call = c.id
	c.a.mu.Lock()
	if c.a.calls[c.id] == c {
		delete(c.a.calls, c.id)
	}
	c.a.mu.Unlock()
	if c.heir != nil { // the call ends, and with it what was to take its place
		h := c.heir
		c.heir, h.from, h.silent = nil, nil, true
		h.hangUp()
	}
	stop(&c.referTimer)
	stop(&c.refreshing)
	stop(&c.lapsing)
	c.stopReliable()
	c.transferring = false
	c.emit(e)
	c.release()
}

// release forgets the dialog when the call is over and nothing is under way.
func (c *call) release() {
	if !c.is(over) || c.owed > 0 || c.wait != nil {
		return
	}
	c.a.mu.Lock()
	delete(c.a.busy, c)
	if c.linger == 0 {
		c.forget()
	}
	c.a.mu.Unlock()
	c.a.checkIdle()
}

// forget requires c.a.mu.
func (c *call) forget() {
	for _, k := range c.keys() {
		if c.a.dialogs[k] == c {
			delete(c.a.dialogs, k)
		}
	}
}

func (c *call) keys() []dialogKey {
	var k []dialogKey
	if c.d != nil {
		k = append(k, dialogKey{c.d.callID, c.d.localTag})
	}
	if c.out && c.callID != "" {
		k = append(k, dialogKey{c.callID, c.tag})
	}
	return k
}

// abort ends a call whose handling failed.
func (c *call) abort() {
	if c.is(over) {
		return
	}
	defer c.end(Ended{Code: 500, Reason: "internal failure"})
	switch {
	case c.is(ringing) && c.serverTx != nil:
		c.final(c.a.response(c.invite, 500))
	case c.is(up):
		c.bye(c.d)
	}
}

func stop(t **time.Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}

// after runs f in the serial when d has passed.
func (c *call) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { c.serial.post(f) })
}

// hangUp ends the call from our side. The user need not wait for the peer:
// Ended goes out at once.
func (c *call) hangUp() {
	switch phase(c.phase.Load()) {
	case calling:
		c.cancel()
		c.end(Ended{Code: 487, Reason: "cancelled"})
	case ringing:
		c.reject(480)
	case up:
		c.leave("hung up")
	}
}

// leave ends an answered call from our side.
func (c *call) leave(reason string) {
	if c.wait != nil && !c.out && c.wait.first {
		// The callee must not send BYE before the ACK or the end of the
		// wait for it (RFC 3261 section 15).
		c.byeAfterAck = true
	} else {
		c.bye(c.d)
	}
	c.end(Ended{Code: 200, Reason: reason})
}

// fail ends an answered call that cannot go on.
func (c *call) fail(code int, reason string) {
	if c.is(over) {
		return
	}
	c.bye(c.d)
	c.end(Ended{Code: code, Reason: reason})
}

// mediaOf turns what was agreed into the exported form.
func mediaOf(r sdp.Result) Media {
	return Media{
		Remote: r.Remote, Codec: r.Codec, PayloadType: r.Payload, EventPayloadType: r.Events,
		ReceivePayloadType: r.ReceivePayload, ReceiveEventPayloadType: r.ReceiveEvents,
		EventClock: r.EventClock, PTime: r.PTime, Send: r.Send, Receive: r.Receive, DTX: r.DTX, ComfortNoise: r.ComfortNoise,
		Fmtp: r.Fmtp, SRTP: r.SRTP, DTLS: r.DTLS, RTCP: r.RTCP, RTCPMux: r.RTCPMux,
	}
}

// agreed takes the result of an exchange; after the first it tells of changes.
func (c *call) agreed(r sdp.Result) {
	m := mediaOf(r)
	changed := c.haveMedia && (m != c.media || r.RemoteHold != c.remoteHold)
	first := !c.haveMedia
	c.media, c.haveMedia, c.remoteHold = m, true, r.RemoteHold
	if c.is(over) {
		return
	}
	switch {
	case first && c.from != nil:
		c.succeed()
	case first:
		c.emit(Answered{Call: c.id, Media: m})
		if r.RemoteHold {
			c.tellMedia()
		}
	case changed:
		c.tellMedia()
	}
}

func (c *call) tellMedia() { c.emit(c.mediaChanged("")) }

func (c *call) mediaChanged(refused string) MediaChanged {
	return MediaChanged{Call: c.id, Media: c.media, RemoteHold: c.remoteHold, LocalHold: c.localHold, Refused: refused}
}
