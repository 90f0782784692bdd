package ua

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/locate"
)

// register begins an attempt at a registration now.
func (acc *account) register() {
	if acc.closing {
		return
	}
	acc.stopTimer()
	acc.alive.stop()
	acc.attempt++
	acc.moved, acc.detours = 0, 0
	acc.servers.begin()
	if acc.cfg.Register && acc.state.State != Registered && acc.state.State != Registering {
		acc.tell(Registration{State: Registering})
	}
	attempt := acc.attempt
	if !acc.servers.stale(time.Now()) {
		acc.try(attempt)
		return
	}
	h, err := acc.hop()
	if err != nil {
		acc.failed(0, StepName, err.Error(), 0)
		return
	}
	go func() {
		r, err := acc.a.locate(acc.a.ctx, h)
		acc.serial.post(func() {
			if attempt == acc.attempt && !acc.closing {
				acc.found(attempt, r, err)
			}
		})
	}()
}

// found takes the result of the search for the servers.
func (acc *account) found(attempt int, r locate.Result, err error) {
	switch {
	case err == nil:
		acc.servers.found(r)
		acc.mu.Lock()
		acc.seen.targets, acc.seen.trusted = r.Targets, nil
		for _, t := range r.Targets {
			acc.seen.trusted = append(acc.seen.trusted, t.Addr.Addr())
		}
		acc.mu.Unlock()
	case len(acc.servers.targets) == 0:
		acc.failed(0, StepName, err.Error(), 0)
		return
	default:
		acc.a.log.Warn("a SIP server cannot be looked up; its last addresses are used", "account", acc.cfg.Name, "error", err)
	}
	acc.try(attempt)
}

// try goes on to the next server.
func (acc *account) try(attempt int) {
	t, more, ok := acc.servers.next(time.Now())
	if !ok {
		acc.failed(503, StepRoute, "no server is left to try", 0)
		return
	}
	acc.target, acc.spare, acc.detour = t, more, sip.Uri{}
	h, err := acc.hop()
	if err != nil {
		acc.failed(0, StepName, err.Error(), 0)
		return
	}
	go func() {
		f, err := acc.a.stack.flowTo(acc.a.ctx, h.endpoint(t))
		if err == nil {
			acc.askSTUN(f)
			f = acc.dress(f)
		}
		acc.serial.post(func() {
			switch {
			case attempt != acc.attempt || acc.closing:
			case err != nil:
				acc.elsewhere(attempt, 503, stepOf(err), err.Error())
			case !acc.cfg.Register:
				acc.settle(f, nil) // calls of the account need the way to its server all the same
			default:
				acc.send(attempt, f, acc.expires)
			}
		})
	}()
}

// elsewhere: the server that was tried does not work. The next one is tried,
// or the attempt has failed.
func (acc *account) elsewhere(attempt, code int, step Step, reason string) {
	acc.servers.failed(acc.target, time.Now())
	if acc.spare && !acc.closing {
		acc.a.log.Warn("a SIP server does not work; the next one is tried", "account", acc.cfg.Name, "server", acc.target.String(), "host", acc.target.Host, "step", string(step), "reason", reason)
		acc.try(attempt)
		return
	}
	acc.failed(code, step, reason, 0)
}

// settle notes the way that works and the route that the registrar wants.
func (acc *account) settle(f flow, routes []sip.Uri) {
	acc.servers.works(acc.target)
	before := acc.flow
	acc.flow = f
	acc.mu.Lock()
	acc.seen.flow, acc.seen.routes = f, routes
	acc.mu.Unlock()
	if before.valid() && before.contact() != f.contact() {
		acc.a.move(func(c *call) bool { return c.acc == acc })
	}
}

// send sends a REGISTER for expires seconds; 0 removes our binding.
func (acc *account) send(attempt int, f flow, expires int) {
	acc.seq++
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: acc.uri.Scheme, Host: acc.uri.Host})
	if acc.cfg.Registrar == "" {
		req.Recipient.Port = acc.server.Port
	}
	if acc.detour.Host != "" {
		req.Recipient = *acc.detour.Clone()
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
	acc.addContacts(req, f)
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.AppendHeader(sip.NewHeader("Supported", acc.supported()))
	req.AppendHeader(sip.NewHeader("User-Agent", acc.a.cfg.UserAgent))
	req.SetBody(nil)
	acc.known.apply(req, acc.user, acc.cfg.Password)
	if expires > 0 {
		acc.bound = true
	}
	acc.exchange(attempt, req, f, &auth{user: acc.user, password: acc.cfg.Password, keep: &acc.known})
}

