package ua

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"offhook/phone/ua/grammar"
)

// packetConn is the UDP socket as sipgo sees it: traced, behind a door, and
// patient with errors that a socket outlives.
type packetConn struct {
	net.PacketConn
	door  *door
	stun  *stunning
	judge judge
	trace func(at time.Time, d Direction, transport string, local, remote net.Addr, data []byte)
	ready func() // called when sipgo reads for the first time: it knows the socket
	once  sync.Once

	// sipgo keeps an entry for each address it has read from, for as long as it
	// reads. So it reads through one packetConn after the other, all of one
	// socket: after maxSources addresses, succeed has it read from a new one. The
	// old one stays until the new one is old itself, since what was read from it
	// last may still be at work; then over is closed, and sipgo forgets it.
	succeed func(*packetConn)
	sources map[netip.AddrPort]struct{} // used by the one caller of ReadFrom
	over    chan struct{}
	before  *packetConn // nil: the first
}

// maxSources is how many addresses sipgo may remember of a packetConn.
const maxSources = 1024

// successor is a packetConn that reads on where c ends.
func (c *packetConn) successor(ready func()) *packetConn {
	return &packetConn{PacketConn: c.PacketConn, door: c.door, stun: c.stun, judge: c.judge, trace: c.trace, ready: ready,
		succeed: c.succeed, sources: map[netip.AddrPort]struct{}{}, over: make(chan struct{}), before: c}
}

// release lets the one before c end.
func (c *packetConn) release() {
	if c.before != nil {
		close(c.before.over)
		c.before = nil
	}
}

// retire hands the reading on, and waits until c may be forgotten.
func (c *packetConn) retire() error {
	c.succeed(c)
	c.release()
	<-c.over
	return net.ErrClosed
}

// judge is stack.judge.
type judge func(data []byte, from netip.AddrPort, datagram bool) (normal, answer []byte, to netip.AddrPort)

// lastWork is how long sipgo may take to finish what it has read before a
// socket was closed.
const lastWork = 20 * time.Millisecond

// maxDatagram is the longest packet that is looked at.
const maxDatagram = 16 << 10

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.once.Do(c.ready)
	for failures := 0; ; {
		if len(c.sources) >= maxSources {
			return 0, nil, c.retire()
		}
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			// Some systems report an ICMP error of an earlier packet on the next
			// read. sipgo would stop reading for good.
			if failures++; errors.Is(err, net.ErrClosed) || failures > 100 {
				// When reading ends sipgo forgets the socket, and opens one of its
				// own for what it is still working on. Let that finish first.
				time.Sleep(lastWork)
				c.release()
				return n, from, err
			}
			continue
		}
		if n < 5 || n > maxDatagram { // keep-alives and junk
			failures = 0
			continue
		}
		if c.stun.take(b[:n], addrPort(from)) {
			failures = 0
			continue
		}
		if !c.door.admit(b[:n], c.door.known(b[:n]), addrPort(from).Addr()) {
			failures = 0
			continue
		}
		if c.trace != nil {
			c.trace(time.Now(), Received, "udp", c.LocalAddr(), from, b[:n])
		}
		msg, answer, to := c.judge(b[:n], addrPort(from), true)
		if answer != nil {
			c.WriteTo(answer, net.UDPAddrFromAddrPort(to))
		}
		if msg == nil {
			failures = 0
			continue
		}
		c.sources[addrPort(from)] = struct{}{}
		return copy(b, msg), from, nil
	}
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	at := time.Now() // the answer may be here before we get to tracing
	n, err := c.PacketConn.WriteTo(b, to)
	if err == nil && c.trace != nil {
		c.trace(at, Sent, "udp", c.LocalAddr(), to, b)
	}
	return n, err
}

// streamConn is a TCP or TLS connection as sipgo sees it: a message at a time,
// each one judged. Received messages are traced after parsing.
type streamConn struct {
	net.Conn
	judge    judge
	in       []byte   // read and not yet told apart; Read's one caller only
	next     []byte   // the rest of the message that is being handed on; the same
	endpoint endpoint // what it was dialled for; its transport only when others dialled
	door     *door    // nil: we dialled
	known    atomic.Bool
	pongs    atomic.Int64 // answers to pings of ours (RFC 5626 section 3.5.1)
	trace    func(at time.Time, d Direction, transport string, local, remote net.Addr, data []byte)
	closed   func(*streamConn)
	gone     chan struct{} // closed by Close
	once     sync.Once
}

