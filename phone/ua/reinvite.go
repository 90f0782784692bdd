package ua

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// setHold notes what the user wants and sees to it.
func (c *call) setHold(on bool) {
	c.wantHold = on
	c.pursue()
}

// pursue sends a re-INVITE when what is wanted is not what is agreed and
// nothing stands against it now. It is called again whenever something that
// stood against it has gone.
func (c *call) pursue() {
	if !c.is(up) || c.wantHold == c.localHold && !c.wantRefresh || c.reinviting || c.wait != nil || c.again != nil || c.sess.Offering() {
		return
	}
	hold := c.wantHold
	offer := c.sess.Offer
	if hold == c.localHold {
		offer = c.sess.Again
	}
	c.wantRefresh = false
	c.sess.SetHold(hold)
	body, err := offer()
	if err != nil {
		c.a.log.Warn("no offer can be made", "call", c.id, "error", err)
		return
	}
	c.reinviting = true
	req := c.d.request(sip.INVITE, 0)
	req.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(nil))})
	c.askTimer(req)
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
		c.timed(res)
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
