package media

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Mark has what conn sends carry a DSCP (RFC 2474, 0 to 63; speech is 46,
// RFC 4594), so that routers which look at it let speech go first. A socket
// that has no such option is left as it is; the error is that of the system.
func Mark(conn net.PacketConn, dscp int) error {
	sc, ok := conn.(syscall.Conn)
	if !ok || dscp == 0 {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return fmt.Errorf("mark RTP: %w", err)
	}
	var v4, v6 error
	if err := raw.Control(func(fd uintptr) {
		v4 = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, dscp<<2)
		v6 = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscp<<2)
	}); err != nil {
		return fmt.Errorf("mark RTP: %w", err)
	}
	if v4 != nil && v6 != nil { // a socket of one family has one of the two
		return fmt.Errorf("mark RTP: %w", errors.Join(v4, v6))
	}
	return nil
}
