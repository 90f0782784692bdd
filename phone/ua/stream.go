package ua

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// streamKey is what connections are told apart by.
type streamKey struct {
	transport string // "tcp", "tls"
	remote    netip.AddrPort
}

// stream gives the connection with a peer, nil when there is none.
func (s *stack) stream(transport string, remote netip.AddrPort) *streamConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[streamKey{transport, netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}]
}

// connectTimeout bounds an attempt at a connection, TLS included.
const connectTimeout = 5 * time.Second

// connect gives the connection to e, dialling when there is none. Who comes
// while another dials waits for what comes of that.
func (s *stack) connect(ctx context.Context, e endpoint) (*streamConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	key := streamKey{e.transport, e.addr}
	for {
		s.mu.Lock()
		c, closed, dialling := s.streams[key], s.closed, s.dialling[key]
		if c == nil && !closed && dialling == nil {
			mine := make(chan struct{})
			s.dialling[key] = mine
			s.mu.Unlock()
			defer func() {
				s.mu.Lock()
				delete(s.dialling, key)
				s.mu.Unlock()
				close(mine)
			}()
			return s.dial(ctx, e)
		}
		s.mu.Unlock()
		switch {
		case closed:
			return nil, ErrClosed
		case c != nil && e.transport == "tls":
			return c, c.serves(e)
		case c != nil:
			return c, nil
		}
		select {
		case <-dialling:
		case <-ctx.Done():
			return nil, &StepError{StepRoute, fmt.Errorf("connect to %v: %w", e.addr, ctx.Err())}
		}
	}
}

// drop closes the connection of f, when it has one.
func (s *stack) drop(f flow) {
	if c := s.stream(f.transport, f.remote); c != nil {
		c.Close()
	}
}

// dial opens a connection to e.
func (s *stack) dial(ctx context.Context, e endpoint) (*streamConn, error) {
	raw, err := s.net.Dial(ctx, netip.Addr{}, e.addr.String())
	if err != nil {
		return nil, &StepError{StepRoute, fmt.Errorf("connect to %v: %w", e.addr, err)}
	}
	into := s.dialled
	if e.transport == "tls" {
		if raw, err = handshake(ctx, raw, e); err != nil {
			return nil, &StepError{StepTLS, err}
		}
		into = s.dialledTLS
	}
	c := s.adopt(raw, nil, e)
	if err := into.give(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// maxAccepted bounds the TCP connections that others keep open with us.
const maxAccepted = 64

// welcome takes a connection from outside.
func (s *stack) welcome(raw net.Conn) net.Conn { return s.accept(raw, "tcp") }

// accept remembers a connection from outside. When there are too many, the
// oldest goes that never carried a word of ours, or else the oldest.
func (s *stack) accept(raw net.Conn, transport string) net.Conn {
	c := s.adopt(raw, s.door, endpoint{transport: transport})
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

// adopt wraps a connection and remembers it. e is what it was dialled for.
func (s *stack) adopt(raw net.Conn, d *door, e endpoint) *streamConn {
	c := &streamConn{Conn: raw, door: d, judge: s.judge, trace: s.traceFunc(), gone: make(chan struct{}), endpoint: e}
	key := streamKey{e.transport, addrPort(raw.RemoteAddr())}
	local := addrPort(raw.LocalAddr())
	c.closed = func(c *streamConn) {
		s.mu.Lock()
		current := s.streams[key] == c
		if current {
			delete(s.streams, key)
		}
		delete(s.seen, seenKey{e.transport, local, key.remote.Addr()})
		s.accepted = slices.DeleteFunc(s.accepted, func(o *streamConn) bool { return o == c })
		closed := s.closed
		s.mu.Unlock()
		s.ended(c)
		if current && !closed {
			s.lost(key)
		}
	}
	s.mu.Lock()
	s.streams[key] = c
	s.mu.Unlock()
	return c
}
