package exchange

import (
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Timers of RFC 3261 section 17 and table 4.
const (
	t1       = 500 * time.Millisecond
	t2       = 4 * time.Second
	lifetime = 64 * t1 // B, D, F, H, J and L: 32 s
	// deadAfter is how long a phone on this machine may stay silent after a
	// request. Loopback loses next to nothing; five sendings fit in.
	deadAfter = 8 * time.Second
)

// serverTx answers one request. Owned by the loop.
type serverTx struct {
	key     string
	req     *sip.Request
	dest    netip.AddrPort // of responses
	tag     string         // the To tag of every response we make here
	last    []byte         // last response, sent again for a repeated request
	code    int            // of last
	acked   bool
	resend  *timer
	over    *timer
	cancel  func() // CANCEL came; nil = too late
	invite  bool
	forward bool // 2xx are the next hop's to repeat, not ours
}

// serverKey identifies the transaction a request belongs to (section 17.2.3);
// ACK and CANCEL look up the INVITE's.
func serverKey(req *sip.Request, method sip.RequestMethod) string {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	if !strings.HasPrefix(branch, sip.RFC3261BranchMagicCookie) {
		tag, _ := req.From().Params.Get("tag")
		branch = req.CallID().Value() + " " + tag + " " + req.CSeq().Value()[:strings.IndexByte(req.CSeq().Value(), ' ')] + " " + branch
	}
	return string(method) + " " + via.SentBy() + " " + branch
}

func (e *Exchange) newServerTx(req *sip.Request, dest netip.AddrPort) *serverTx {
	tx := &serverTx{key: serverKey(req, req.Method), req: req, dest: dest, tag: token(), invite: req.IsInvite()}
	e.servers[tx.key] = tx
	// No transaction outlives this, whatever happens to it.
	tx.over = e.timers.after(10*time.Minute, func() { e.endServerTx(tx) })
	return tx
}

func (e *Exchange) endServerTx(tx *serverTx) {
	delete(e.servers, tx.key)
	e.timers.stop(tx.resend)
	e.timers.stop(tx.over)
}

// respond sends a response of our own making.
func (e *Exchange) respond(tx *serverTx, code int, reason string, extra ...sip.Header) {
	e.respondWith(tx, reply(tx.req, code, reason, tx.tag, extra...))
}

// respondWith sends res, ours or a forwarded one, and keeps it for repeated
// requests.
func (e *Exchange) respondWith(tx *serverTx, res *sip.Response) {
	if tx.code >= 200 && !(tx.code < 300 && res.StatusCode < 300) {
		return // a final response is final; more 2xx may follow a 2xx (RFC 6026)
	}
	data := []byte(res.String())
	e.send(data, tx.dest)
	tx.last, tx.code = data, res.StatusCode
	if tx.code < 200 {
		return
	}
	tx.cancel = nil
	e.timers.stop(tx.over)
	tx.over = e.timers.after(lifetime, func() { e.endServerTx(tx) })
	if tx.invite && !tx.acked && (tx.code >= 300 || !tx.forward) {
		e.timers.stop(tx.resend)
		e.repeat(&tx.resend, t1, t2, func() { e.send(tx.last, tx.dest) })
	}
}

// repeat calls f after d, 2d, 4d … at most every limit, until *slot is
// stopped.
func (e *Exchange) repeat(slot **timer, d, limit time.Duration, f func()) {
	*slot = e.timers.after(d, func() {
		f()
		e.repeat(slot, min(2*d, limit), limit, f)
	})
}

// confirm is called when the final response to an INVITE was acknowledged.
func (e *Exchange) confirm(tx *serverTx) {
	tx.acked = true
	e.timers.stop(tx.resend)
}

// clientTx sends one request and receives its responses. Owned by the loop.
type clientTx struct {
	branch     string
	req        *sip.Request
	data       []byte
	dest       netip.AddrPort
	provoked   bool // a response has come
	cancelSent bool
	final      int
	ack        []byte // for a non-2xx to INVITE
	resend     *timer
	over       *timer
	onResponse func(*sip.Response) // provisional, final, and each repeated 2xx to INVITE
	onSilence  func()              // no answer at all in time, or no final one
}

// request sends req, which has no Via yet, in a new client transaction.
// It returns nil when there are too many.
func (e *Exchange) request(req *sip.Request, dest netip.AddrPort, onResponse func(*sip.Response), onSilence func()) *clientTx {
	return e.requestOn(sip.RFC3261BranchMagicCookie+token(), req, dest, onResponse, onSilence)
}

func (e *Exchange) requestOn(branch string, req *sip.Request, dest netip.AddrPort, onResponse func(*sip.Response), onSilence func()) *clientTx {
	if len(e.clients) >= maxTransactions {
		return nil
	}
	tx := &clientTx{branch: branch, req: req, dest: dest, onResponse: onResponse, onSilence: onSilence}
	req.PrependHeader(e.via(tx.branch))
	tx.data = []byte(req.String())
	e.clients[clientKey(tx.branch, req.Method)] = tx
	e.send(tx.data, dest)
	limit := t2
	if req.IsInvite() {
		limit = lifetime
	}
	e.repeat(&tx.resend, t1, limit, func() { e.send(tx.data, dest) })
	tx.over = e.timers.after(deadAfter, func() { e.giveUp(tx) })
	return tx
}

// clientKey tells a CANCEL from the INVITE whose branch it shares.
func clientKey(branch string, method sip.RequestMethod) string {
	return string(method) + " " + branch
}

func (e *Exchange) via(branch string) *sip.ViaHeader {
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP",
		Host: e.addr.Addr().String(), Port: int(e.addr.Port()), Params: sip.NewParams(),
	}
	via.Params.Add("branch", branch)
	return via
}

