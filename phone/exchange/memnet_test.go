package exchange

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// memNet is a loopback without sockets, so that synctest's clock can run.
type memNet struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
	next  uint16
}

func newMemNet() *memNet { return &memNet{conns: map[netip.AddrPort]*memConn{}, next: 20000} }

func (n *memNet) ListenPacket(_ context.Context, _, address string) (net.PacketConn, error) {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if ap.Port() == 0 {
		n.next += 2
		ap = netip.AddrPortFrom(ap.Addr(), n.next)
	}
	if n.conns[ap] != nil {
		return nil, fmt.Errorf("%s: address already in use", ap)
	}
	c := &memConn{n: n, addr: ap, in: make(chan packet, 256), closed: make(chan struct{})}
	n.conns[ap] = c
	return c, nil
}

func (n *memNet) open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns)
}

type memConn struct {
	net.PacketConn // the deadline methods, never called
	n              *memNet
	addr           netip.AddrPort
	in             chan packet
	once           sync.Once
	closed         chan struct{}
}

func (c *memConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.addr) }

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.in:
		return copy(b, p.data), net.UDPAddrFromAddrPort(p.from), nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *memConn) WriteTo(b []byte, to net.Addr) (int, error) {
	ap, _ := addrPortOf(to)
	c.n.mu.Lock()
	peer := c.n.conns[ap]
	c.n.mu.Unlock()
	if peer != nil {
		select {
		case peer.in <- packet{append([]byte(nil), b...), c.addr}:
		default: // as a full socket buffer does
		}
	}
	return len(b), nil
}

func (c *memConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.n.mu.Lock()
		delete(c.n.conns, c.addr)
		c.n.mu.Unlock()
	})
	return nil
}

func (n *memNet) mustOpen(t *testing.T, address string) *memConn {
	t.Helper()
	c, err := n.ListenPacket(context.Background(), "udp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*memConn)
}
