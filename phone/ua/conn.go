package ua

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// packetConn is the UDP socket as sipgo sees it: traced, behind a door, and
// patient with errors that a socket outlives.
type packetConn struct {
	net.PacketConn
	door  *door
	stun  *stunning
	trace func(at time.Time, d Direction, transport string, local, remote net.Addr, data []byte)
	ready func() // called when sipgo reads for the first time: it knows the socket
	once  sync.Once
}

// lastWork is how long sipgo may take to finish what it has read before a
// socket was closed.
const lastWork = 20 * time.Millisecond

// maxDatagram is the longest packet that is looked at.
const maxDatagram = 16 << 10

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.once.Do(c.ready)
	for failures := 0; ; {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			// Some systems report an ICMP error of an earlier packet on the next
			// read. sipgo would stop reading for good.
			if failures++; errors.Is(err, net.ErrClosed) || failures > 100 {
				// When reading ends sipgo forgets the socket, and opens one of its
				// own for what it is still working on. Let that finish first.
				time.Sleep(lastWork)
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
		return n, from, nil
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

// streamConn is a TCP or TLS connection as sipgo sees it. Received messages
// are traced after parsing: here they are mere pieces of a stream.
type streamConn struct {
	net.Conn
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

// Read lets a stranger wait for what he has sent: TCP makes him go slower.
func (c *streamConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if string(b[:n]) == "\r\n" {
		c.pongs.Add(1)
	}
	if c.door == nil || n == 0 {
		return n, err
	}
	known := c.door.known(b[:n])
	if known {
		c.known.Store(true)
	}
	for !c.door.admit(b[:n], known, addrPort(c.RemoteAddr()).Addr()) {
		select {
		case <-time.After(doorWait):
		case <-c.gone:
			return 0, net.ErrClosed
		}
	}
	return n, err
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
