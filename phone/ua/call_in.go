package ua

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// ringEvery is how often 180 is repeated so that proxies do not give the call
// up (RFC 3261 section 13.3.1.1).
const ringEvery = time.Minute

// watch follows the server transaction of an INVITE: an ACK that came with
// the branch of the INVITE, and its end.
func (c *call) watch(tx *sip.ServerTx) {
	for {
		select {
		case ack := <-tx.Acks():
			if v := vet(ack); v.code == 0 {
				c.serial.post(func() { c.acked(ack) })
			}
		case <-tx.Done():
			c.serial.post(func() {
				if c.is(ringing) {
					c.end(Ended{Code: 503, Reason: "the connection to the caller was lost", Remote: true})
				}
			})
			return
		}
	}
}

// matches says whether a CANCEL is for the INVITE of this call.
func (c *call) matches(cancel *sip.Request) bool {
	if c.out || c.invite == nil {
		return false
	}
	a, b := cancel.Via(), c.invite.Via()
	return cancel.CSeq().SeqNo == c.invite.CSeq().SeqNo && a.Params.GetOr("branch", "") == b.Params.GetOr("branch", "-")
}

// ringLongest is how long a call rings here when its INVITE says nothing of
// it: a caller that is gone without a word must not ring for ever, and proxies
// give up after three minutes themselves (timer C, RFC 3261 section 16.6).
const ringLongest = 3 * time.Minute

// limit ends the call when nobody has answered in the time that the caller
// (Expires, section 13.3.1) or ringLongest gives.
func (c *call) limit() {
	d, code := ringLongest, 480
	if h := c.invite.GetHeader("Expires"); h != nil {
		if s, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32); err == nil && time.Duration(s)*time.Second < d {
			d, code = max(time.Second, time.Duration(s)*time.Second), 487
		}
	}
	c.expiry = c.after(d, func() {
		if c.is(ringing) && c.final(c.a.response(c.invite, code)) {
			c.end(Ended{Code: code, Reason: "nobody answered"})
		}
	})
}

// ring sends 180.
func (c *call) ring() {
	if !c.is(ringing) {
		return
	}
	res := c.a.response(c.invite, 180)
	res.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.inFlow())})
	sent := false
	switch {
	case !c.mustBeReliable():
		sent = c.final(res)
	case c.offer != nil:
		sent = c.respondReliably(res)
	default:
		sent = c.ringOffering(res)
	}
	if sent {
		stop(&c.reminder)
		c.reminder = c.after(ringEvery, c.ring)
	}
}

// final sends a response to the INVITE that rings. It is false when the call
// is over: the caller cancelled in the same moment, or is gone.
func (c *call) final(res *sip.Response) bool {
	err := c.serverTx.Respond(res)
	switch {
	case err == nil:
		return true
	case errors.Is(err, sip.ErrTransactionCanceled):
		// sipgo has sent 487 and would now repeat, for the missing ACK, the
		// response it was given last, which is ours.
		c.serverTx.Respond(c.a.response(c.invite, 487))
		c.end(Ended{Code: 487, Reason: "the caller hung up", Remote: true})
	default:
		c.end(Ended{Code: 503, Reason: "the caller cannot be reached: " + err.Error(), Remote: true})
	}
	return false
}

// inFlow is the way the INVITE came: our address in it goes into Contact.
func (c *call) inFlow() flow {
	if c.way.valid() {
		return c.way
	}
	src := source(c.invite)
	if c.d.transport != "udp" {
		if conn := c.a.stack.stream(c.d.transport, src); conn != nil {
			return c.acc.dress(c.a.stack.dress(flow{transport: c.d.transport, local: addrPort(conn.LocalAddr()), remote: src}))
		}
	}
	f, err := c.a.stack.flowTo(c.a.ctx, endpoint{transport: "udp", addr: src})
	if err != nil {
		c.a.log.Warn("no way back to the caller", "call", c.id, "error", err)
	}
	f.transport = c.d.transport
	return c.acc.dress(f)
}

// answer sends 200. Nothing is waited for on the way.
func (c *call) answer(lm LocalMedia) {
	if !c.is(ringing) {
		return
	}
	stop(&c.reminder)
	stop(&c.expiry)
	if c.offering { // and answered, or it will be
		if c.answering = c.rel != nil; !c.answering {
			c.accept(nil)
		}
		return
	}
	lm.Codecs = c.a.codecs(c.acc, lm.Codecs)
	c.lm = lm
	f := c.inFlow()
	c.sess = c.session(f)
	var body []byte
	var err error
	if c.offer != nil {
		body, _, err = c.sess.Answer(c.offer)
	} else {
		body, err = lateOffer(c.sess)
	}
	if err != nil {
		if c.final(c.a.response(c.invite, 488)) {
			c.end(Ended{Code: 488, Reason: "no sound could be agreed on: " + err.Error()})
		}
		return
	}
	c.accept(body)
}

// accept sends 200, with a session description or, when the sound was agreed on
// while it rang, without.
func (c *call) accept(body []byte) {
	res := c.a.response(c.invite, 200)
	res.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.inFlow())})
	c.grantTimer(c.invite, res)
	if body != nil {
		setSDP(res, body)
	}
	if !c.final(res) {
		return
	}
	c.stopReliable()
	c.setPhase(up)
	c.awaitAck(c.invite, c.serverTx, res, true, c.offer == nil && body != nil)
	if r, ok := c.sess.Agreed(); ok {
		c.agreed(r)
	}
}

// reject refuses the call.
func (c *call) reject(code int) {
	if !c.is(ringing) {
		return
	}
	if c.final(c.a.response(c.invite, code)) {
		c.end(Ended{Code: code, Reason: "refused"})
	}
}

// cancelled: the caller gave up. bySipgo: the 487 is out already.
func (c *call) cancelled(req *sip.Request, bySipgo bool) {
	if !c.is(ringing) {
		return // our 200 was first: the caller will send BYE
	}
	if !bySipgo && !c.final(c.a.response(c.invite, 487)) {
		return
	}
	e := Ended{Code: 487, Reason: "the caller hung up", Remote: true}
	if req != nil {
		e.MissedElsewhere = elsewhere(req)
		if t := reasonText(req); t != "" {
			e.Reason = t
		}
	}
	c.end(e)
}
