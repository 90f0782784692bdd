package ua

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// reliable is our part in provisional responses that arrive for certain (RFC
// 3262). A peer may send its 1xx so, and is answered with PRACK; we send our
// 180 so only to a caller who requires it.
type reliable struct {
	rseq      uint32 // of our last reliable 1xx
	rel       *sentReliable
	offering  bool // our offer went in a 1xx, whose PRACK has the answer
	answering bool // the user has answered; the 200 must wait for that PRACK
}

// sentReliable is a 1xx of ours that waits for its PRACK.
type sentReliable struct {
	res   *sip.Response
	every time.Duration
	until time.Time
	timer *time.Timer
}

// prack answers a reliable 1xx of a leg; false: it was seen before, or came
// before one that is missing, and must be passed over.
func (c *call) prack(l *leg, res *sip.Response) bool {
	rseq := seconds(strings.TrimSpace(headerValue(res, "RSeq"))) // a number of 31 bits, too
	if rseq < 1 || l.rseq != 0 && rseq != l.rseq+1 {
		return false
	}
	l.rseq = rseq
	req := l.d.request(sip.PRACK, 0)
	req.AppendHeader(sip.NewHeader("RAck", strconv.Itoa(rseq)+" "+strconv.FormatUint(uint64(res.CSeq().SeqNo), 10)+" INVITE"))
	c.transact(l.d, req, func(res *sip.Response, err error) {
		if err != nil || !res.IsSuccess() {
			c.a.log.Debug("PRACK was not taken", "call", c.id, "error", err)
		}
	})
	return true
}

// mustBeReliable says whether the caller insists on reliable 1xx.
func (c *call) mustBeReliable() bool { return lists(c.invite, "Require", "100rel") }

// ringOffering sends the first reliable 180 to a caller who has made no offer:
// the offer must be in it (RFC 3262 section 5), so our end of the sound must be
// known. Where it is not, nothing is sent, and the 200 makes the offer.
func (c *call) ringOffering(res *sip.Response) bool {
	if c.offering {
		return c.respondReliably(res)
	}
	if c.lm.Port == 0 {
		return true
	}
	sess := c.session(c.inFlow())
	body, err := lateOffer(sess)
	if err != nil {
		c.a.log.Debug("no offer can be made while it rings", "call", c.id, "error", err)
		return true
	}
	setSDP(res, body)
	c.sess, c.offering = sess, true
	return c.respondReliably(res)
}

// respondReliably sends a 1xx until its PRACK comes. Without a PRACK in half a
// minute the call is given up (RFC 3262 section 3).
func (c *call) respondReliably(res *sip.Response) bool {
	if c.rel != nil {
		return true // one at a time; the last still waits
	}
	if c.rseq == 0 {
		c.rseq = 1 + rand.Uint32N(1<<30)
	} else {
		c.rseq++
	}
	res.AppendHeader(sip.NewHeader("Require", "100rel"))
	res.AppendHeader(sip.NewHeader("RSeq", strconv.FormatUint(uint64(c.rseq), 10)))
	if !c.final(res) {
		return false
	}
	c.rel = &sentReliable{res: res, every: sip.T1, until: time.Now().Add(64 * sip.T1)}
	c.armReliable(c.rel)
	return true
}

func (c *call) armReliable(r *sentReliable) {
	r.timer = c.after(r.every, func() {
		switch {
		case c.rel != r || !c.is(ringing):
		case !time.Now().Before(r.until):
			c.rel = nil
			if c.final(c.a.response(c.invite, 504)) {
				c.end(Ended{Code: 504, Reason: "the caller never confirmed that it heard of the ringing"})
			}
		case c.final(r.res):
			r.every *= 2
			c.armReliable(r)
		}
	})
}

func (c *call) stopReliable() {
	if c.rel != nil {
		c.rel.timer.Stop()
		c.rel = nil
	}
}

// pracked takes a PRACK.
func (c *call) pracked(req *sip.Request, tx *sip.ServerTx) {
	f := strings.Fields(headerValue(req, "RAck"))
	if c.rel == nil || c.invite == nil || len(f) != 3 || f[0] != strconv.FormatUint(uint64(c.rseq), 10) ||
		f[1] != strconv.FormatUint(uint64(c.invite.CSeq().SeqNo), 10) || !strings.EqualFold(f[2], "INVITE") {
		c.a.refuse(req, tx, verdict{code: 481})
		return
	}
	raw := sdpOf(req)
	switch waits := c.offering && c.sess.Offering(); {
	case waits:
		desc, err := sdp.Parse(raw)
		if err == nil {
			_, err = c.sess.SetAnswer(desc)
		}
		if err != nil {
			c.a.refuse(req, tx, verdict{code: 488})
			if c.final(c.a.response(c.invite, 488)) {
				c.end(Ended{Code: 488, Reason: "no sound could be agreed on: " + err.Error()})
			}
			return
		}
	case raw != nil: // an offer while its first one has no answer yet
		c.a.refuse(req, tx, verdict{code: 488})
		return
	}
	c.stopReliable()
	c.a.respond(tx, c.a.response(req, 200))
	if c.answering {
		c.accept(nil)
	}
}
