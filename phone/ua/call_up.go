package ua

import (
	"math/rand/v2"
	"strconv"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// request takes a request of the peer inside the dialog.
func (c *call) request(req *sip.Request, tx *sip.ServerTx) {
	d := c.dialogOf(req)
	if d == nil {
		c.a.refuse(req, tx, verdict{code: 481})
		return
	}
	if !d.accept(req.CSeq().SeqNo) {
		c.a.refuse(req, tx, verdict{code: 500}) // older than what we have seen
		return
	}
	if c.d != nil && d != c.d {
		c.requestOfLost(req, tx)
		return
	}
	switch req.Method {
	case sip.BYE:
		c.hungUp(req, tx)
	case sip.INVITE:
		c.reinvited(req, tx)
	case sip.UPDATE:
		c.updated(req, tx, d)
	case sip.OPTIONS:
		c.a.respond(tx, c.a.capabilities(req))
	case sip.INFO:
		c.informed(req, tx)
	case sip.PRACK:
		c.pracked(req, tx)
	case sip.REFER:
		c.referredTo(req, tx)
	case sip.NOTIFY:
		c.notified(req, tx)
	default:
		c.a.refuse(req, tx, verdict{code: 405})
	}
}

// requestOfLost takes a request in the dialog of a fork that answered too late:
// it had our BYE, or will; the call is with somebody else.
func (c *call) requestOfLost(req *sip.Request, tx *sip.ServerTx) {
	if req.Method == sip.BYE {
		c.a.respond(tx, c.a.response(req, 200))
		return
	}
	c.a.refuse(req, tx, verdict{code: 481})
}

// dialogOf finds the dialog of a request whose Call-ID and To-tag are ours.
func (c *call) dialogOf(req *sip.Request) *dialog {
	tag := req.From().Params.GetOr("tag", "")
	if c.d != nil && c.d.remoteTag == tag {
		return c.d
	}
	if l := c.legs[tag]; l != nil {
		return l.d
	}
	return nil
}

// hungUp takes a BYE. One that crosses ours is as good.
func (c *call) hungUp(req *sip.Request, tx *sip.ServerTx) {
	c.a.respond(tx, c.a.response(req, 200))
	e := Ended{Code: 200, Reason: "the other side hung up", Remote: true, MissedElsewhere: elsewhere(req)}
	if t := reasonText(req); t != "" {
		e.Reason = t
	}
	switch {
	case c.is(ringing):
		// A caller may end an early dialog with BYE instead of CANCEL.
		if c.final(c.a.response(c.invite, 487)) {
			e.Code = 487
			c.end(e)
		}
	case c.is(up):
		c.stopWait()
		c.byeAfterAck = false
		if c.bequeath() {
			return // whom we were referred to has the call from now on
		}
		if c.transferred() {
			e.Reason = "transferred"
		}
		c.end(e)
	case c.is(over):
		c.lapsed = true
		if c.wait != nil {
			c.stopWait()
			c.byeAfterAck = false
			c.release()
		}
	}
}

// reinvited takes an INVITE inside the dialog (RFC 3261 section 14.2).
func (c *call) reinvited(req *sip.Request, tx *sip.ServerTx) {
	switch {
	case c.is(over):
		c.a.refuse(req, tx, verdict{code: 481})
		return
	case !c.is(up):
		c.a.refuse(req, tx, verdict{500, [][2]string{{"Retry-After", strconv.Itoa(rand.IntN(11))}}})
		return
	case c.reinviting, c.wait != nil && c.wait.offering, c.sess.Offering():
		c.a.refuse(req, tx, verdict{code: 491})
		return
	}
	body, r, late, ok := c.reanswer(req, tx)
	if !ok {
		return
	}
	c.d.refresh(req.Contact())
	c.way = flow{} // the target may be another one now
	res := c.a.response(req, 200)
	res.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(req))})
	c.grantTimer(req, res)
	setSDP(res, body)
	if err := c.a.respond(tx, res); err != nil {
		return
	}
	c.identify(req)
	go c.watch(tx)
	first := c.wait != nil && c.wait.first
	c.awaitAck(req, tx, res, first, late)
	if !late {
		c.agreed(r)
	}
}

// back is inFlow for a request inside the dialog.
func (c *call) back(req *sip.Request) flow {
	if c.invite == nil {
		// Our Contact is the one of our INVITE.
		return c.to
	}
	return c.inFlow()
}

// reanswer answers the offer in a re-INVITE or UPDATE, or makes one when
// there is none; ok is false when the request was refused.
func (c *call) reanswer(req *sip.Request, tx *sip.ServerTx) (body []byte, r sdp.Result, late, ok bool) {
	raw := sdpOf(req)
	if raw == nil {
		body, err := c.sess.Offer()
		if err != nil {
			c.a.refuse(req, tx, verdict{code: 500})
			return nil, r, false, false
		}
		return body, r, true, true
	}
	desc, err := sdp.Parse(raw)
	if err != nil {
		c.a.refuse(req, tx, verdict{code: 400})
		return nil, r, false, false
	}
	body, r, err = c.sess.Answer(desc)
	if err != nil {
		c.a.refuse(req, tx, unacceptable(desc, c.acc.encryption()))
		return nil, r, false, false
	}
	return body, r, false, true
}

// updated takes an UPDATE (RFC 3311): a new target, and perhaps an offer.
func (c *call) updated(req *sip.Request, tx *sip.ServerTx, d *dialog) {
	if c.is(over) {
		c.a.refuse(req, tx, verdict{code: 481})
		return
	}
	var body []byte
	if l := c.legs[d.remoteTag]; sdpOf(req) != nil && c.is(calling) && l != nil {
		if body = c.updatedEarly(req, tx, l); body == nil {
			return
		}
	} else if sdpOf(req) != nil {
		if !c.is(up) || c.reinviting || c.sess.Offering() {
			c.a.refuse(req, tx, verdict{code: 491})
			return
		}
		var r sdp.Result
		var ok bool
		if body, r, _, ok = c.reanswer(req, tx); !ok {
			return
		}
		defer c.agreed(r)
	}
	if d.refresh(req.Contact()) && d == c.d {
		c.way = flow{}
	}
	res := c.a.response(req, 200)
	if c.is(up) {
		res.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(req))})
	}
	if c.is(up) {
		c.grantTimer(req, res)
		c.identify(req)
	}
	if body != nil {
		setSDP(res, body)
	}
	c.a.respond(tx, res)
}

// updatedEarly answers an offer in an early dialog of ours, whose first answer
// came in a reliable 1xx (RFC 3311 section 5.2): the sound before the answer is
// to come from elsewhere.
func (c *call) updatedEarly(req *sip.Request, tx *sip.ServerTx, l *leg) []byte {
	if !l.firm {
		c.a.refuse(req, tx, verdict{code: 491})
		return nil
	}
	desc, err := sdp.Parse(sdpOf(req))
	if err != nil {
		c.a.refuse(req, tx, verdict{code: 400})
		return nil
	}
	body, r, err := l.sess.Answer(desc)
	if err != nil {
		c.a.refuse(req, tx, unacceptable(desc, c.acc.encryption()))
		return nil
	}
	l.r = r
	m := mediaOf(r)
	p := Progress{Call: c.id, Code: 183, Reason: reasonPhrase(183), Media: &m}
	if !same(p, c.told) {
		c.told = p
		c.emit(p)
	}
	return body
}
