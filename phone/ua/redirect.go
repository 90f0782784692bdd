package ua

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// maxRedirects bounds how often a call is sent elsewhere.
const maxRedirects = 5

// redirected follows a 3xx to our INVITE, as the account allows; false: it is
// the end of the call (and says so to the user with the address in it).
func (c *call) redirected(res *sip.Response) bool {
	if c.redirects >= maxRedirects {
		return false
	}
	for _, target := range redirectTargets(res) {
		if c.visited[target.String()] || !c.mayFollow(&target) {
			continue
		}
		c.redirects++
		if c.visited == nil {
			c.visited = map[string]bool{}
		}
		c.visited[target.String()] = true
		c.emit(Progress{Call: c.id, Code: 181, Reason: "forwarded to " + displayName(target.User+"@"+target.Host)})
		c.legs = map[string]*leg{}
		c.retarget(target)
		return true
	}
	return false
}

// mayFollow is the policy. A stranger's 302 can cost money, so by default a
// call stays in the account's own domain.
func (c *call) mayFollow(target *sip.Uri) bool {
	if c.acc == nil || c.sips && !isSIPS(target) {
		return false
	}
	switch c.acc.cfg.Redirects {
	case "any":
		return true
	case "off":
		return false
	}
	return strings.EqualFold(target.Host, c.acc.uri.Host)
}

// redirectTargets gives the Contacts of a 3xx that can be called, best first.
func redirectTargets(res *sip.Response) []sip.Uri {
	type choice struct {
		uri sip.Uri
		q   float64
	}
	var list []choice
	for _, h := range res.GetHeaders("Contact") {
		ct, ok := h.(*sip.ContactHeader)
		if !ok || len(list) >= 16 || !strings.EqualFold(ct.Address.Scheme, "sip") && !isSIPS(&ct.Address) || ct.Address.Wildcard {
			continue
		}
		u, err := parseTarget(ct.Address.String(), "sip", "")
		if err != nil {
			continue
		}
		q := 1.0
		if v, ok := ct.Params.Get("q"); ok {
			if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 && n <= 1 {
				q = n
			}
		}
		at := len(list)
		for at > 0 && list[at-1].q < q {
			at--
		}
		list = append(list[:at], append([]choice{{u, q}}, list[at:]...)...)
	}
	var out []sip.Uri
	for _, c := range list {
		out = append(out, c.uri)
	}
	return out
}

// retarget sends the INVITE again, to somebody else (RFC 3261 section 8.1.3.4:
// To, From and Call-ID stay).
func (c *call) retarget(target sip.Uri) {
	next := repeat(c.sent)
	next.Recipient = target
	c.sips = isSIPS(&target)
	c.sent, c.proceeding = next, false // the transaction of the old one ends meanwhile
	c.reach(target, func(f flow) {
		c.to = f
		// We may be reached elsewhere from there.
		next.ReplaceHeader(&sip.ContactHeader{Address: c.contactURI(f)})
		if base := c.session(f); base.Addr() != c.base.Addr() {
			if body, err := base.Offer(); err == nil {
				c.base = base
				next.SetBody(body)
			}
		}
		c.transmit(next)
	})
}

// maxDetours bounds how often one attempt to register is sent elsewhere.
const maxDetours = 3

// redirected follows a 3xx to a REGISTER, as the account allows: this attempt
// goes on there, the next one begins at the registrar again. False: it is a
// refusal.
func (acc *account) redirected(attempt int, res *sip.Response, f flow) bool {
	if acc.detours >= maxDetours {
		return false
	}
	for _, u := range redirectTargets(res) {
		if !acc.mayMove(&u) {
			continue
		}
		u.User, u.Headers = "", nil // it is a server
		if strings.EqualFold(u.Host, acc.detour.Host) && u.Port == acc.detour.Port {
			continue // in a circle
		}
		h, err := hopOf(&u, acc.transport)
		if err == nil && acc.sips() {
			h, err = h.secured()
		}
		if err != nil {
			acc.a.log.Warn("a registration is redirected to nowhere", "account", acc.cfg.Name, "error", err)
			continue
		}
		h.tls = acc.tls
		acc.detours++
		acc.detour = u
		acc.a.log.Info("a registration is redirected", "account", acc.cfg.Name, "to", h.String())
		if acc.proxy != nil { // which finds the way
			acc.send(attempt, f, acc.expires)
			return true
		}
		go acc.goThere(attempt, h)
		return true
	}
	return false
}

// goThere finds the server that a REGISTER was redirected to, and sends it there.
func (acc *account) goThere(attempt int, h hop) {
	var f flow
	r, err := acc.a.locate(acc.a.ctx, h)
	if err == nil {
		for _, t := range r.Targets {
			if f, err = acc.a.stack.flowTo(acc.a.ctx, h.endpoint(t)); err == nil {
				break
			}
		}
	}
	acc.serial.post(func() {
		switch {
		case attempt != acc.attempt || acc.closing:
		case err != nil:
			acc.elsewhere(attempt, 503, stepOf(err), fmt.Sprintf("the registrar redirects to %s: %v", h, err))
		default:
			acc.send(attempt, acc.dress(f), acc.expires)
		}
	})
}

// mayMove is the policy for registrations: like that for calls, but the hosts of
// a domain, and the registrar's own, are its servers as a rule.
func (acc *account) mayMove(target *sip.Uri) bool {
	if acc.sips() && !isSIPS(target) {
		return false
	}
	host := strings.ToLower(target.Host)
	switch acc.cfg.Redirects {
	case "any":
		return true
	case "off":
		return false
	}
	for _, own := range []string{acc.uri.Host, acc.server.Host} {
		if own = strings.ToLower(own); host == own || strings.HasSuffix(host, "."+own) {
			return true
		}
	}
	return false
}
