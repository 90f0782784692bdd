package media

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMarkIsOnTheSocket(t *testing.T) {
	conn, err := ListenRTP(netip.MustParseAddr("127.0.0.1"), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	must(t, Mark(conn, 46))
	raw, err := conn.(*net.UDPConn).SyscallConn()
	must(t, err)
	got := 0
	must(t, raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS) }))
	must(t, err)
	if got != 46<<2 {
		t.Errorf("type of service %#x, want %#x", got, 46<<2)
	}
	c, _ := memPair()
	must(t, Mark(c, 46)) // a socket in memory has no marks
}
