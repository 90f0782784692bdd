package ua

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/emiago/sipgo/sip"
)

// listen opens a configured entry, "udp:127.0.0.1:5060". cert is what is shown
// to who comes by TLS.
func (s *stack) listen(ctx context.Context, entry string, cert *tls.Certificate) error {
	transport, addr, err := parseListen(entry)
	if err != nil {
		return err
	}
	if transport != "udp" {
		l, err := s.net.Listen(ctx, addr)
		if err != nil {
			return listenError(entry, err)
		}
		s.mu.Lock()
		s.closers = append(s.closers, l.Close)
		s.listeners = append(s.listeners, addrPort(l.Addr()))
		s.mu.Unlock()
		if transport == "tls" {
			conf := &tls.Config{Certificates: []tls.Certificate{*cert}}
			s.readers.Go(func() { s.layer.ServeTLS(acceptor{l, func(c net.Conn) net.Conn { return s.welcomeTLS(c, conf) }}) })
			return nil
		}
		s.readers.Go(func() { s.layer.ServeTCP(acceptor{l, s.welcome}) })
		return nil
	}
	_, err = s.openUDP(ctx, addr)
	return listenError(entry, err)
}

func parseListen(entry string) (transport, addr string, err error) {
	transport, addr, _ = strings.Cut(entry, ":")
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || transport != "udp" && transport != "tcp" && transport != "tls" || ap.Addr().Zone() != "" {
		return "", "", fmt.Errorf(`listen entry %q: write it as "udp:ADDRESS:PORT", or with tcp or tls before, for example "udp:192.0.2.7:5060"`, entry)
	}
	return transport, addr, nil
}

func listenError(entry string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: the port is in use; end the other program that has it (ss -lpn shows which), or choose another port: %w", entry, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen on %s: this machine does not have that address: %w", entry, err)
	}
	return fmt.Errorf("listen on %s: %w", entry, err)
}

// openUDP opens a socket and gives it to sipgo.
func (s *stack) openUDP(ctx context.Context, addr string) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openUDPLocked(ctx, addr)
}

func (s *stack) openUDPLocked(ctx context.Context, addr string) (*socket, error) {
	if s.closed {
		return nil, ErrClosed
	}
	pc, err := s.net.ListenPacket(ctx, addr)
	if err != nil {
		return nil, err
	}
	local := addrPort(pc.LocalAddr())
	if s.udp[local.Addr()] != nil {
		// Two sockets on one address would confuse sipgo about which one a
		// peer was talking to.
		pc.Close()
		return nil, fmt.Errorf("a second UDP port on %v: one per address is enough", local.Addr())
	}
	// sipgo finds the socket again by this very text.
	host, port, err := sip.ParseAddr(pc.LocalAddr().String())
	if err != nil {
		pc.Close()
		return nil, err
	}
	so := &socket{conn: pc, port: local.Port(), name: sip.Addr{IP: net.ParseIP(host), Port: port, Hostname: host}}
	first := &packetConn{PacketConn: pc, door: s.door, stun: &s.stun, judge: s.judge, trace: s.traceFunc(), succeed: s.read, over: make(chan struct{})}
	s.read(first)
	s.udp[local.Addr()] = so
	s.closers = append(s.closers, pc.Close)
	return so, nil
}

// read has sipgo read from a new successor of c, and returns when it does.
func (s *stack) read(c *packetConn) {
	ready := make(chan struct{})
	next := c.successor(func() { close(ready) })
	s.readers.Go(func() { s.layer.ServeUDP(next) })
	<-ready
}