// doorWait is how long a stream waits before it asks the door again.
const doorWait = 50 * time.Millisecond

// Read hands on the next message that has no fault.
func (c *streamConn) Read(b []byte) (int, error) {
	for len(c.next) == 0 {
		msg, err := c.message()
		if err != nil {
			return 0, err
		}
		if msg == nil {
			n, err := c.Conn.Read(b)
			if n == 0 && err != nil {
				return 0, err
			}
			c.in = append(c.in, b[:n]...)
			continue
		}
		if c.door != nil {
			if err := c.queue(msg); err != nil {
				return 0, err
			}
		}
		var answer []byte
		if c.next, answer, _ = c.judge(msg, addrPort(c.RemoteAddr()), false); answer != nil {
			c.Write(answer)
		}
	}
	n := copy(b, c.next)
	if c.next = c.next[n:]; len(c.next) == 0 && len(c.in) == 0 {
		c.in, c.next = nil, nil
	}
	return n, nil
}

// message takes the next whole message out of what was read; nil: more is
// needed. Pings between messages are answered here (RFC 5626 section 4.4.1).
func (c *streamConn) message() ([]byte, error) {
	for bytes.HasPrefix(c.in, crlf[:2]) {
		if bytes.HasPrefix(c.in, crlf) {
			c.in = c.in[len(crlf):]
			if _, err := c.Write(crlf[:2]); err != nil {
				return nil, err
			}
			continue
		}
		c.in = c.in[2:]
		c.pongs.Add(1)
	}
	if len(c.in) == 0 {
		c.in = nil
		return nil, nil
	}
	n, err := grammar.Frame(c.in)
	if err != nil {
		// Where the next message begins nobody knows: the stream is of no more use.
		if _, answer, _ := c.judge(c.in[:n], addrPort(c.RemoteAddr()), false); answer != nil {
			c.Write(answer)
		}
		c.Close()
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	msg := c.in[:n:n]
	c.in = c.in[n:]
	return msg, nil
}

// queue lets a stranger wait for what he has sent: TCP makes him go slower.
func (c *streamConn) queue(msg []byte) error {
	known := c.door.known(msg)
	if known {
		c.known.Store(true)
	}
	for !c.door.admit(msg, known, addrPort(c.RemoteAddr()).Addr()) {
		select {
		case <-time.After(doorWait):
		case <-c.gone:
			return net.ErrClosed
		}
	}
	return nil
}

// writeTimeout bounds a write to a peer that does not read.
const writeTimeout = 5 * time.Second

func (c *streamConn) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(writeTimeout))
	at := time.Now()
	n, err := c.Conn.Write(b)
	if err != nil {
		c.Close() // half a message may be out: the stream is of no more use
		return n, err
	}
	if c.trace != nil && len(b) > len(crlf) {
		c.trace(at, Sent, c.endpoint.transport, c.LocalAddr(), c.RemoteAddr(), b)
	}
	return n, nil
}

func (c *streamConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		close(c.gone)
		c.closed(c)
	})
	return err
}

// handover is a listener that "accepts" the connections we dialled, which is
// how they get into sipgo without sipgo dialling by itself.
type handover struct {
	conns  chan handed
	closed chan struct{}
	once   sync.Once
	last   chan struct{} // used by Accept's one caller only
}

type handed struct {
	conn net.Conn
	done chan struct{} // closed when sipgo has put the connection in its pool
}

func newHandover() *handover {
	return &handover{conns: make(chan handed), closed: make(chan struct{})}
}

// give returns when sipgo knows conn.
func (h *handover) give(conn net.Conn) error {
	done := make(chan struct{})
	select {
	case h.conns <- handed{conn, done}:
	case <-h.closed:
		return net.ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-h.closed:
		return net.ErrClosed
	}
}

func (h *handover) Accept() (net.Conn, error) {
	if h.last != nil {
		close(h.last)
		h.last = nil
	}
	select {
	case c := <-h.conns:
		h.last = c.done
		return c.conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero} }

// acceptor wraps the connections of a listener.
type acceptor struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (a acceptor) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return a.wrap(c), nil
}

// addrPort gives the address of a UDP or TCP net.Addr without 4-in-6.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
