package ua

import (
	"errors"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// inviteDone: the transaction is over, half a minute after its last response
// or for an error.
func (c *call) inviteDone(req *sip.Request, err error) {
	c.linger--
	if req == c.sent && !c.moving {
		c.settle()
	}
	if req == c.sent && !c.moving && c.is(calling) && !c.elsewhere() {
		code, reason := unreachable(err)
		c.end(Ended{Code: code, Reason: reason})
	}
	c.release()
}

// inviteResponse takes a response to our INVITE, repeated ones too.
func (c *call) inviteResponse(res *sip.Response) {
	if cseq := res.CSeq(); cseq == nil || cseq.SeqNo != c.sent.CSeq().SeqNo {
		if !res.IsSuccess() {
			return // of an INVITE that was sent again since
		}
	}
	switch {
	case res.IsProvisional():
		c.provisional(res)
	case res.IsSuccess():
		c.success(res)
	case res.StatusCode == 503 && c.elsewhere():
	default:
		c.settle()
		c.refused(res)
	}
}

// settle notes that the INVITE has its final response.
func (c *call) settle() {
	stop(&c.patience)
	if !c.settled {
		c.settled = true
		c.owed--
	}
	c.release()
}

func (c *call) provisional(res *sip.Response) {
	c.proceeding = true
	stop(&c.doubt)
	if c.cancelling {
		c.sendCancel()
		return
	}
	if res.StatusCode == 100 || !c.is(calling) {
		return
	}
	p := Progress{Call: c.id, Code: res.StatusCode, Reason: displayName(res.Reason)}
	if l := c.leg(res); l != nil {
		firm := lists(res, "Require", "100rel")
		if firm && !c.prack(l, res) {
			return
		}
		if raw := sdpOf(res); raw != nil && !l.firm {
			// A description nobody can use must not end a call that rings.
			if err := c.answerOf(l, raw); err != nil {
				c.a.log.Debug("early media cannot be used", "call", c.id, "error", err)
			} else {
				l.firm = firm
			}
		}
		if l.sess != nil {
			m := mediaOf(l.r)
			p.Media = &m
		}
	}
	if same(p, c.told) {
		return // a repetition
	}
	c.told = p
	c.emit(p)
}

func same(a, b Progress) bool {
	if a.Code != b.Code || a.Reason != b.Reason || (a.Media == nil) != (b.Media == nil) {
		return false
	}
	return a.Media == nil || *a.Media == *b.Media
}

// success takes a 2xx. Each one gets an ACK; the first from a callee we still
// want is the call, every other callee gets a BYE.
func (c *call) success(res *sip.Response) {
	sent := c.sent
	if seq := res.CSeq().SeqNo; seq != sent.CSeq().SeqNo {
		// Of the INVITE before it was sent again, with credentials or elsewhere.
		if seq > sent.CSeq().SeqNo {
			return
		}
		sent = sent.Clone()
		sent.CSeq().SeqNo = seq
	} else {
		defer c.settle()
	}
	l := c.leg(res)
	if l == nil {
		if c.is(calling) {
			c.cancelling = true
			c.end(Ended{Code: 502, Reason: "the answer has no address to confirm it to"})
		}
		return
	}
	// The response that makes the dialog decides its target and route set.
	if d, err := dialogOut(sent, res, c.to.transport); err == nil && l.d != c.d && !l.lost {
		d.localSeq = max(d.localSeq, l.d.localSeq)
		d.remoteSeq, d.haveRemoteSeq = l.d.remoteSeq, l.d.haveRemoteSeq
		l.d = d
	}
	if l.d == c.d || l.lost {
		c.ack(l.d, sent) // a repetition: our ACK was lost
		return
	}
	if c.d != nil || !c.is(calling) {
		l.lost = true
		c.ack(l.d, sent)
		c.bye(l.d)
		return
	}
	c.d = l.d
	c.ack(l.d, sent)
	raw := sdpOf(res)
	var err error
	switch {
	case raw != nil && !l.firm:
		err = c.answerOf(l, raw)
	case l.sess == nil:
		err = errors.New("the answer has no session description")
	}
	if err != nil {
		l.lost = true
		c.bye(l.d)
		c.end(Ended{Code: 488, Reason: fmt.Sprintf("no sound could be agreed on: %v", err)})
		return
	}
	c.sess = l.sess
	c.setPhase(up)
	if id := values(res, "P-Asserted-Identity"); len(id) > 0 {
		_, c.asserted = nameAddr(id[0]) // said again in the call, it is no news
	}
	c.timed(res)
	c.agreed(l.r)
}

// refused takes a final response from 300 up.
func (c *call) refused(res *sip.Response) {
	if !c.is(calling) {
		return
	}
	if challenged(res) && !c.cancelling {
		next, err := c.au.again(c.sent, res)
		if err == nil {
			c.transmit(next)
			return
		}
		reason := displayName(res.Reason)
		switch {
		case errors.Is(err, errRefused) && c.acc != nil:
			reason = fmt.Sprintf("the server refused the password of account %s", c.acc.cfg.Name)
		case errors.Is(err, errNoPassword), errors.Is(err, errNoChallenge):
			reason = err.Error()
		}
		c.end(Ended{Code: res.StatusCode, Reason: reason, Remote: true})
		return
	}
	switch {
	case c.cancelling:
	case res.StatusCode == 422 && c.again422(res):
		return
	case res.StatusCode < 400 && c.redirected(res), c.lowered(res):
		return
	}
	c.end(Ended{Code: res.StatusCode, Reason: displayName(res.Reason), Remote: true})
}