func (e *Exchange) endClientTx(tx *clientTx) {
	delete(e.clients, clientKey(tx.branch, tx.req.Method))
	e.timers.stop(tx.resend)
	e.timers.stop(tx.over)
}

func (e *Exchange) giveUp(tx *clientTx) {
	e.endClientTx(tx)
	tx.onSilence()
}

// extend gives a transaction d more to finish.
func (e *Exchange) extend(tx *clientTx, d time.Duration) {
	e.timers.stop(tx.over)
	tx.over = e.timers.after(d, func() { e.giveUp(tx) })
}

func (e *Exchange) receiveResponse(res *sip.Response, from netip.AddrPort) {
	via, cseq := res.Via(), res.CSeq()
	if via == nil || cseq == nil || res.To() == nil || res.From() == nil || res.CallID() == nil {
		return
	}
	branch, _ := via.Params.Get("branch")
	tx := e.clients[clientKey(branch, cseq.MethodName)]
	if tx == nil || from.Addr() != tx.dest.Addr() || res.StatusCode < 100 || res.StatusCode > 699 {
		return
	}
	res.RemoveHeader("Via")
	res.SetSource(from.String())
	tx.provoked = true
	invite := tx.req.IsInvite()
	switch {
	case tx.final == 0 && res.StatusCode < 200:
		if invite {
			e.timers.stop(tx.resend)
			e.extend(tx, 3*time.Minute) // timer C
		} else {
			e.extend(tx, lifetime)
		}
		tx.onResponse(res)
	case tx.final == 0:
		tx.final = res.StatusCode
		e.timers.stop(tx.resend)
		e.timers.stop(tx.over)
		tx.over = e.timers.after(lifetime, func() { e.endClientTx(tx) })
		if invite && tx.final >= 300 {
			tx.ack = []byte(e.hopAck(tx, res).String())
			e.send(tx.ack, tx.dest)
		}
		tx.onResponse(res)
	case invite && tx.final < 300 && res.StatusCode >= 200 && res.StatusCode < 300:
		tx.onResponse(res) // repeated, or of another fork (RFC 6026)
	case invite && tx.ack != nil && res.StatusCode >= 300:
		e.send(tx.ack, tx.dest)
	}
}

// hopAck acknowledges a non-2xx final response (section 17.1.1.3).
func (e *Exchange) hopAck(tx *clientTx, res *sip.Response) *sip.Request {
	ack := sip.NewRequest(sip.ACK, tx.req.Recipient)
	ack.AppendHeader(e.via(tx.branch))
	for _, h := range tx.req.GetHeaders("Route") {
		ack.AppendHeader(sip.HeaderClone(h))
	}
	hops := sip.MaxForwardsHeader(70)
	ack.AppendHeader(&hops)
	ack.AppendHeader(sip.HeaderClone(tx.req.From()))
	ack.AppendHeader(sip.HeaderClone(res.To()))
	ack.AppendHeader(sip.HeaderClone(tx.req.CallID()))
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: tx.req.CSeq().SeqNo, MethodName: sip.ACK})
	ack.SetBody(nil)
	return ack
}

// cancelRequest sends CANCEL for an INVITE that has been answered
// provisionally (section 9.1).
func (e *Exchange) cancelRequest(tx *clientTx, reason string) {
	tx.cancelSent = true
	c := sip.NewRequest(sip.CANCEL, tx.req.Recipient)
	for _, h := range tx.req.GetHeaders("Route") {
		c.AppendHeader(sip.HeaderClone(h))
	}
	hops := sip.MaxForwardsHeader(70)
	c.AppendHeader(&hops)
	c.AppendHeader(sip.HeaderClone(tx.req.From()))
	c.AppendHeader(sip.HeaderClone(tx.req.To()))
	c.AppendHeader(sip.HeaderClone(tx.req.CallID()))
	c.AppendHeader(&sip.CSeqHeader{SeqNo: tx.req.CSeq().SeqNo, MethodName: sip.CANCEL})
	if reason != "" {
		c.AppendHeader(sip.NewHeader("Reason", reason))
	}
	c.SetBody(nil)
	// CANCEL shares the branch of what it cancels.
	e.requestOn(tx.branch, c, tx.dest, func(*sip.Response) {}, func() {})
}
