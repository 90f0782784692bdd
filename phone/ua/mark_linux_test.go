package ua

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"offhook/phone/ua/locate"
)

// TestPacketsAreMarked: the code point stands in the upper six bits of the
// traffic class of every socket.
func TestPacketsAreMarked(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		c, err := systemNetwork{&locate.System{}, 24}.ListenPacket(t.Context(), addr)
		if err != nil {
			t.Skipf("%s: %v", addr, err)
		}
		defer c.Close()
		raw, err := c.(*net.UDPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		level, option := unix.IPPROTO_IP, unix.IP_TOS
		if addr[0] == '[' {
			level, option = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
		}
		got := 0
		raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), level, option) })
		if err != nil || got != 24<<2 {
			t.Errorf("%s: class %#x, %v", addr, got, err)
		}
	}
}
