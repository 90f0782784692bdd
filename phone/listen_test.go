package phone

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// The socket of a call's sound hears and reaches IPv4 and IPv6 alike: which it is to be is only known with the answer.
func TestSoundSocketServesBothFamilies(t *testing.T) {
	conn, err := listenEverywhere(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	port := netip.MustParseAddrPort(conn.LocalAddr().String()).Port()
	for _, host := range []string{"127.0.0.1", "::1"} {
		peer, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Logf("this machine has no %s", host)
			continue
		}
		defer peer.Close()
		deadline := time.Now().Add(5 * time.Second)
		if err := peer.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host), port))
		if _, err := peer.WriteTo([]byte("there"), to); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 16)
		n, from, err := conn.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "there" {
			t.Fatalf("%s: read %q, %v", host, buf[:n], err)
		}
		back := netip.MustParseAddrPort(from.String())
		back = netip.AddrPortFrom(back.Addr().Unmap(), back.Port()) // as package media keeps it
		if _, err := conn.(*net.UDPConn).WriteToUDPAddrPort([]byte("back"), back); err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if n, _, err := peer.ReadFrom(buf); err != nil || string(buf[:n]) != "back" {
			t.Fatalf("%s: read %q, %v", host, buf[:n], err)
		}
	}
}
