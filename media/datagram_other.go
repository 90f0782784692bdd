//go:build !linux

package media

import (
	"errors"
	"net"
	"net/netip"
)

// datagrams is for Linux alone so far; elsewhere package net is as good.
type datagrams struct{}

var errWait = errors.New("no room to send")

func newDatagrams(net.PacketConn) *datagrams { return nil }

func (*datagrams) write([]byte, netip.AddrPort) error { return errWait }

func (*datagrams) read([]byte) (int, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, errOddAddress
}
