package ua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// stunning is the STUN requests (RFC 8489) that go over our SIP sockets: they
// keep a NAT's binding open, and say what the other side sees of us.
type stunning struct {
	mu      sync.Mutex // guards the next
	waiting map[[stun.TransactionIDSize]byte]stunWait
}

// stunWait is a request under way.
type stunWait struct {
	server netip.AddrPort
	seen   chan netip.AddrPort // capacity 1
}

// errSTUNSilent: the server answers no STUN.
var errSTUNSilent = errors.New("no answer to STUN")

const (
	stunFirst = 500 * time.Millisecond // until the first repetition; doubled each time
	stunSends = 5                      // in 15.5 s; RFC 8489 sends seven, in 39.5 s
)

// bind asks server over conn how it sees us. It waits for the answer.
func (s *stunning) bind(ctx context.Context, conn net.PacketConn, server netip.AddrPort) (netip.AddrPort, error) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return netip.AddrPort{}, err
	}
	w := stunWait{server, make(chan netip.AddrPort, 1)}
	s.mu.Lock()
	if s.waiting == nil {
		s.waiting = map[[stun.TransactionIDSize]byte]stunWait{}
	}
	s.waiting[m.TransactionID] = w
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, m.TransactionID)
		s.mu.Unlock()
	}()
	every := stunFirst
	for range stunSends {
		if _, err := conn.WriteTo(m.Raw, net.UDPAddrFromAddrPort(server)); err != nil {
			return netip.AddrPort{}, err
		}
		t := time.NewTimer(every)
		every *= 2
		select {
		case seen := <-w.seen:
			t.Stop()
			return seen, nil
		case <-ctx.Done():
			t.Stop()
			return netip.AddrPort{}, ctx.Err()
		case <-t.C:
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%v: %w", server, errSTUNSilent)
}

// take says whether a packet is STUN, and gives an answer to who waits for it.
// No other message of STUN is ever answered.
func (s *stunning) take(b []byte, from netip.AddrPort) bool {
	if !stun.IsMessage(b) {
		return false
	}
	if len(b) > 548 {
		return true // none that answers us is so long
	}
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil || m.Type != stun.BindingSuccess {
		return true
	}
	s.mu.Lock()
	w, ok := s.waiting[m.TransactionID]
	s.mu.Unlock()
	if !ok || w.server != from {
		return true
	}
	var x stun.XORMappedAddress
	if x.GetFrom(m) != nil {
		return true
	}
	ip, ok := netip.AddrFromSlice(x.IP)
	if !ok || x.Port <= 0 || x.Port > 65535 {
		return true
	}
	select {
	case w.seen <- netip.AddrPortFrom(ip.Unmap(), uint16(x.Port)):
	default:
	}
	return true
}

// askSTUN asks the account's STUN server what our address is, before we tell
// the registrar. It may take a while; a server that says nothing is left out.
func (acc *account) askSTUN(f flow) {
	if acc.cfg.STUN == "" || f.transport != "udp" {
		return
	}
	u, err := serverURI(acc.cfg.STUN)
	if err != nil {
		return // New has checked it
	}
	if u.Port == 0 {
		u.Port = 3478
	}
	seen, err := acc.a.bindingAt(hop{transport: "udp", host: u.Host, port: u.Port}, f)
	if err != nil {
		acc.a.log.Warn("the STUN server does not say what our address is", "account", acc.cfg.Name, "server", acc.cfg.STUN, "error", err)
		return
	}
	acc.mu.Lock()
	acc.seen.public = seen.Addr()
	acc.mu.Unlock()
	if acc.cfg.PublicAddress.IsValid() {
		return
	}
	acc.a.stack.saw(f, seen)
}

// bindingAt asks the STUN server at h over the socket of f.
func (a *Agent) bindingAt(h hop, f flow) (netip.AddrPort, error) {
	r, err := a.locate(a.ctx, h)
	if err != nil {
		return netip.AddrPort{}, err
	}
	conn := a.stack.packetConn(f)
	for _, t := range r.Targets {
		if t.Addr.Addr().Is4() == f.local.Addr().Is4() && conn != nil {
			return a.stack.stun.bind(a.ctx, conn, t.Addr)
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%s has no address of the kind we use", h)
}
