package ua

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// endpoint is a place that a flow can be opened to.
type endpoint struct {
	transport string // "udp", "tcp", "tls"
	addr      netip.AddrPort
	// TLS: the name that the certificate there must have been made for, and the account's settings (nil: none).
	host string
	tls  *tls.Config
}

// flow is a way to a peer: transport and both addresses.
type flow struct {
	transport     string // "udp", "tcp", "tls"
	local, remote netip.AddrPort
	socket        sip.Addr // UDP: sipgo's name of the socket
	host          string   // TLS: whom the peer has proved to be
	tls           *tls.Config
	// seen is our end as the peer sees it, where a NAT is between; zero: not known to differ.
	seen netip.AddrPort
	// sound is our address for sound, where the account's settings give one; zero: local.
	sound netip.Addr
}

// endpoint is what f was opened to.
func (f flow) endpoint() endpoint {
	return endpoint{transport: f.transport, addr: f.remote, host: f.host, tls: f.tls}
}

func (f flow) valid() bool { return f.remote.IsValid() }

// contact is the address of ours that the peer can reach.
func (f flow) contact() netip.AddrPort {
	if f.seen.IsValid() {
		return f.seen
	}
	return f.local
}

// media is the address to put into session descriptions.
func (f flow) media() netip.Addr {
	if f.sound.IsValid() {
		return f.sound
	}
	return f.local.Addr()
}

// socket is a UDP socket of ours.
type socket struct {
	conn net.PacketConn
	ours bool // opened because a peer is reached from its address; the configuration names it not
	port uint16
	name sip.Addr
}

// seenKey is one end of ours as one peer may see it.
type seenKey struct {
	transport string
	local     netip.AddrPort
	remote    netip.Addr
}

// saw notes how the peer of f sees us; addr may equal f.local.
func (s *stack) saw(f flow, addr netip.AddrPort) {
	k := seenKey{f.transport, f.local, f.remote.Addr()}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case addr == f.local || !addr.IsValid():
		delete(s.seen, k)
	case len(s.seen) < maxSeen:
		s.seen[k] = addr
	}
}

// maxSeen bounds what is remembered of NATs: one entry an account and connection.
const maxSeen = 1024

// flowTo finds (opening what must be opened) the way to e. It may wait for a
// connection; for UDP it does not.
func (s *stack) flowTo(ctx context.Context, e endpoint) (flow, error) {
	e.addr = netip.AddrPortFrom(e.addr.Addr().Unmap(), e.addr.Port())
	if e.transport != "udp" {
		c, err := s.connect(ctx, e)
		if err != nil {
			return flow{}, err
		}
		return s.dress(flow{transport: e.transport, local: addrPort(c.LocalAddr()), remote: e.addr,
			host: c.endpoint.host, tls: c.endpoint.tls}), nil
	}
	local, err := s.net.LocalAddr(e.addr)
	if err != nil {
		return flow{}, &StepError{StepRoute, err}
	}
	so, err := s.socketAt(ctx, local)
	if err != nil {
		return flow{}, &StepError{StepRoute, fmt.Errorf("open a UDP port on %v: %w", local, err)}
	}
	return s.dress(flow{transport: "udp", local: netip.AddrPortFrom(local, so.port), remote: e.addr, socket: so.name}), nil
}

// dress adds what is known of f.
func (s *stack) dress(f flow) flow {
	s.mu.Lock()
	f.seen = s.seen[seenKey{f.transport, f.local, f.remote.Addr()}]
	s.mu.Unlock()
	return f
}

// packetConn gives the UDP socket that f goes over, nil when it is closed.
func (s *stack) packetConn(f flow) net.PacketConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, so := range s.udp {
		if so.name.String() == f.socket.String() && f.transport == "udp" {
			return so.conn
		}
	}
	return nil
}

// socketAt gives the UDP socket on a local address, a new one when there is none.
func (s *stack) socketAt(ctx context.Context, local netip.Addr) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if so := s.udp[local]; so != nil {
		return so, nil
	}
	wild := netip.IPv6Unspecified()
	if local.Is4() {
		wild = netip.IPv4Unspecified()
	}
	if so := s.udp[wild]; so != nil {
		return so, nil
	}
	if so := s.udp[netip.IPv6Unspecified()]; so != nil {
		return so, nil
	}
	so, err := s.openUDPLocked(ctx, netip.AddrPortFrom(local, 0).String())
	if err == nil {
		so.ours = true
	}
	return so, err
}
