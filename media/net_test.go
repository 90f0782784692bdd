package media

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// memConn is a datagram socket in memory: what it writes, deliver takes.
type memConn struct {
	addr    netip.AddrPort
	deliver func(b []byte, from, to netip.AddrPort) // may be replaced by setDeliver
	mu      sync.Mutex                              // guards deliver, closed
	closed  bool
	in      chan datagram
	quit    chan struct{}
}

type datagram struct {
	b    []byte
	from netip.AddrPort
}

func newMemConn(addr string) *memConn {
	return &memConn{addr: netip.MustParseAddrPort(addr), in: make(chan datagram, 1024), quit: make(chan struct{})}
}

// memPair is two sockets that reach each other.
func memPair() (a, b *memConn) {
	a, b = newMemConn("192.0.2.1:4000"), newMemConn("192.0.2.2:5000")
	a.setDeliver(func(p []byte, from, _ netip.AddrPort) { b.inject(p, from) })
	b.setDeliver(func(p []byte, from, _ netip.AddrPort) { a.inject(p, from) })
	return a, b
}

func (c *memConn) setDeliver(f func(b []byte, from, to netip.AddrPort)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deliver = f
}

// inject makes a datagram arrive.
func (c *memConn) inject(b []byte, from netip.AddrPort) {
	select {
	case c.in <- datagram{append([]byte(nil), b...), from}:
	default: // as a socket with a full buffer does
	}
}

func (c *memConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-c.in:
		return copy(b, d.b), d.from, nil
	case <-c.quit:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (c *memConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	c.mu.Lock()
	f, closed := c.deliver, c.closed
	c.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	if f != nil {
		f(b, c.addr, to)
	}
	return len(b), nil
}

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (c *memConn) WriteTo(b []byte, to net.Addr) (int, error) {
	ap, _ := addrPort(to)
	return c.WriteToUDPAddrPort(b, ap)
}

func (c *memConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("closed twice")
	}
	c.closed = true
	close(c.quit)
	return nil
}

func (c *memConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.addr) }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

// badNetwork delivers to a socket with loss, delay and doubling. Use within a
// synctest bubble.
func badNetwork(to *memConn, rnd *rand.Rand, loss, double float64, delay, jitter time.Duration) func([]byte, netip.AddrPort, netip.AddrPort) {
	var mu sync.Mutex
	return func(b []byte, from, _ netip.AddrPort) {
		mu.Lock()
		defer mu.Unlock()
		if rnd.Float64() < loss {
			return
		}
		copies := 1
		if rnd.Float64() < double {
			copies = 2
		}
		b = append([]byte(nil), b...)
		for range copies {
			d := delay
			if jitter > 0 {
				d += time.Duration(rnd.Int64N(int64(jitter)))
			}
			time.AfterFunc(d, func() { to.inject(b, from) })
		}
	}
}
