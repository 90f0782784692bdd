package ua

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
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
	if c.trace != nil { // now: the answer may be here before the write returns
		c.trace(time.Now(), Sent, "udp", c.LocalAddr(), to, b)
	}
	return c.PacketConn.WriteTo(b, to)
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
