package ua

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// referred is a transfer that the peer asked for: it wants us to call somebody
// else (RFC 3515). REFER is taken inside a dialog only; a stranger can not make
// this phone call anybody.
type referred struct {
	referral  *referral
	referrals int // REFERs followed so far
}

// referral is a REFER that we follow, and the reports we owe about it.
type referral struct {
	target string
	event  string // of our NOTIFYs
	quiet  bool   // no reports are wanted (RFC 4488)
	told   int
}

// referTarget reads a Refer-To header: whom to call, and the headers the
// INVITE is to have.
func referTarget(v string) (u sip.Uri, replaces string, must bool, err error) {
	bad := func(why string) (sip.Uri, string, bool, error) {
		return sip.Uri{}, "", false, fmt.Errorf("Refer-To %.200q: %s", v, why)
	}
	if _, rest, ok := strings.Cut(v, "<"); ok {
		if v, _, ok = strings.Cut(rest, ">"); !ok {
			return bad("no address")
		}
	} else { // its parameters are the header's
		v, _, _ = strings.Cut(v, ";")
	}
	v = strings.TrimSpace(v)
	v, headers, _ := strings.Cut(v, "?")
	if scheme, _, _ := strings.Cut(v, ":"); !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		return bad("only sip: and sips: addresses can be called")
	}
	if u, err = parseTarget(v, "sip", ""); err != nil {
		return bad(err.Error())
	}
	if m, ok := u.UriParams.Get("method"); ok && !strings.EqualFold(m, "INVITE") {
		return bad("only calls can be made")
	}
	u.UriParams.Remove("method")
	for h := range strings.SplitSeq(headers, "&") {
		name, value, _ := strings.Cut(h, "=")
		value, err := url.PathUnescape(value)
		if err != nil || !printable(value) || len(value) > 1024 {
			return bad("a header of it cannot be read")
		}
		switch {
		case strings.EqualFold(name, "Replaces"):
			replaces = value
		case strings.EqualFold(name, "Require"):
			must = must || strings.Contains(strings.ToLower(value), "replaces")
		}
	}
	return u, replaces, must, nil
}

// referredTo takes a REFER inside the dialog.
func (c *call) referredTo(req *sip.Request, tx *sip.ServerTx) {
	switch to := req.GetHeaders("Refer-To"); {
	case !c.is(up):
		c.a.refuse(req, tx, verdict{code: 481})
	case len(to) != 1:
		c.a.refuse(req, tx, verdict{code: 400})
	case c.heir != nil || c.transferring:
		c.a.refuse(req, tx, verdict{code: 491})
	default:
		uri, replaces, must, err := referTarget(to[0].Value())
		if err != nil {
			c.a.log.Info("a transfer was refused", "call", c.id, "error", err)
			c.a.refuse(req, tx, verdict{code: 400})
			return
		}
		if c.sips && !isSIPS(&uri) {
			c.a.log.Info("a transfer was refused: from a sips: address to one that is not", "call", c.id, "target", cut(uri.String()))
			c.a.refuse(req, tx, verdict{code: 403})
			return
		}
		c.follow(req, tx, uri, replaces, must)
	}
}

// follow accepts a REFER and calls whom it names.
func (c *call) follow(req *sip.Request, tx *sip.ServerTx, target sip.Uri, replaces string, must bool) {
	r := &referral{target: target.String(), event: "refer"}
	if n := c.referrals; n > 0 { // the first may go without (RFC 3515 section 2.4.6)
		r.event = "refer;id=" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
	}
	c.referrals++
	res := c.a.response(req, 202)
	res.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(req))})
	if strings.EqualFold(strings.TrimSpace(headerValue(req, "Refer-Sub")), "false") {
		r.quiet = true
		res.AppendHeader(sip.NewHeader("Refer-Sub", "false"))
	}
	if err := c.a.respond(tx, res); err != nil {
		return
	}
	c.referral = r
	n := newCall(c.a, c.id, c.acc)
	n.out = true
	c.adopt(n)
	if by := req.GetHeader("Referred-By"); by != nil && len(by.Value()) <= 512 && printable(by.Value()) {
		n.extra = append(n.extra, sip.NewHeader("Referred-By", by.Value()))
	}
	if replaces != "" {
		n.extra = append(n.extra, sip.NewHeader("Replaces", replaces))
		if must {
			n.extra = append(n.extra, sip.NewHeader("Require", "replaces"))
		}
	}
	c.referralProgress(100, reasonPhrase(100))
	n.dial(target)
}

// referralProgress reports how far the call is that we were referred to.
func (c *call) referralProgress(code int, reason string) {
	r := c.referral
	if r == nil || r.told == code {
		return
	}
	r.told = code
	c.report(code, reason, "active;expires=180")
	if !c.silent && !c.is(over) {
		c.a.emit(Referred{Call: c.id, Target: r.target, Code: code, Reason: reason})
	}
}

// referralOver reports how the call ended that we were referred to, or that it
// was answered.
func (c *call) referralOver(code int, reason string) {
	r := c.referral
	if r == nil {
		return
	}
	c.report(code, reason, "terminated;reason=noresource")
	c.referral = nil
	if code >= 300 && !c.silent && !c.is(over) {
		c.a.emit(Referred{Call: c.id, Target: r.target, Code: code, Reason: reason, Failed: true})
	}
}

// report sends a NOTIFY with a status line.
func (c *call) report(code int, reason, state string) {
	r := c.referral
	if r.quiet || c.lapsed {
		return
	}
	req := c.d.request(sip.NOTIFY, 0)
	req.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(nil))})
	req.AppendHeader(sip.NewHeader("Event", r.event))
	req.AppendHeader(sip.NewHeader("Subscription-State", state))
	req.AppendHeader(sip.NewHeader("Content-Type", "message/sipfrag;version=2.0"))
	req.SetBody(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, reason))
	c.transact(c.d, req, func(res *sip.Response, err error) {
		if err != nil {
			c.a.log.Debug("a report on a transfer was not taken", "call", c.id, "error", err)
		}
	})
}
