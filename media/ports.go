package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// ErrNoPort says that every even port of the range is in use.
var ErrNoPort = errors.New("no free RTP port")

// ListenRTP opens a UDP socket on an even port of [lo, hi] (RFC 3550 section
// 11); the odd port above it is left for RTCP. Ports are tried from a random
// start so that a port just closed is not reused at once for another call.
// With lo and hi both 0, the system chooses among its ephemeral ports.
// ErrNoPort when all are taken.
func ListenRTP(addr netip.Addr, lo, hi uint16) (net.PacketConn, error) {
	return listenRTP(addr, lo, hi, listenUDP)
}

func listenUDP(addr netip.AddrPort) (net.PacketConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
}

func listenRTP(addr netip.Addr, lo, hi uint16, listen func(netip.AddrPort) (net.PacketConn, error)) (net.PacketConn, error) {
	if lo == 0 && hi == 0 {
		return listenAnyEven(addr, listen)
	}
	first := uint32(lo) + uint32(lo)&1
	if first == 0 {
		first = 2
	}
	if first > uint32(hi) {
		return nil, fmt.Errorf("listen for RTP: the port range %d-%d holds no even port; set sip.rtp_ports to a wider one", lo, hi)
	}
	n := (uint32(hi)-first)/2 + 1
	start := randUint32() % n
	var last error
	for i := range n {
		port := first + (start+i)%n*2
		conn, err := listen(netip.AddrPortFrom(addr, uint16(port)))
		if err == nil {
			return conn, nil
		}
		last = err
		if !portTaken(err) {
			break // another port will fail alike: no such address, no permission
		}
	}
	if portTaken(last) {
		return nil, fmt.Errorf("listen for RTP on %v: %w: all %d even ports of %d-%d are in use; end a call or widen sip.rtp_ports", addr, ErrNoPort, n, lo, hi)
	}
	return nil, fmt.Errorf("listen for RTP on %v: %w", addr, last)
}

// ListenRTCP opens the port above that of an RTP socket, on the same address, for
// the RTCP of peers that do not share a port with it (RFC 3550 section 11). It
// is nil without an error for what is no UDP socket of the system.
func ListenRTCP(rtp net.PacketConn) (net.PacketConn, error) {
	udp, ok := rtp.(*net.UDPConn)
	if !ok {
		return nil, nil
	}
	ap := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	if ap.Port() == 65535 {
		return nil, nil
	}
	conn, err := listenUDP(netip.AddrPortFrom(ap.Addr(), ap.Port()+1))
	if err != nil {
		return nil, fmt.Errorf("listen for RTCP: %w", err)
	}
	return conn, nil
}

// listenAnyEven asks the system for ports until it gets an even one, holding
// the odd ones meanwhile so that it is not given the same again.
func listenAnyEven(addr netip.Addr, listen func(netip.AddrPort) (net.PacketConn, error)) (net.PacketConn, error) {
	var odd []net.PacketConn
	defer func() {
		for _, c := range odd {
			c.Close()
		}
	}()
	for range 32 {
		conn, err := listen(netip.AddrPortFrom(addr, 0))
		if err != nil {
			return nil, fmt.Errorf("listen for RTP on %v: %w", addr, err)
		}
		if portOf(conn)%2 == 0 {
			return conn, nil
		}
		odd = append(odd, conn)
	}
	return nil, fmt.Errorf("listen for RTP on %v: %w: the system gave no even port", addr, ErrNoPort)
}

// portOf is the local UDP port of a connection, 0 when it has none.
func portOf(conn net.PacketConn) uint16 {
	ap, ok := addrPort(conn.LocalAddr())
	if !ok {
		return 0
	}
	return ap.Port()
}

// addrPort reads an address of any kind of packet connection.
func addrPort(a net.Addr) (netip.AddrPort, bool) {
	switch a := a.(type) {
	case nil:
		return netip.AddrPort{}, false
	case *net.UDPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
	}
	ap, err := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), err == nil
}
