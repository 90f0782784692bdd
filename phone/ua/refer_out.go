package ua

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// referring is a transfer that we ordered: our REFER and what the peer reports
// of it (RFC 3515, RFC 5589).
//
//	Transfer, Join ─► REFER ──2xx──► NOTIFY 1xx … ──► NOTIFY 2xx ─► BYE, Ended
//	                    │                               NOTIFY ≥300, or none
//	                    └──────── refused ──────────────► Transfer{Failed}
type referring struct {
	transferring bool
	accepted     bool   // the REFER got its 2xx
	consultation string // the id of the call that is joined, if one is
	waiting      func() // a REFER that waits for a re-INVITE to be over
	referTimer   *time.Timer
}

// noNews is how long a transfer may take: as long as a telephone rings.
const noNews = 190 * time.Second

// Transfer hands the other side of a call to target (as in Dial), unattended.
// Transfer events follow, and Ended when it worked. The call should be on hold.
func (a *Agent) Transfer(id, target string) error {
	c, err := a.call(id)
	if err != nil {
		return err
	}
	uri, err := c.acc.dialled(target)
	if err != nil {
		return err
	}
	return a.in(id, func(c *call) { c.refer(uri.String(), "") }, up)
}

// Join connects the other sides of two calls with each other (attended
// transfer): the one of id is referred to the one of to, whose call with us
// it replaces (RFC 3891). Transfer events follow, and Ended of both when it
// worked. A call that still rings out is withdrawn, and its target called by
// the other side of id.
func (a *Agent) Join(id, to string) error {
	if id == to {
		return fmt.Errorf("join call %q with itself: %w", id, ErrState)
	}
	first, err := a.call(id)
	if err != nil {
		return err
	}
	if !first.is(up) {
		return fmt.Errorf("call %q is %v: %w", id, phase(first.phase.Load()), ErrState)
	}
	return a.in(to, func(c *call) {
		target, replaces := c.referTo()
		consulted := to
		if !replaces {
			consulted = ""
			c.hangUp()
		}
		first.serial.post(func() {
			if target == "" {
				first.transferFailed(0, "the other call is over")
				return
			}
			first.refer(target, consulted)
		})
	}, calling, up)
}

// referTo is what somebody who takes our place in this call must be referred
// to: the peer itself, with the dialog to replace, when it has answered.
func (c *call) referTo() (target string, replaces bool) {
	switch {
	case c.is(up) && c.d != nil:
		t := *c.d.target.Clone()
		t.UriParams.Remove("method")
		return t.String() + "?Replaces=" + escapeHeader(replacesValue(c.d)), true
	case c.is(calling) && c.sent != nil:
		return c.sent.Recipient.String(), false
	}
	return "", false
}

// replacesValue names dialog d to the peer: its own tag is the to-tag.
func replacesValue(d *dialog) string {
	return d.callID + ";to-tag=" + d.remoteTag + ";from-tag=" + d.localTag
}

// escapeHeader escapes the value of a header inside a URI (RFC 3261 section
// 19.1.1: hvalue).
func escapeHeader(v string) string {
	return strings.ReplaceAll(url.QueryEscape(v), "+", "%20")
}

// refer sends the REFER. to is the id of the call that is joined.
func (c *call) refer(target, to string) {
	if !c.is(up) || c.transferring {
		c.emit(Transfer{Call: c.id, Failed: true, Reason: "the call is being transferred already, or is over"})
		return
	}
	c.transferring, c.accepted, c.consultation = true, false, to
	c.referTimer = c.after(noNews, func() { c.transferFailed(0, "nothing was heard of the transfer") })
	// The call was put on hold for this as a rule; many telephones refuse a
	// second request before the first is answered.
	c.waiting = func() { c.sendRefer(target) }
	c.proceed()
}

// proceed sends the REFER that waits when nothing stands against it.
func (c *call) proceed() {
	if c.waiting == nil || !c.is(up) || c.reinviting || c.wait != nil || c.again != nil {
		return
	}
	f := c.waiting
	c.waiting = nil
	f()
}

