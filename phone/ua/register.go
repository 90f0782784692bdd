package ua

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// register begins a registration now.
func (acc *account) register() {
	if acc.closing || !acc.cfg.Register {
		return
	}
	acc.stopTimer()
	acc.attempt++
	attempt := acc.attempt
	if acc.state.State != Registered && acc.state.State != Registering {
		acc.tell(Registration{State: Registering})
	}
	go func() {
		f, err := acc.resolve(acc.a.ctx)
		acc.serial.post(func() {
			if attempt != acc.attempt || acc.closing {
				return
			}
			if err != nil {
				acc.failed(0, err.Error(), 0)
				return
			}
			acc.flow = f
			acc.send(attempt, f, acc.expires)
		})
	}()
}

// send sends a REGISTER for expires seconds; 0 removes our binding.
func (acc *account) send(attempt int, f flow, expires int) {
	acc.seq++
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: acc.uri.Host})
	if acc.cfg.Registrar == "" {
		req.Recipient.Port = acc.server.Port
	}
	if acc.proxy != nil {
		req.AppendHeader(&sip.RouteHeader{Address: *acc.proxy.Clone()})
	}
	from := &sip.FromHeader{DisplayName: quoteName(acc.cfg.DisplayName), Address: acc.uri}
	from.Params.Add("tag", acc.tag)
	id := sip.CallIDHeader(acc.callID)
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: acc.uri})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: acc.seq, MethodName: sip.REGISTER})
	req.AppendHeader(&hops)
	req.AppendHeader(&sip.ContactHeader{Address: acc.contactURI(f)})
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("User-Agent", acc.a.cfg.UserAgent))
	req.SetBody(nil)
	acc.known.apply(req, acc.user, acc.cfg.Password)
	if expires > 0 {
		acc.bound = true
	}
	acc.exchange(attempt, req, f, &auth{user: acc.user, password: acc.cfg.Password, keep: &acc.known})
}

// exchange sends req and takes what comes back, answering challenges.
func (acc *account) exchange(attempt int, req *sip.Request, f flow, au *auth) {
	var final *sip.Response
	go acc.a.stack.request(acc.a.ctx, req, f, func(res *sip.Response) {
		if !res.IsProvisional() && final == nil {
			final = res
			acc.serial.post(func() {
				if attempt == acc.attempt {
					acc.answered(attempt, req, res, f, au)
				}
			})
		}
	}, func(err error) {
		if final == nil {
			acc.serial.post(func() {
				if attempt == acc.attempt {
					acc.failed(transportCode(err), acc.unreachable(err), 0)
				}
			})
		}
	})
}

// transportCode is the status that stands for a failed transaction
// (RFC 3261 section 8.1.3.1).
func transportCode(err error) int {
	if errors.Is(err, sip.ErrTransactionTimeout) {
		return 408
	}
	return 503
}

func (acc *account) unreachable(err error) string {
	h, _ := acc.hop()
	if errors.Is(err, sip.ErrTransactionTimeout) {
		return fmt.Sprintf("no answer from %s (%s)", h, strings.ToUpper(h.transport))
	}
	return fmt.Sprintf("%s (%s) cannot be reached: %v", h, strings.ToUpper(h.transport), err)
}

func (acc *account) answered(attempt int, req *sip.Request, res *sip.Response, f flow, au *auth) {
	if cseq := req.CSeq().SeqNo; cseq > acc.seq {
		acc.seq = cseq
	}
	code := res.StatusCode
	switch {
	case code < 300:
		acc.accepted(res, f)
	case challenged(res):
		next, err := au.again(req, res)
		if err == nil {
			acc.seq = next.CSeq().SeqNo
			acc.exchange(attempt, next, f, au)
			return
		}
		acc.known.forget()
		acc.refused(code, err)
	case code == 423 && !acc.closing:
		if m := seconds(headerValue(res, "Min-Expires")); m > acc.expires && m <= maxExpires && acc.failures < 3 {
			acc.failures++
			acc.expires = m
			acc.send(attempt, f, acc.expires)
			return
		}
		acc.failed(code, acc.says(res), 0)
	case code == 403:
		acc.refused(code, nil)
	default:
		acc.failed(code, acc.says(res), seconds(headerValue(res, "Retry-After")))
	}
}

