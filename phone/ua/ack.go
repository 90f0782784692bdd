package ua

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// sentAck is an ACK that a repeated 2xx wants again.
type sentAck struct {
	seq uint32
	tag string // the peer's
	req *sip.Request
	to  flow
}

// ack confirms a 2xx to invite in dialog d, or confirms it again with the
// very same ACK.
func (c *call) ack(d *dialog, invite *sip.Request) {
	seq := invite.CSeq().SeqNo
	for _, a := range c.acks {
		if a.seq == seq && a.tag == d.remoteTag {
			c.a.stack.send(a.req, a.to)
			c.writeAck(a.req)
			return
		}
	}
	req := d.request(sip.ACK, seq)
	// The ACK carries the credentials of the INVITE (section 22.1).
	sip.CopyHeaders("Authorization", invite, req)
	sip.CopyHeaders("Proxy-Authorization", invite, req)
	req.AppendHeader(sip.NewHeader("User-Agent", c.a.cfg.UserAgent))
	c.toward(d, func(f flow, err error) {
		if err != nil {
			c.a.log.Warn("an answer cannot be confirmed", "call", c.id, "error", err)
			return
		}
		c.a.stack.address(req, f)
		c.writeAck(req)
		if len(c.acks) >= maxLegs {
			c.acks = c.acks[1:]
		}
		c.acks = append(c.acks, sentAck{seq, d.remoteTag, req, f})
	})
}

// strayAnswer takes a 2xx whose transaction is gone: of an INVITE or re-INVITE
// of ours whose ACK got lost, or of a fork that answers late.
func (c *call) strayAnswer(res *sip.Response) {
	tag := ""
	if to := res.To(); to != nil {
		tag = to.Params.GetOr("tag", "")
	}
	for _, a := range c.acks {
		if a.seq == res.CSeq().SeqNo && a.tag == tag {
			c.a.stack.send(a.req, a.to)
			c.writeAck(a.req)
			return
		}
	}
	if c.out && c.sent != nil && res.CSeq().SeqNo <= c.sent.CSeq().SeqNo {
		c.success(res)
	}
}

func (c *call) writeAck(req *sip.Request) {
	if err := c.a.stack.write(req); err != nil {
		c.a.log.Debug("ACK could not be sent", "call", c.id, "error", err)
	}
}

// ackWait is our 200 to an INVITE waiting for its ACK: sent again at T1, 2·T1,
// … T2 whatever the transport, for 64·T1 (RFC 3261 section 13.3.1.4).
type ackWait struct {
	seq      uint32
	first    bool // of the INVITE that began the call
	offering bool // our offer was in the 200, the ACK must answer it
	tx       *sip.ServerTx
	res      *sip.Response
	every    time.Duration
	timer    *time.Timer
	until    time.Time
}

// awaitAck begins the wait for the ACK of res.
func (c *call) awaitAck(req *sip.Request, tx *sip.ServerTx, res *sip.Response, first, offering bool) {
	c.stopWait()
	w := &ackWait{seq: req.CSeq().SeqNo, first: first, offering: offering, tx: tx, res: res,
		every: sip.T1, until: time.Now().Add(64 * sip.T1)}
	c.wait = w
	c.armWait(w)
}

func (c *call) armWait(w *ackWait) {
	w.timer = c.after(w.every, func() {
		if c.wait != w {
			return
		}
		if !time.Now().Before(w.until) {
			c.noAck(w)
			return
		}
		if err := w.tx.Respond(w.res); err != nil {
			c.a.log.Debug("200 could not be sent again", "call", c.id, "error", err)
		}
		w.every = min(2*w.every, sip.T2, time.Until(w.until))
		c.armWait(w)
	})
}

func (c *call) stopWait() {
	if c.wait != nil {
		c.wait.timer.Stop()
		c.wait = nil
	}
}

// noAck: the caller never confirmed. The call exists for it or it does not;
// BYE settles that.
func (c *call) noAck(w *ackWait) {
	c.stopWait()
	c.bye(c.d)
	c.end(Ended{Code: 408, Reason: "the other side never confirmed the answer"})
	c.release()
}

// acked takes an ACK of the dialog.
func (c *call) acked(req *sip.Request) {
	w := c.wait
	if w == nil || req.CSeq().SeqNo != w.seq || req.From().Params.GetOr("tag", "") != c.d.remoteTag {
		return
	}
	c.stopWait()
	if c.byeAfterAck {
		c.byeAfterAck = false
		c.bye(c.d)
	}
	if c.is(over) {
		c.release()
		return
	}
	if w.offering {
		raw := sdpOf(req)
		var r sdp.Result
		desc, err := sdp.Parse(raw)
		if err == nil {
			r, err = c.sess.SetAnswer(desc)
		}
		switch {
		case err == nil:
			c.agreed(r)
		case c.haveMedia:
			// A refresh that failed: what was agreed before still stands.
			c.sess.Cancel()
			c.a.log.Info("the answer in an ACK cannot be used", "call", c.id, "error", err)
		default:
			c.fail(488, "no sound could be agreed on: "+err.Error())
			return
		}
	}
	c.pursue()
	c.proceed()
}
