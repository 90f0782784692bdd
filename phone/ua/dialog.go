package ua

import (
	"errors"
	"strings"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/grammar"
)

// dialog is the state of RFC 3261 section 12: what is needed to send the next
// request of a dialog and to judge a received one. Owned by its call.
type dialog struct {
	callID              string
	localTag, remoteTag string
	local, remote       sip.Uri // From and To of our requests
	localName           string
	localSeq, remoteSeq uint32
	haveRemoteSeq       bool
	target              sip.Uri   // the peer's Contact
	routes              []sip.Uri // in the order they are visited
	transport           string    // when target and routes name none
	sips                bool      // it must not leave TLS
}

var errNoContact = errors.New("the message has no usable Contact")

// dialogOut makes the dialog that a response to our INVITE creates.
func dialogOut(invite *sip.Request, res *sip.Response, transport string) (*dialog, error) {
	to, from := res.To(), invite.From()
	d := &dialog{
		callID: string(*invite.CallID()), localTag: from.Params.GetOr("tag", ""), remoteTag: to.Params.GetOr("tag", ""),
		local: from.Address, remote: to.Address, localName: from.DisplayName,
		localSeq: invite.CSeq().SeqNo, transport: transport, sips: isSIPS(&invite.Recipient),
	}
	// The route set is the Record-Route in reverse order.
	for _, h := range res.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok && len(d.routes) < maxRoutes {
			d.routes = append([]sip.Uri{rr.Address}, d.routes...)
		}
	}
	if !d.refresh(res.Contact()) {
		if res.IsSuccess() {
			return nil, errNoContact
		}
		d.target = invite.Recipient // an early dialog may do without
	}
	return d, nil
}

// dialogIn makes the dialog that a received INVITE begins.
func dialogIn(invite *sip.Request, localTag, transport string) (*dialog, error) {
	from, to := invite.From(), invite.To()
	d := &dialog{
		callID: string(*invite.CallID()), localTag: localTag, remoteTag: from.Params.GetOr("tag", ""),
		local: to.Address, remote: from.Address, localName: to.DisplayName,
		remoteSeq: invite.CSeq().SeqNo, haveRemoteSeq: true, transport: transport, sips: isSIPS(&invite.Recipient),
	}
	for _, h := range invite.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok && len(d.routes) < maxRoutes {
			d.routes = append(d.routes, rr.Address)
		}
	}
	if !d.refresh(invite.Contact()) {
		// RFC 2543 knew neither tags nor cookies, and did without Contact: its
		// requests went to From.
		if d.remoteTag != "" || invite.Contact() != nil || !strings.HasPrefix(invite.Via().Params.GetOr("branch", ""), grammar.OldBranch) ||
			!d.refresh(&sip.ContactHeader{Address: from.Address}) {
			return nil, errNoContact
		}
	}
	return d, nil
}

const maxRoutes = 16

// refresh takes a new remote target; false when c is none.
func (d *dialog) refresh(c *sip.ContactHeader) bool {
	if c == nil || c.Address.Wildcard || c.Address.Scheme != "sip" && c.Address.Scheme != "sips" || c.Address.Host == "" {
		return false
	}
	d.target = *c.Address.Clone()
	d.target.Headers = nil
	if d.sips && !isSIPS(&d.target) {
		d.target.Scheme = "sips"
		d.target.UriParams.Remove("transport")
	}
	return true
}

// request makes the next request of the dialog, without Via. ACK takes the
// number of the INVITE it acknowledges.
func (d *dialog) request(method sip.RequestMethod, ackSeq uint32) *sip.Request {
	target := *d.target.Clone()
	target.UriParams.Remove("method")
	routes := d.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") {
		// A strict router (RFC 3261 section 12.2.1.1).
		first := *routes[0].Clone()
		first.Headers = nil
		routes = append(append([]sip.Uri{}, routes[1:]...), target)
		target = first
	}
	req := sip.NewRequest(method, target)
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: *r.Clone()})
	}
	from := &sip.FromHeader{DisplayName: d.localName, Address: *d.local.Clone()}
	from.Params.Add("tag", d.localTag)
	to := &sip.ToHeader{Address: *d.remote.Clone()}
	if d.remoteTag != "" {
		to.Params.Add("tag", d.remoteTag)
	}
	seq := ackSeq
	if method != sip.ACK {
		d.localSeq++
		seq = d.localSeq
	}
	id := sip.CallIDHeader(d.callID)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&hops)
	req.SetBody(nil)
	return req
}

// next is where requests of the dialog go first.
func (d *dialog) next() (h hop, err error) {
	to := &d.target
	if len(d.routes) > 0 {
		to = &d.routes[0]
	}
	if h, err = hopOf(to, d.transport); d.sips {
		h.transport, h.guessed = "tls", false
	}
	return h, err
}

// accept judges the CSeq of a received request: false when it is older than
// what was seen (RFC 3261 section 12.2.2).
func (d *dialog) accept(seq uint32) bool {
	if d.haveRemoteSeq && seq <= d.remoteSeq {
		return false
	}
	d.remoteSeq, d.haveRemoteSeq = seq, true
	return true
}