func (acc *account) says(res *sip.Response) string {
	return fmt.Sprintf("the registrar answers %d %s", res.StatusCode, displayName(res.Reason))
}

// accepted takes a 2xx.
func (acc *account) accepted(res *sip.Response, f flow) {
	if acc.closing {
		acc.closed()
		return
	}
	granted := acc.granted(res, f)
	if granted == 0 {
		acc.failed(res.StatusCode, "the registrar accepted the registration but did not keep our address", 0)
		return
	}
	acc.failures = 0
	acc.tell(Registration{State: Registered, Code: res.StatusCode, Expires: time.Duration(granted) * time.Second})
	// Between 75 and 85 % of the lifetime; when it is long enough a whole
	// transaction (32 s) fits in before the end.
	life := time.Duration(granted) * time.Second
	at := life*3/4 + time.Duration(rand.Int64N(int64(life/10)+1))
	acc.again(max(at, minRefresh*time.Second))
}

// granted reads the lifetime of our binding in a 2xx, s; 0: there is none.
func (acc *account) granted(res *sip.Response, f flow) int {
	other := seconds(headerValue(res, "Expires"))
	if other < 0 {
		other = acc.expires
	}
	contacts := res.GetHeaders("Contact")
	ours := acc.contactURI(f)
	for _, h := range contacts {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.User != ours.User {
			continue
		}
		if e, ok := c.Params.Get("expires"); ok {
			if n := seconds(strings.Trim(e, `"`)); n >= 0 {
				return min(n, maxExpires)
			}
		}
		return min(other, maxExpires)
	}
	// A registrar that lists nothing, or rewrote our Contact beyond
	// recognition: its Expires counts.
	return min(other, maxExpires)
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
	acc.tell(Registration{State: Failed, Code: code, Reason: reason})
}

// failed says so and tries again later. after is the server's wish in
// seconds, or less than 1.
func (acc *account) failed(code int, reason string, after int) {
	if acc.closing {
		acc.closed()
		return
	}
	acc.failures++
	acc.tell(Registration{State: Failed, Code: code, Reason: reason})
	// 2, 4, 8 … 300 s, each between 75 and 125 % so that a thousand phones do
	// not come back at once after an outage.
	wait := min(time.Second<<min(acc.failures, 10), 300*time.Second)
	wait = wait*3/4 + time.Duration(rand.Int64N(int64(wait/2)))
	if s := time.Duration(after) * time.Second; s > wait {
		wait = min(s, time.Hour)
	}
	acc.again(wait)
}

func (acc *account) again(after time.Duration) {
	acc.stopTimer()
	attempt := acc.attempt
	acc.timer = time.AfterFunc(after, func() {
		acc.serial.post(func() {
			if attempt == acc.attempt {
				acc.register()
			}
		})
	})
}

func (acc *account) stopTimer() {
	if acc.timer != nil {
		acc.timer.Stop()
		acc.timer = nil
	}
}

// tell reports a change of state.
func (acc *account) tell(r Registration) {
	r.Account = acc.cfg.Name
	if r == acc.state {
		return
	}
	acc.state = r
	acc.a.emit(r)
}

// connectionLost renews a registration whose TCP connection is gone: nobody
// can call us through it.
func (acc *account) connectionLost(remote netip.AddrPort) {
	if acc.flow.transport != "tcp" || acc.flow.remote != remote || acc.closing || acc.state.State != Registered {
		return
	}
	acc.tell(Registration{State: Registering, Reason: "the connection to the registrar was lost"})
	acc.again(time.Second/2 + time.Duration(rand.Int64N(int64(time.Second))))
}

// close removes the binding; acc.closed follows, unless the agent's patience
// ends before.
func (acc *account) close() {
	if acc.closing {
		return
	}
	acc.closing = true
	acc.stopTimer()
	if !acc.bound || !acc.flow.valid() {
		acc.closed()
		return
	}
	acc.attempt++
	acc.send(acc.attempt, acc.flow, 0)
}

func (acc *account) closed() {
	if acc.bound || acc.state.State != Unregistered {
		acc.bound = false
		acc.tell(Registration{State: Unregistered})
	}
	acc.a.accountClosed(acc)
}