// sparePatience is how long a server may take to answer when there is another
// one to try: shorter than timer F, so that a registration does not run out
// while a dead server is waited for.
const sparePatience = 8 * time.Second

// exchange sends req and takes what comes back, answering challenges.
func (acc *account) exchange(attempt int, req *sip.Request, f flow, au *auth) {
	ctx, cancel := acc.a.ctx, context.CancelFunc(func() {})
	if acc.spare && !acc.closing {
		ctx, cancel = context.WithTimeout(ctx, sparePatience)
	}
	var final *sip.Response
	go acc.a.stack.request(ctx, req, f, nil, func(res *sip.Response) {
		if !res.IsProvisional() && final == nil {
			final = res
			acc.serial.post(func() {
				if attempt == acc.attempt {
					acc.answered(attempt, req, res, f, au)
				}
			})
		}
	}, func(err error) {
		cancel()
		if final == nil {
			acc.serial.post(func() {
				if attempt != acc.attempt {
					return
				}
				if silent(err) {
					// A connection that brings no answers may be gone without a word.
					acc.a.stack.drop(f)
				}
				code, step := transportCode(err)
				acc.elsewhere(attempt, code, step, acc.unreachable(err))
			})
		}
	})
}

// transportCode is the status that stands for a failed transaction
// (RFC 3261 section 8.1.3.1), and the step that failed.
func transportCode(err error) (int, Step) {
	var s *StepError
	switch {
	case silent(err):
		return 408, StepAnswer
	case errors.As(err, &s):
		return 503, s.Step
	}
	return 503, StepRoute
}

// silent says whether err is that nobody answered in time.
func silent(err error) bool {
	return errors.Is(err, sip.ErrTransactionTimeout) || errors.Is(err, context.DeadlineExceeded)
}

// where names the server that was tried.
func (acc *account) where() string {
	h, _ := acc.hop()
	transport := strings.ToUpper(acc.target.Transport)
	if addr := acc.target.Addr.String(); acc.target.Addr.IsValid() && addr != h.String() {
		return fmt.Sprintf("%s (%s %s)", h, transport, addr)
	}
	return fmt.Sprintf("%s (%s)", h, transport)
}

func (acc *account) unreachable(err error) string {
	if silent(err) {
		return "no answer from " + acc.where()
	}
	return fmt.Sprintf("%s cannot be reached: %v", acc.where(), err)
}

// failed says so and tries again later. after is the server's wish in
// seconds, or less than 1.
func (acc *account) failed(code int, step Step, reason string, after int) {
	if acc.closing {
		acc.closed()
		return
	}
	acc.failures++
	acc.tell(Registration{State: Failed, Code: code, Step: step, Reason: reason})
	// 2, 4, 8 … 300 s, each between 75 and 125 % so that a thousand phones do
	// not come back at once after an outage. RFC 5626 section 4.5 begins with
	// 30 s and ends with 30 minutes: too long for somebody who waits by the
	// phone.
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
	if r == acc.state && !acc.asked || !acc.cfg.Register {
		return
	}
	acc.state = r
	acc.asked = acc.asked && r.State == Registering
	acc.a.emit(r)
}

// renew registers anew, soon, because the way to the server has gone: nobody
// can call us over it.
func (acc *account) renew(reason string) {
	if acc.closing || acc.state.State != Registered {
		return
	}
	acc.a.log.Warn("a registration is renewed", "account", acc.cfg.Name, "reason", reason)
	acc.alive.stop()
	acc.tell(Registration{State: Registering, Reason: reason})
	acc.again(time.Second/2 + time.Duration(rand.Int64N(int64(time.Second))))
}

// connectionLost renews a registration whose connection is gone.
func (acc *account) connectionLost(k streamKey) {
	if acc.flow.transport == k.transport && acc.flow.remote == k.remote {
		acc.renew("the connection to the registrar was lost")
	}
}

// refresh begins afresh: the network is another, or the user asks. How it ends
// is told even if it ends as the last time.
func (acc *account) refresh() {
	acc.asked = true
	acc.failures = 0
	acc.servers.forget()
	acc.known.forget()
	acc.register()
}

// close removes the binding; acc.closed follows, unless the agent's patience
// ends before.
func (acc *account) close() {
	if acc.closing {
		return
	}
	acc.closing = true
	acc.stopTimer()
	acc.alive.stop()
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
