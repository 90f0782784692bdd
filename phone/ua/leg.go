package ua

import (
	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// leg is one answerer of a forked INVITE.
type leg struct {
	d    *dialog
	sess *sdp.Session // its answer, when one came
	r    sdp.Result
	rseq int  // of the last reliable 1xx; 0: none yet
	firm bool // the answer came in a reliable 1xx: it stands
	lost bool // another answered first, or we hung up: ACK and BYE were sent
}

// maxLegs bounds the forks of a call that are told apart.
const maxLegs = 16

// leg gives the leg of the response's To-tag, a new one when it is new; nil
// when there is no tag or there are too many.
func (c *call) leg(res *sip.Response) *leg {
	to := res.To()
	if to == nil {
		return nil
	}
	tag := to.Params.GetOr("tag", "")
	if l := c.legs[tag]; l != nil {
		return l
	}
	if tag == "" && !res.IsSuccess() || len(c.legs) >= maxLegs {
		return nil
	}
	d, err := dialogOut(c.sent, res, c.to.transport)
	if err != nil {
		c.a.log.Debug("a response creates no dialog", "call", c.id, "error", err)
		return nil
	}
	l := &leg{d: d}
	c.legs[tag] = l
	return l
}

// answerOf reads the answer of a leg. Each leg answers the same offer.
func (c *call) answerOf(l *leg, raw []byte) error {
	desc, err := sdp.Parse(raw)
	if err != nil {
		return err
	}
	sess := c.base.Clone()
	r, err := sess.SetAnswer(desc)
	if err != nil {
		return err
	}
	l.sess, l.r = sess, r
	return nil
}
