package ua

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// answered takes the final response to a REGISTER.
func (acc *account) answered(attempt int, req *sip.Request, res *sip.Response, f flow, au *auth) {
	acc.seq = max(acc.seq, req.CSeq().SeqNo)
	f, moved := acc.observe(req, res, f)
	code := res.StatusCode
	switch {
	case code < 300:
		acc.known.renew(res)
		acc.accepted(attempt, res, f, moved)
	case challenged(res):
		next, err := au.again(req, res)
		if err == nil {
			if moved {
				acc.addContacts(next, f)
			}
			acc.seq = next.CSeq().SeqNo
			acc.exchange(attempt, next, f, au)
			return
		}
		acc.known.forget()
		acc.refused(code, err)
	case acc.closing:
		acc.closed()
	case code == 423:
		if m := seconds(headerValue(res, "Min-Expires")); m > acc.expires && m <= maxExpires && acc.failures < 3 {
			acc.failures++
			acc.expires = m
			acc.send(attempt, f, acc.expires)
			return
		}
		acc.failed(code, StepExpiry, acc.says(res), 0)
	case code == 439 && !acc.plain:
		// The first hop does not do RFC 5626 (section 11.6 there).
		acc.plain = true
		acc.send(attempt, f, acc.expires)
	case code == 403:
		acc.refused(code, nil)
	case code < 400 && acc.redirected(attempt, res, f):
	case code == 503 && acc.spare, code == 408, code == 504 && acc.spare:
		acc.elsewhere(attempt, code, StepAnswer, acc.says(res))
	default:
		acc.failed(code, StepAnswer, acc.says(res), seconds(headerValue(res, "Retry-After")))
	}
}

func (acc *account) says(res *sip.Response) string {
	return fmt.Sprintf("the registrar answers %d %s", res.StatusCode, displayName(res.Reason))
}

// maxMoves bounds how often one attempt follows our address as servers see it:
// some NATs give each packet another.
const maxMoves = 2

// accepted takes a 2xx. moved: it shows that our Contact leads nowhere.
func (acc *account) accepted(attempt int, res *sip.Response, f flow, moved bool) {
	if acc.closing {
		acc.closed()
		return
	}
	granted := acc.granted(res, f)
	if granted == 0 {
		acc.failed(res.StatusCode, StepExpiry, "the registrar accepted the registration but did not keep our address", 0)
		return
	}
	acc.settle(f, serviceRoute(res))
	if moved && acc.moved < maxMoves {
		if acc.moved++; len(acc.listed) > 0 && f.transport == "udp" {
			acc.alive.shorten() // a NAT has forgotten us between two refreshes
		}
		acc.send(attempt, f, acc.expires)
		return
	}
	acc.listed = []sip.Uri{acc.contactURI(f)}
	acc.failures = 0
	acc.tell(Registration{State: Registered, Code: res.StatusCode, Server: f.transport + ":" + f.remote.String(), Expires: time.Duration(granted) * time.Second})
	// Between 75 and 85 % of the lifetime; when it is long enough a whole
	// transaction (32 s) fits in before the end.
	life := time.Duration(granted) * time.Second
	at := life*3/4 + time.Duration(rand.Int64N(int64(life/10)+1))
	acc.again(max(at, minRefresh*time.Second))
	acc.keepAlive(res, f)
}

// granted reads the lifetime of our binding in a 2xx, s; 0: there is none.
func (acc *account) granted(res *sip.Response, f flow) int {
	other := seconds(headerValue(res, "Expires"))
	if other < 0 {
		other = acc.expires
	}
	ours := acc.contactURI(f)
	best, exact := -1, false
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.User != ours.User {
			continue
		}
		same := strings.Trim(c.Address.Host, "[]") == strings.Trim(ours.Host, "[]") && c.Address.Port == ours.Port
		if exact && !same {
			continue // one of a former address of ours
		}
		n := other
		if e, ok := c.Params.Get("expires"); ok {
			if s := seconds(strings.Trim(e, `"`)); s >= 0 {
				n = s
			}
		}
		if same && !exact || n > best {
			best, exact = n, exact || same
		}
	}
	if best < 0 {
		// A registrar that lists nothing, or rewrote our Contact beyond
		// recognition: its Expires counts.
		best = other
	}
	return min(best, maxExpires)
}

// serviceRoute reads the Service-Route of a 2xx (RFC 3608).
func serviceRoute(res *sip.Response) []sip.Uri {
	var out []sip.Uri
	for _, h := range res.GetHeaders("Service-Route") {
		for v := range strings.SplitSeq(h.Value(), ",") {
			_, v, _ = strings.Cut(v, "<")
			v, _, ok := strings.Cut(v, ">")
			var u sip.Uri
			if ok && printable(v) && len(v) < 512 && sip.ParseUri(v, &u) == nil && u.Host != "" && len(out) < maxRoutes {
				u.Headers = nil
				out = append(out, u)
			}
		}
	}
	return out
}

// refused ends the attempts: the same credentials will not do better.
func (acc *account) refused(code int, err error) {
	reason := fmt.Sprintf("the registrar refused account %s", acc.cfg.Name)
	switch {
	case errors.Is(err, errRefused):
		reason = fmt.Sprintf("the registrar refused the password of account %s", acc.cfg.Name)
	case errors.Is(err, errNoPassword):
		reason = fmt.Sprintf("the registrar asks for a password and account %s has none", acc.cfg.Name)
	case err != nil:
		reason = err.Error()
	}
	acc.bound = false
	if acc.closing {
		acc.closed()
		return
	}
	acc.stopTimer()
	acc.tell(Registration{State: Failed, Code: code, Step: StepCredentials, Reason: reason})
}
