package exchange

import (
	"github.com/emiago/sipgo/sip"
)

// fork is one request on its way to all bindings of an extension, and what
// came back (RFC 3261 section 16.7). Owned by the loop.
type fork struct {
	e         *Exchange
	user      string
	branches  []*branch
	deliver   func(*sip.Response) // provisional, 2xx, and one best final
	finished  bool                // deliver has had a final response
	answered  bool                // by one of the phones
	cancelled bool
}

type branch struct {
	tx        *clientTx
	to        binding
	best      *sip.Response // its final response
	over      bool
	cancelled bool
}

// forward proxies tx to bindings.
func (e *Exchange) forward(tx *serverTx, user string, bindings []binding) {
	tx.forward = true
	if tx.invite {
		e.respond(tx, sip.StatusTrying, "Trying")
	}
	template := tx.req.Clone()
	removeAll(template, "Proxy-Authorization")
	f := e.fork(user, template, bindings, func(res *sip.Response) {
		e.respondWith(tx, res)
	}, func(code int, reason string) {
		e.respond(tx, code, reason)
	})
	if tx.invite {
		tx.cancel = f.cancel
	}
}

// fork sends copies of template to bindings. deliver gets the responses to
// pass upstream; failed is called instead of a final response when no phone
// gave one.
func (e *Exchange) fork(user string, template *sip.Request, bindings []binding, deliver func(*sip.Response), failed func(int, string)) *fork {
	f := &fork{e: e, user: user}
	f.deliver = deliver
	for _, b := range bindings {
		req := template.Clone()
		req.Recipient = *b.uri.Clone()
		br := &branch{to: b}
		br.tx = e.request(req, b.addr, func(res *sip.Response) { f.response(br, res, failed) }, func() { f.silence(br, failed) })
		if br.tx == nil {
			br.over = true
		}
		f.branches = append(f.branches, br)
	}
	f.settle(failed)
	return f
}

func (f *fork) response(br *branch, res *sip.Response, failed func(int, string)) {
	switch {
	case res.StatusCode == 100:
		f.flushCancel(br)
	case res.StatusCode < 200:
		f.flushCancel(br)
		if !f.finished && !f.cancelled {
			f.deliver(res)
		}
	case res.StatusCode < 300:
		// Every 2xx goes upstream, also a second phone's: its caller must
		// acknowledge it and hang up there.
		br.over = true
		f.finished, f.answered = true, true
		f.deliver(res)
		f.cancelOthers(br)
	default:
		br.over = true
		br.best = res
		if res.StatusCode >= 600 {
			f.cancelOthers(br)
		}
		f.settle(failed)
	}
}

// silence ends a branch whose phone gave no final response in time.
func (f *fork) silence(br *branch, failed func(int, string)) {
	br.over = true
	if !br.tx.provoked {
		f.e.log.Info("exchange: extension does not answer, its registration is dropped", "extension", f.user)
		f.e.registrar.drop(f.user, br.to)
	} else if br.tx.req.IsInvite() && !br.cancelled {
		f.e.cancelRequest(br.tx, f.why()) // timer C
	}
	f.settle(failed)
}

// settle passes the best final response on when the last branch is over.
func (f *fork) settle(failed func(int, string)) {
	if f.finished {
		return
	}
	var best *sip.Response
	for _, br := range f.branches {
		if !br.over {
			return
		}
		if br.best != nil && (best == nil || better(br.best.StatusCode, best.StatusCode)) {
			best = br.best
		}
	}
	f.finished = true
	switch {
	case best != nil && best.StatusCode == sip.StatusServiceUnavailable:
		// A phone's 503 is not the exchange's (section 16.7, step 6).
		failed(sip.StatusInternalServerError, "Extension Unavailable")
	case best != nil:
		f.deliver(best)
	case f.cancelled:
		failed(sip.StatusRequestTerminated, "Request Terminated")
	default:
		failed(sip.StatusTemporarilyUnavailable, "Extension Does Not Answer")
	}
}

// better says whether final code a says more than b: 6xx, then the lowest
// class, and within 4xx those the caller can act on.
func better(a, b int) bool {
	rank := func(c int) int {
		switch {
		case c >= 600:
			return 0
		case c == 401 || c == 407 || c == 415 || c == 420 || c == 484 || c == 486:
			return 40
		case c == 408 || c == 480 || c == 487:
			return 49
		}
		return c / 100 * 10
	}
	return rank(a) < rank(b)
}

// cancel takes the request back from all phones.
func (f *fork) cancel() {
	f.cancelled = true
	f.cancelOthers(nil)
}

func (f *fork) cancelOthers(winner *branch) {
	for _, br := range f.branches {
		if br == winner || br.over || br.cancelled || !br.tx.req.IsInvite() {
			continue
		}
		br.cancelled = true
		// CANCEL may only follow a provisional response (section 9.1);
		// until one comes it waits.
		if br.tx.provoked {
			f.e.cancelRequest(br.tx, f.why())
			f.e.extend(br.tx, deadAfter)
		}
	}
}

// why is the Reason of a CANCEL (RFC 3326): a call that another phone took is missed at none.
func (f *fork) why() string {
	if f.answered {
		return `SIP;cause=200;text="Call completed elsewhere"`
	}
	return ""
}

// flushCancel sends the CANCEL that waited for a first provisional response,
// and keeps a cancelled branch from ringing for minutes more.
func (f *fork) flushCancel(br *branch) {
	if !br.cancelled {
		return
	}
	if !br.tx.cancelSent {
		f.e.cancelRequest(br.tx, f.why())
	}
	f.e.extend(br.tx, deadAfter)
}
