package ua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/sdp"
)

// inviting is the state of a call we make, until it is answered.
//
//	dial ─► INVITE ──1xx──► proceeding ──2xx──► up   (any other 2xx: ACK, BYE)
//	          │ ▲              │
//	          │ └─401,407──────┤
//	hangUp: wait for a 1xx,    └─ CANCEL ─► 487: done
//	        then CANCEL                     2xx: ACK, BYE
type inviting struct {
	callID, tag string
	dialled     sip.Uri         // whom it is to reach
	extra       []sip.Header    // what a REFER wants in the INVITE
	redirects   int             // 3xx that were followed
	visited     map[string]bool // where they led
	sent        *sip.Request    // the INVITE as sent last
	to          flow
	au          *auth
	base        *sdp.Session // the offer, unanswered: each fork answers a copy
	legs        map[string]*leg
	proceeding  bool // a provisional response came: CANCEL may be sent
	cancelling  bool // the user hung up
	cancelSent  bool
	settled     bool   // it has a final response
	giveUp      func() // ends its transaction
	told        Progress
	patience    *time.Timer // after CANCEL
	spares
}

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

// dial finds the way and sends the INVITE.
func (c *call) dial(target sip.Uri) {
	c.callID, c.tag, c.dialled, c.sips = token(), token(), target, isSIPS(&target)
	c.a.tracer.belongs(c.id, c.callID)
	c.legs = map[string]*leg{}
	c.reach(target, func(f flow) { c.sendInvite(target, f) })
}

// reach finds the way to target and calls f with it; the call ends when there
// is none.
func (c *call) reach(target sip.Uri, f func(flow)) {
	h, err := c.firstHop(&target)
	if err != nil {
		c.end(Ended{Code: 503, Reason: err.Error()})
		return
	}
	c.owed++
	go func() {
		way, err := c.a.reach(c.a.ctx, c.acc, h)
		c.serial.post(func() {
			c.owed--
			switch {
			case c.is(over):
				c.release()
			case err != nil:
				_, reason := unreachable(err)
				c.end(Ended{Code: 503, Reason: reason})
			default:
				f(way)
			}
		})
	}()
}

// firstHop is the proxy when there is one, the registrar for its own domain,
// else the target itself.
func (c *call) firstHop(target *sip.Uri) (hop, error) {
	if c.acc != nil && (c.acc.proxy != nil || len(c.acc.routes()) > 0 || strings.EqualFold(target.Host, c.acc.uri.Host) && target.Port == 0) {
		h, err := c.acc.hop()
		if err == nil && c.sips {
			h, err = h.secured()
		}
		return h, err
	}
	transport := "udp"
	if c.acc != nil {
		transport = c.acc.transport
	}
	h, err := hopOf(target, transport)
	c.secure(&h)
	return h, err
}

func (c *call) sendInvite(target sip.Uri, f flow) {
	c.to, c.au = f, c.auth()
	c.base = c.session(f)
	body, err := c.base.Offer()
	if err != nil {
		c.end(Ended{Code: 488, Reason: err.Error()})
		return
	}
	req := sip.NewRequest(sip.INVITE, target)
	from := &sip.FromHeader{}
	if c.acc != nil {
		from.Address, from.DisplayName = c.acc.uri, quoteName(c.acc.cfg.DisplayName)
		if c.acc.cfg.Anonymous { // RFC 3323 section 4.1, RFC 3325 section 9.2
			from.Address, from.DisplayName = sip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}, "Anonymous"
			c.extra = append(c.extra, sip.NewHeader("Privacy", "id"), sip.NewHeader("P-Preferred-Identity", "<"+c.acc.uri.String()+">"))
		}
		for _, r := range c.acc.routes() {
			req.AppendHeader(&sip.RouteHeader{Address: r})
		}
	} else {
		from.Address = sip.Uri{Scheme: "sip", User: "offhook", Host: f.local.Addr().String()}
	}
	from.Params.Add("tag", c.tag)
	id := sip.CallIDHeader(c.callID)
	hops := sip.MaxForwardsHeader(70)
	to := *target.Clone()
	to.UriParams, to.Port = nil, 0
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: to})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE})
	req.AppendHeader(&hops)
	req.AppendHeader(&sip.ContactHeader{Address: c.contactURI(f)})
	c.askTimer(req)
	for _, h := range c.extra {
		req.AppendHeader(h)
	}
	c.a.decorate(req)
	setSDP(req, body)
	c.a.mu.Lock()
	c.a.dialogs[dialogKey{c.callID, c.tag}] = c
	c.a.mu.Unlock()
	c.transmit(req)
}

// transmit sends the INVITE, the first or one with credentials.
func (c *call) transmit(req *sip.Request) {
	c.sent, c.proceeding, c.settled = req, false, false
	c.owed++
	c.linger++
	ctx, give := context.WithCancel(c.a.ctx)
	c.giveUp = give
	c.doubtful()
	go c.a.stack.request(ctx, req, c.to, nil,
		func(res *sip.Response) { c.serial.post(func() { c.inviteResponse(res) }) },
		func(err error) {
			give()
			c.serial.post(func() { c.inviteDone(req, err) })
		})
}

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

// cancel withdraws the INVITE: with CANCEL as soon as a provisional response
// shows that it arrived (RFC 3261 section 9.1).
func (c *call) cancel() {
	c.cancelling = true
	if c.proceeding {
		c.sendCancel()
	}
}

func (c *call) sendCancel() {
	if c.cancelSent || c.sent == nil {
		return
	}
	c.cancelSent = true
	inv := c.sent
	req := sip.NewRequest(sip.CANCEL, *inv.Recipient.Clone())
	req.AppendHeader(sip.HeaderClone(inv.Via()))
	sip.CopyHeaders("Route", inv, req)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(sip.HeaderClone(inv.From()))
	req.AppendHeader(sip.HeaderClone(inv.To()))
	req.AppendHeader(sip.HeaderClone(inv.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: inv.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.AppendHeader(&hops)
	req.AppendHeader(sip.NewHeader("User-Agent", c.a.cfg.UserAgent))
	req.SetBody(nil)
	// Some servers answer the CANCEL and never the INVITE (section 9.1).
	c.patience = c.after(64*sip.T1, c.giveUp)
	c.owed++
	go c.a.stack.cancel(c.a.ctx, req, inv, func(err error) {
		c.serial.post(func() {
			c.owed--
			c.release()
		})
	})
}
