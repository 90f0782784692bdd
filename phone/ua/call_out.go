package ua

import (
	"context"
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
