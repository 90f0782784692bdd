package ua

import (
	"math/rand/v2"
	"strconv"
	"time"

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
		if c.is(over) {
			c.a.refuse(req, tx, verdict{code: 481})
			return
		}
		c.a.respond(tx, c.a.response(req, 200))
	case sip.REFER:
		c.referredTo(req, tx)
	case sip.NOTIFY:
		c.notified(req, tx)
	default:
		c.a.refuse(req, tx, verdict{code: 405})
	}
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
	res.AppendHeader(&sip.ContactHeader{Address: contactURI(c.contact, c.back(req))})
	setSDP(res, body)
	if err := c.a.respond(tx, res); err != nil {
		return
	}
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
	if sdpOf(req) != nil {
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
		res.AppendHeader(&sip.ContactHeader{Address: contactURI(c.contact, c.back(req))})
	}
	if body != nil {
		setSDP(res, body)
	}
	c.a.respond(tx, res)
}

// setHold notes what the user wants and sees to it.
func (c *call) setHold(on bool) {
	c.wantHold = on
	c.pursue()
}

// pursue sends a re-INVITE when what is wanted is not what is agreed and
// nothing stands against it now. It is called again whenever something that
// stood against it has gone.
func (c *call) pursue() {
	if !c.is(up) || c.wantHold == c.localHold || c.reinviting || c.wait != nil || c.again != nil || c.sess.Offering() {
		return
	}
	hold := c.wantHold
	c.sess.SetHold(hold)
	body, err := c.sess.Offer()
	if err != nil {
		c.a.log.Warn("no offer can be made", "call", c.id, "error", err)
		return
	}
	c.reinviting = true
	req := c.d.request(sip.INVITE, 0)
	req.AppendHeader(&sip.ContactHeader{Address: contactURI(c.contact, c.back(nil))})
	setSDP(req, body)
	c.transact(c.d, req, func(res *sip.Response, err error) {
		c.reinviting = false
		if c.is(over) {
			return
		}
		c.reanswered(hold, res, err)
		c.proceed()
	})
}

// reanswered takes the outcome of our re-INVITE.
func (c *call) reanswered(hold bool, res *sip.Response, err error) {
	giveUp := func(why string) {
		// What was agreed before stands (section 14.1).
		c.sess.Cancel()
		c.sess.SetHold(c.localHold)
		c.wantHold = c.localHold
		c.a.log.Info("a change of the call was refused", "call", c.id, "reason", why)
		c.emit(c.mediaChanged(why))
	}
	if err != nil {
		code, reason := unreachable(err)
		c.fail(code, reason)
		return
	}
	switch code := res.StatusCode; {
	case res.IsSuccess():
		desc, err := sdp.Parse(sdpOf(res))
		var r sdp.Result
		if err == nil {
			r, err = c.sess.SetAnswer(desc)
		}
		if err != nil {
			giveUp(err.Error())
			return
		}
		c.d.refresh(res.Contact())
		c.way = flow{}
		before := c.localHold
		c.localHold = hold
		if m := mediaOf(r); before != hold || m != c.media || r.RemoteHold != c.remoteHold {
			c.media, c.remoteHold = m, r.RemoteHold
			c.tellMedia()
		}
		c.pursue()
	case code == 491:
		// Glare: the side that made the Call-ID waits longer (section 14.1).
		c.sess.Cancel()
		c.sess.SetHold(c.localHold)
		wait := time.Duration(rand.IntN(201)) * 10 * time.Millisecond
		if c.out {
			wait = 2100*time.Millisecond + time.Duration(rand.IntN(191))*10*time.Millisecond
		}
		c.again = c.after(wait, func() {
			c.again = nil
			c.pursue()
		})
	case code == 481 || code == 408:
		c.fail(code, "the other side does not know the call any more")
	default:
		giveUp(strconv.Itoa(code) + " " + displayName(res.Reason))
	}
}
