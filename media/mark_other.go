//go:build !linux

package media

import "net"

// Mark does nothing here: other systems mark packets by policy, not by socket.
func Mark(net.PacketConn, int) error { return nil }