func (c *call) sendRefer(target string) {
	req := c.d.request(sip.REFER, 0)
	req.AppendHeader(&sip.ContactHeader{Address: c.contactURI(c.back(nil))})
	req.AppendHeader(sip.NewHeader("Refer-To", "<"+target+">"))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+c.d.local.String()+">"))
	c.transact(c.d, req, func(res *sip.Response, err error) {
		if !c.transferring {
			return
		}
		switch {
		case err != nil:
			code, reason := unreachable(err)
			c.transferFailed(code, reason)
		case !res.IsSuccess():
			c.transferFailed(res.StatusCode, "the other side refused to be transferred: "+strconv.Itoa(res.StatusCode)+" "+displayName(res.Reason))
		case strings.EqualFold(strings.TrimSpace(headerValue(res, "Refer-Sub")), "false"):
			c.transferDone() // it will report nothing (RFC 4488)
		default:
			c.accepted = true
		}
	})
}

// notified takes a NOTIFY about our REFER.
func (c *call) notified(req *sip.Request, tx *sip.ServerTx) {
	event, _, _ := strings.Cut(headerValue(req, "Event"), ";")
	switch {
	case !strings.EqualFold(strings.TrimSpace(event), "refer"):
		c.a.refuse(req, tx, verdict{code: 489})
		return
	case !c.transferring && !c.is(over):
		c.a.refuse(req, tx, verdict{code: 481})
		return
	}
	c.a.respond(tx, c.a.response(req, 200))
	if !c.transferring {
		return
	}
	c.accepted = true // the NOTIFY may overtake the 2xx
	code, reason := sipfrag(req.Body())
	state, _, _ := strings.Cut(headerValue(req, "Subscription-State"), ";")
	switch {
	case code >= 300:
		c.transferFailed(code, "the transfer failed: "+strconv.Itoa(code)+" "+reason)
	case code >= 200:
		c.transferDone()
	case strings.EqualFold(strings.TrimSpace(state), "terminated"):
		c.transferFailed(0, "the other side does not say what became of the transfer")
	case code >= 100:
		c.emit(Transfer{Call: c.id, Code: code, Reason: reason})
	}
}

// sipfrag reads the status line that a message/sipfrag begins with; 0: there is
// none.
func sipfrag(body []byte) (code int, reason string) {
	line, _, _ := strings.Cut(string(body[:min(len(body), 512)]), "\n")
	f := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(f) < 2 || !strings.EqualFold(f[0], "SIP/2.0") {
		return 0, ""
	}
	code, err := strconv.Atoi(f[1])
	if err != nil || code < 100 || code > 699 {
		return 0, ""
	}
	if len(f) == 3 {
		reason = displayName(f[2])
	}
	return code, reason
}

// transferDone: the others talk to each other.
func (c *call) transferDone() {
	c.leaveConsultation()
	c.transferring = false
	c.leave("transferred")
}

// transferred says whether a BYE of the peer is the success of a transfer that
// it had agreed to.
func (c *call) transferred() bool {
	if !c.transferring || !c.accepted {
		return false
	}
	c.leaveConsultation()
	c.transferring = false
	return true
}

// leaveConsultation: whoever was consulted gets a BYE from us when it does not
// send one itself, now that the call with us is replaced.
func (c *call) leaveConsultation() {
	id, a := c.consultation, c.a
	c.consultation = ""
	if id == "" {
		return
	}
	time.AfterFunc(byePatience, func() {
		if o, err := a.call(id); err == nil {
			o.serial.post(o.hangUp)
		}
	})
}

// transferFailed: the call is ours still.
func (c *call) transferFailed(code int, reason string) {
	stop(&c.referTimer)
	c.transferring, c.consultation, c.waiting = false, "", nil
	if !c.is(over) {
		c.emit(Transfer{Call: c.id, Code: code, Reason: reason, Failed: true})
	}
}
