package ua

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"offhook/phone/ua/locate"
)

// Network is where an Agent gets its sockets and finds names. Tests give one
// in memory (package uatest).
type Network interface {
	// ListenPacket opens a UDP socket on addr ("127.0.0.1:0").
	ListenPacket(ctx context.Context, addr string) (net.PacketConn, error)
	// Listen opens a TCP listener.
	Listen(ctx context.Context, addr string) (net.Listener, error)
	// Dial opens a TCP connection from local (a zero address: any).
	Dial(ctx context.Context, local netip.Addr, addr string) (net.Conn, error)
	// LocalAddr is the address packets to remote leave from.
	LocalAddr(remote netip.AddrPort) (netip.Addr, error)
	// Resolver answers questions about names.
	locate.Resolver
}

// systemNetwork is the real thing.
type systemNetwork struct {
	*locate.System
	// dscp marks what is sent (RFC 2474); 0: nothing.
	dscp int
}

func (n systemNetwork) ListenPacket(ctx context.Context, addr string) (net.PacketConn, error) {
	lc := net.ListenConfig{Control: mark(n.dscp)}
	return lc.ListenPacket(ctx, "udp", addr)
}

func (n systemNetwork) Listen(ctx context.Context, addr string) (net.Listener, error) {
	lc := net.ListenConfig{Control: mark(n.dscp)}
	return lc.Listen(ctx, "tcp", addr)
}

func (n systemNetwork) Dial(ctx context.Context, local netip.Addr, addr string) (net.Conn, error) {
	d := net.Dialer{Control: mark(n.dscp)}
	if local.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	return d.DialContext(ctx, "tcp", addr)
}

// LocalAddr asks the kernel by connecting a UDP socket, which sends nothing.
func (systemNetwork) LocalAddr(remote netip.AddrPort) (netip.Addr, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the local address towards %v: %w", remote, err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
