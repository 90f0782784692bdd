package exchange

import (
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Extensions that the exchange answers itself.
const (
	Echo   = "600" // sends back what it hears
	RingMe = "601" // the same, and rings back after the caller hung up
)

func isService(user string) bool { return user == Echo || user == RingMe }

const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, REGISTER"

// isOurs says whether a URI names this exchange rather than a phone. Host
// names other than our domain count as ours too: the exchange leads nowhere
// else, so "sip:600@anything" dialled by hand should simply work.
func (e *Exchange) isOurs(uri *sip.Uri) bool {
	ip, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return uri.Host != ""
	}
	return ip.Unmap() == e.addr.Addr() && (uri.Port == 0 || uri.Port == int(e.addr.Port()))
}

// receiveRequest does what comes before any routing: admission, transaction
// matching, validation.
func (e *Exchange) receiveRequest(req *sip.Request, from netip.AddrPort) {
	now := time.Now()
	if !e.limiter.allow(from, now) {
		return
	}
	code, reason := validate(req)
	if code != 0 {
		if req.Method != sip.ACK && req.Via() != nil {
			dest := stampVia(req.Via(), from)
			e.send([]byte(reply(req, code, reason, token()).String()), dest)
		}
		return
	}
	dest := stampVia(req.Via(), from)
	if req.Method == sip.ACK {
		e.receiveAck(req, from, now)
		return
	}
	if tx := e.servers[serverKey(req, req.Method)]; tx != nil {
		if tx.last != nil && !(tx.forward && tx.invite && tx.code >= 200 && tx.code < 300) {
			e.send(tx.last, tx.dest)
		}
		return
	}
	if len(e.servers) >= maxTransactions {
		e.send([]byte(reply(req, sip.StatusServiceUnavailable, "Too Much Going On", token(), sip.NewHeader("Retry-After", "5")).String()), dest)
		return
	}
	tx := e.newServerTx(req, dest)
	if req.Method == sip.CANCEL {
		e.receiveCancel(tx)
		return
	}
	e.route(tx, from, now)
}

func (e *Exchange) receiveAck(req *sip.Request, from netip.AddrPort, now time.Time) {
	if tx := e.servers[serverKey(req, sip.INVITE)]; tx != nil && tx.code >= 300 {
		e.confirm(tx)
		return
	}
	if c := e.callOf(req); c != nil {
		e.callAck(c, req)
		return
	}
	// An ACK for a 2xx that a phone sent through us after all.
	if e.looped(req) {
		return
	}
	e.popRoute(req)
	if _, b, ok := e.registrar.byContact(&req.Recipient, now); ok && hopLeft(req) && req.Route() == nil {
		req.PrependHeader(e.via(sip.RFC3261BranchMagicCookie + token()))
		e.send([]byte(req.String()), b.addr)
	}
}

func (e *Exchange) receiveCancel(tx *serverTx) {
	target := e.servers[serverKey(tx.req, sip.INVITE)]
	if target == nil {
		e.respond(tx, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	tx.tag = target.tag
	e.respond(tx, sip.StatusOK, "OK")
	if cancel := target.cancel; cancel != nil {
		target.cancel = nil
		cancel()
	}
}

// looped finds our own Via below the top: the request has been here before.
// The exchange forwards nobody's calls, so a spiral is a loop.
func (e *Exchange) looped(req *sip.Request) bool {
	for _, h := range req.GetHeaders("Via") {
		via, ok := h.(*sip.ViaHeader)
		if !ok {
			continue
		}
		if via.Host == e.addr.Addr().String() && via.Port == int(e.addr.Port()) {
			return true
		}
	}
	return false
}

func hopLeft(req *sip.Request) bool {
	h := req.MaxForwards()
	if h == nil {
		hops := sip.MaxForwardsHeader(70)
		req.AppendHeader(&hops)
		return true
	}
	if *h == 0 {
		return false
	}
	h.Dec()
	return true
}

// popRoute removes the Route entries that lead to us.
func (e *Exchange) popRoute(req *sip.Request) {
	for r := req.Route(); r != nil && e.isOurs(&r.Address); r = req.Route() {
		req.RemoveHeader("Route")
	}
}

func (e *Exchange) route(tx *serverTx, from netip.AddrPort, now time.Time) {
	req := tx.req
	if s := req.Recipient.Scheme; s != "sip" {
		e.respond(tx, 416, "Only sip URIs")
		return
	}
	e.popRoute(req)
	ours := e.isOurs(&req.Recipient)
	toTag := req.To().Params.Has("tag")
	user := req.Recipient.User
	switch {
	case req.Method == sip.REGISTER && ours:
		e.register(tx, from)
		return
	case ours && (e.callOf(req) != nil || toTag || isService(user)):
		e.service(tx, from)
		return
	case ours && user == "" && req.Method == sip.OPTIONS:
		e.respond(tx, sip.StatusOK, "OK", sip.NewHeader("Allow", allowed), sip.NewHeader("Accept", "application/sdp"))
		return
	}
	// From here on it is somebody else's.
	if e.looped(req) {
		e.respond(tx, sip.StatusLoopDetected, "Loop Detected")
		return
	}
	if !hopLeft(req) {
		e.respond(tx, sip.StatusTooManyHops, "Too Many Hops")
		return
	}
	if need := headerValues(req, "Proxy-Require"); len(need) > 0 {
		e.respond(tx, sip.StatusBadExtension, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(need, ", ")))
		return
	}
	if req.Route() != nil {
		e.respond(tx, sip.StatusForbidden, "This Exchange Leads Nowhere Else")
		return
	}
	if !ours {
		if u, b, ok := e.registrar.byContact(&req.Recipient, now); ok {
			e.forward(tx, u, []binding{b})
			return
		}
		e.respond(tx, sip.StatusNotFound, "Not an Extension of This Exchange")
		return
	}
	if !toTag {
		if no := e.guard.check(req, req.From().Address.User, sip.StatusProxyAuthRequired, now); no != nil {
			e.respond(tx, no.code, no.reason, no.extra...)
			return
		}
	}
	bindings := e.registrar.lookup(user, now)
	switch {
	case len(bindings) > 0:
		e.forward(tx, user, bindings)
	case e.registrar.known[user] || e.guard.has(user):
		e.respond(tx, sip.StatusTemporarilyUnavailable, "Not Registered")
	default:
		e.respond(tx, sip.StatusNotFound, "No Such Extension")
	}
}

// has says whether user could register.
func (g *guard) has(user string) bool {
	if g == nil {
		return false
	}
	_, ok := g.users[user]
	return ok
}
