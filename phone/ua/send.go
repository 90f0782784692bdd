package ua

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxDatagramRequest is the size above which a request goes by TCP when the
// peer takes it (RFC 3261 section 18.1.1).
const maxDatagramRequest = 1300

// address puts req on f: Via (a fresh one), destination, socket.
func (s *stack) address(req *sip.Request, f flow) {
	req.RemoveHeader("Via")
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(f.transport),
		Host: f.local.Addr().String(), Port: int(f.local.Port())}
	via.Params.Add("branch", s.door.branch())
	via.Params.Add("rport", "") // RFC 3581
	req.PrependHeader(via)
	s.send(req, f)
}

// send sets where req goes without touching its Via.
func (s *stack) send(req *sip.Request, f flow) {
	req.SetTransport(strings.ToUpper(f.transport))
	req.SetDestination(f.remote.String())
	req.Laddr = f.socket // zero for TCP: sipgo finds the connection by the remote address
}

// write sends a request that is no transaction: an ACK.
func (s *stack) write(req *sip.Request) error {
	if s.isClosed() {
		return ErrClosed
	}
	return s.layer.WriteMsg(req)
}

// request sends req over f in a transaction of its own, as transact does. It
// may wait for a TCP connection, so don't call it from a serial; req belongs to
// the transaction from now on.
func (s *stack) request(ctx context.Context, req *sip.Request, f flow, sent func(), on func(*sip.Response), done func(error)) {
	s.address(req, f)
	f = s.choose(ctx, req, f)
	if f.transport != "udp" && s.stream(f.transport, f.remote) == nil {
		if _, err := s.connect(ctx, f.endpoint()); err != nil {
			done(err)
			return
		}
	}
	s.transact(ctx, req, sent, on, done)
}

// choose moves a request that is too long for UDP to TCP, when the peer takes
// TCP, and gives the flow it then has.
func (s *stack) choose(ctx context.Context, req *sip.Request, f flow) flow {
	if f.transport != "udp" || len(req.String()) <= maxDatagramRequest {
		return f
	}
	if s.noTCP.has(f.remote) {
		return f
	}
	t, err := s.flowTo(ctx, endpoint{transport: "tcp", addr: f.remote})
	if err != nil {
		s.noTCP.put(f.remote)
		s.log.Debug("a request is too long for UDP and TCP is refused; UDP it is", "to", f.remote, "error", err)
		return f
	}
	s.address(req, t)
	return t
}

// refusers remembers who took no TCP connection, so that only one long request
// in a while has to wait to hear that.
type refusers struct {
	mu sync.Mutex                   // guards the next
	at map[netip.AddrPort]time.Time // when they are asked again
}

const (
	askAgain    = 10 * time.Minute
	maxRefusers = 64
)

func (r *refusers) has(a netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.at[a])
}

func (r *refusers) put(a netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil || len(r.at) >= maxRefusers {
		r.at = map[netip.AddrPort]time.Time{}
	}
	r.at[a] = time.Now().Add(askAgain)
}

// cancel sends a CANCEL, which has the Via of its INVITE and goes where that
// went. Done is called once, at its final response: what is left then is the
// transaction's wait for stray repeats, which nobody needs to see the end of.
func (s *stack) cancel(ctx context.Context, req, invite *sip.Request, done func(error)) {
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	var once sync.Once
	finish := func(err error) { once.Do(func() { done(err) }) }
	s.transact(ctx, req, nil, func(r *sip.Response) {
		if r.StatusCode >= 200 {
			finish(nil)
		}
	}, finish)
}
