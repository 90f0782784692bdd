package ua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
)

// flow is a way to a peer: transport and both addresses.
type flow struct {
	transport     string // "udp" or "tcp"
	local, remote netip.AddrPort
	socket        sip.Addr // UDP: sipgo's name of the socket
}

func (f flow) valid() bool { return f.remote.IsValid() }

// socket is a UDP socket of ours.
type socket struct {
	conn net.PacketConn
	port uint16
	name sip.Addr
}

// listen opens a configured entry, "udp:127.0.0.1:5060".
func (s *stack) listen(ctx context.Context, entry string) error {
	transport, addr, err := parseListen(entry)
	if err != nil {
		return err
	}
	if transport == "tcp" {
		l, err := s.net.Listen(ctx, addr)
		if err != nil {
			return listenError(entry, err)
		}
		s.mu.Lock()
		s.closers = append(s.closers, l.Close)
		s.listeners = append(s.listeners, addrPort(l.Addr()))
		s.mu.Unlock()
		s.readers.Go(func() { s.layer.ServeTCP(acceptor{l, s.welcome}) })
		return nil
	}
	_, err = s.openUDP(ctx, addr)
	return listenError(entry, err)
}

func parseListen(entry string) (transport, addr string, err error) {
	transport, addr, _ = strings.Cut(entry, ":")
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || transport != "udp" && transport != "tcp" || ap.Addr().Zone() != "" {
		return "", "", fmt.Errorf(`listen entry %q: write it as "udp:ADDRESS:PORT" or "tcp:ADDRESS:PORT", for example "udp:192.0.2.7:5060"`, entry)
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
	ready := make(chan struct{})
	c := &packetConn{PacketConn: pc, door: s.door, trace: s.traceFunc(), ready: func() { close(ready) }}
	s.readers.Go(func() { s.layer.ServeUDP(c) })
	<-ready
	s.udp[local.Addr()] = so
	s.closers = append(s.closers, pc.Close)
	return so, nil
}

// flowTo finds (opening what must be opened) the way to remote. It may wait
// for a TCP connection.
func (s *stack) flowTo(ctx context.Context, transport string, remote netip.AddrPort) (flow, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if transport == "tcp" {
		c, err := s.connect(ctx, remote)
		if err != nil {
			return flow{}, err
		}
		return flow{transport: "tcp", local: addrPort(c.LocalAddr()), remote: remote}, nil
	}
	local, err := s.net.LocalAddr(remote)
	if err != nil {
		return flow{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	so := s.udp[local]
	if so == nil {
		if local.Is4() {
			so = s.udp[netip.IPv4Unspecified()]
		}
		if so == nil {
			so = s.udp[netip.IPv6Unspecified()]
		}
	}
	if so == nil {
		if so, err = s.openUDPLocked(ctx, netip.AddrPortFrom(local, 0).String()); err != nil {
			return flow{}, fmt.Errorf("open a UDP port on %v: %w", local, err)
		}
	}
	return flow{transport: "udp", local: netip.AddrPortFrom(local, so.port), remote: remote, socket: so.name}, nil
}

// connected says whether there is a TCP connection with remote.
func (s *stack) connected(remote netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tcp[netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())] != nil
}

// connectTimeout bounds a TCP connection attempt.
const connectTimeout = 5 * time.Second

// connect gives the TCP connection to remote, dialling when there is none.
func (s *stack) connect(ctx context.Context, remote netip.AddrPort) (*streamConn, error) {
	s.mu.Lock()
	c, closed := s.tcp[remote], s.closed
	s.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if c != nil {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := s.net.Dial(ctx, netip.Addr{}, remote.String())
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", remote, err)
	}
	c = s.adopt(raw, nil)
	if err := s.dialled.give(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// maxAccepted bounds the TCP connections that others keep open with us.
const maxAccepted = 64

// welcome takes a connection from outside. When there are too many, the oldest
// goes that never carried a word of ours, or else the oldest.
func (s *stack) welcome(raw net.Conn) net.Conn {
	c := s.adopt(raw, s.door)
	var out *streamConn
	s.mu.Lock()
	if s.accepted = append(s.accepted, c); len(s.accepted) > maxAccepted {
		out = s.accepted[max(0, slices.IndexFunc(s.accepted[:maxAccepted], func(c *streamConn) bool { return !c.known.Load() }))]
	}
	s.mu.Unlock()
	if out != nil {
		s.log.Debug("too many connections: one is closed", "peer", out.RemoteAddr())
		out.Close()
	}
	return c
}

// adopt wraps a connection and remembers it.
func (s *stack) adopt(raw net.Conn, d *door) *streamConn {
	c := &streamConn{Conn: raw, door: d, trace: s.traceFunc(), gone: make(chan struct{})}
	remote := addrPort(raw.RemoteAddr())
	c.closed = func(c *streamConn) {
		s.mu.Lock()
		if s.tcp[remote] == c {
			delete(s.tcp, remote)
		}
		s.accepted = slices.DeleteFunc(s.accepted, func(o *streamConn) bool { return o == c })
		closed := s.closed
		s.mu.Unlock()
		if !closed {
			s.lost(remote)
		}
	}
	s.mu.Lock()
	s.tcp[remote] = c
	s.mu.Unlock()
	return c
}
