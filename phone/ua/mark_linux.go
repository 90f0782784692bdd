package ua

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mark gives sockets a code point for quality of service (RFC 2474), in the
// upper six bits of the traffic class. That it cannot be set is no reason to
// do without the socket.
func mark(dscp int) func(network, address string, c syscall.RawConn) error {
	if dscp == 0 {
		return nil
	}
	return func(network, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			if strings.HasSuffix(network, "6") {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscp<<2)
			}
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, dscp<<2)
		})
	}
}
