package uatest

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// packetConn is a UDP socket of a Network.
type packetConn struct {
	net  *Network
	addr netip.AddrPort

	in     chan Packet // room for 1024 packets; more are lost, as with a real socket
	closed chan struct{}
	once   sync.Once
	read   deadline
}

func newPacketConn(n *Network, addr netip.AddrPort) *packetConn {
	return &packetConn{net: n, addr: addr, in: make(chan Packet, 1024), closed: make(chan struct{}), read: newDeadline()}
}

func (c *packetConn) put(p Packet) {
	select {
	case c.in <- p:
	default:
	}
}

// ReadFrom waits for a packet.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case <-c.closed:
		return 0, nil, c.err("read", net.ErrClosed)
	default:
	}
	select {
	case p := <-c.in:
		return copy(b, p.Data), net.UDPAddrFromAddrPort(p.From), nil
	case <-c.closed:
		return 0, nil, c.err("read", net.ErrClosed)
	case <-c.read.wait():
		return 0, nil, c.err("read", os.ErrDeadlineExceeded)
	}
}

// WriteTo sends a packet; it is never told whether it arrived.
func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	select {
	case <-c.closed:
		return 0, c.err("write", net.ErrClosed)
	default:
	}
	dest := to.(*net.UDPAddr).AddrPort()
	dest = netip.AddrPortFrom(dest.Addr().Unmap(), dest.Port())
	c.net.send(Packet{From: c.addr, To: dest, Data: slices.Clone(b)})
	return len(b), nil
}

func (c *packetConn) Close() error {
	err := c.err("close", net.ErrClosed)
	c.once.Do(func() {
		c.net.mu.Lock()
		delete(c.net.packets, c.addr)
		c.net.mu.Unlock()
		close(c.closed)
		err = nil
	})
	return err
}

func (c *packetConn) err(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(c.addr), Err: err}
}

func (c *packetConn) LocalAddr() net.Addr                { return net.UDPAddrFromAddrPort(c.addr) }
func (c *packetConn) SetDeadline(t time.Time) error      { c.read.set(t); return nil }
func (c *packetConn) SetReadDeadline(t time.Time) error  { c.read.set(t); return nil }
func (c *packetConn) SetWriteDeadline(_ time.Time) error { return nil }

// deadline is a settable moment that readers wait for.
type deadline struct{ *deadlineState }

type deadlineState struct {
	mu    sync.Mutex // guards the two below
	timer *time.Timer
	ch    chan struct{} // closed when the moment has passed
}

func newDeadline() deadline { return deadline{&deadlineState{ch: make(chan struct{})}} }

func (d deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ch
}

func (d deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.ch:
		d.ch = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	ch := d.ch
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.ch == ch {
				select {
				case <-ch:
				default:
					close(ch)
				}
			}
		})
		return
	}
	close(ch)
}
