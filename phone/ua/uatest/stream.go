package uatest

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// listener accepts TCP connections.
type listener struct {
	net     *Network
	addr    netip.AddrPort
	backlog chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.streams, l.addr)
		l.net.mu.Unlock()
		close(l.closed)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

// half is one direction of a connection: bytes in flight.
type half struct {
	mu     sync.Mutex // guards the rest
	buf    []byte
	closed bool          // no more will come
	more   chan struct{} // capacity 1: something changed
}

const window = 256 << 10 // bytes in flight before a write fails

// stream is one end of a TCP connection.
type stream struct {
	net           *Network
	local, remote netip.AddrPort
	in, out       *half
	once          sync.Once
	closed        chan struct{}
	read          deadline
}

func newStream(n *Network, from, to netip.AddrPort) (client, server *stream) {
	a, b := &half{more: make(chan struct{}, 1)}, &half{more: make(chan struct{}, 1)}
	client = &stream{net: n, local: from, remote: to, in: a, out: b, closed: make(chan struct{}), read: newDeadline()}
	server = &stream{net: n, local: to, remote: from, in: b, out: a, closed: make(chan struct{}), read: newDeadline()}
	return client, server
}

func (h *half) wake() {
	select {
	case h.more <- struct{}{}:
	default:
	}
}

func (s *stream) Read(b []byte) (int, error) {
	for {
		select {
		case <-s.closed:
			return 0, net.ErrClosed
		default:
		}
		s.in.mu.Lock()
		n := copy(b, s.in.buf)
		s.in.buf = s.in.buf[n:]
		end, left := s.in.closed, len(s.in.buf)
		s.in.mu.Unlock()
		if n > 0 {
			if left > 0 || end {
				s.in.wake()
			}
			return n, nil
		}
		if end {
			return 0, io.EOF
		}
		select {
		case <-s.in.more:
		case <-s.closed:
			return 0, net.ErrClosed
		case <-s.read.wait():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// Write never blocks: a peer that does not read is a reset connection once
// the window is full.
func (s *stream) Write(b []byte) (int, error) {
	select {
	case <-s.closed:
		return 0, net.ErrClosed
	default:
	}
	s.net.mu.Lock()
	dead := s.net.dead[s.local.Addr()] || s.net.dead[s.remote.Addr()]
	s.net.mu.Unlock()
	if dead {
		return len(b), nil // in the kernel's buffer, for ever
	}
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	if s.out.closed || len(s.out.buf)+len(b) > window {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
	}
	s.out.buf = append(s.out.buf, b...)
	s.out.wake()
	return len(b), nil
}

func (s *stream) Close() error {
	s.once.Do(func() {
		close(s.closed)
		for _, h := range []*half{s.in, s.out} {
			h.mu.Lock()
			h.closed = true
			h.wake()
			h.mu.Unlock()
		}
	})
	return nil
}

func (s *stream) LocalAddr() net.Addr                { return net.TCPAddrFromAddrPort(s.local) }
func (s *stream) RemoteAddr() net.Addr               { return net.TCPAddrFromAddrPort(s.remote) }
func (s *stream) SetDeadline(t time.Time) error      { s.read.set(t); return nil }
func (s *stream) SetReadDeadline(t time.Time) error  { s.read.set(t); return nil }
func (s *stream) SetWriteDeadline(_ time.Time) error { return nil }
