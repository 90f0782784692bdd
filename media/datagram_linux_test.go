package media

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

func listenOn(t *testing.T, network, address string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestDatagramsBetweenFamilies(t *testing.T) {
	local := func(c *net.UDPConn, host string) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(host), c.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	}
	for _, c := range []struct{ name, network, listen, at, peer string }{
		{"IPv4", "udp4", "127.0.0.1:0", "127.0.0.1", "127.0.0.1:0"},
		{"IPv6", "udp6", "[::1]:0", "::1", "[::1]:0"},
		{"IPv4 by a socket for both", "udp", "[::]:0", "127.0.0.1", "127.0.0.1:0"},
		{"IPv6 by a socket for both", "udp", "[::]:0", "::1", "[::1]:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := listenOn(t, c.network, c.listen)
			peer := listenOn(t, "udp", c.peer)
			d := newDatagrams(conn)
			if d == nil {
				t.Fatal("no socket")
			}
			to := local(peer, c.at)
			buf := make([]byte, 100)
			for _, said := range [][]byte{[]byte("one"), {}, bytes.Repeat([]byte{7}, 100)} {
				if err := d.write(said, to); err != nil {
					t.Fatal(err)
				}
				n, from, err := peer.ReadFromUDPAddrPort(buf)
				if err != nil || !bytes.Equal(buf[:n], said) || from.Port() != local(conn, c.at).Port() {
					t.Fatalf("the peer hears %q from %v, %v", buf[:n], from, err)
				}
				peer.WriteToUDPAddrPort(buf[:n], from)
				n, from, err = d.read(buf)
				if err != nil || !bytes.Equal(buf[:n], said) || from != to {
					t.Errorf("%q came back from %v, %v; want it from %v", buf[:n], from, err, to)
				}
			}
			// Of one that is too long there is the beginning, and no more.
			peer.WriteToUDPAddrPort(bytes.Repeat([]byte{9}, 300), local(conn, c.at))
			peer.WriteToUDPAddrPort([]byte("next"), local(conn, c.at))
			if n, _, err := d.read(buf); n != 100 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			if n, _, err := d.read(buf); string(buf[:n]) != "next" || err != nil {
				t.Errorf("%q, %v", buf[:n], err)
			}
		})
	}
}

func TestDatagramsEndAsPackageNetEnds(t *testing.T) {
	conn := listenOn(t, "udp", "[::]:0")
	d := newDatagrams(conn)
	conn.SetReadDeadline(time.Now().Add(-time.Second))
	if _, _, err := d.read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after a deadline: %v", err)
	}
	conn.SetReadDeadline(time.Time{})
	reading := make(chan error)
	go func() {
		_, _, err := d.read(make([]byte, 10))
		reading <- err
	}()
	conn.Close()
	if err := <-reading; !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read when it is closed: %v", err)
	}
	if err := d.write([]byte{1}, netip.MustParseAddrPort("127.0.0.1:9")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after: %v", err)
	}
}

func TestDatagramsLeaveOddReceiversToPackageNet(t *testing.T) {
	d := newDatagrams(listenOn(t, "udp", "[::]:0"))
	for _, to := range []netip.AddrPort{{}, netip.AddrPortFrom(netip.MustParseAddr("fe80::1%lo"), 9)} {
		if err := d.write([]byte{1}, to); err != errOddAddress {
			t.Errorf("to %v: %v", to, err)
		}
	}
	if err := newDatagrams(listenOn(t, "udp4", "127.0.0.1:0")).write([]byte{1}, netip.MustParseAddrPort("[::1]:9")); err != errOddAddress {
		t.Errorf("to IPv6 by IPv4: %v", err)
	}
	if newDatagrams(newMemConn("192.0.2.1:1")) != nil {
		t.Error("what is no socket is taken for one")
	}
}

func TestDatagramsDoNotAllocate(t *testing.T) {
	conn, peer := listenOn(t, "udp", "[::]:0"), listenOn(t, "udp", "127.0.0.1:0")
	d, buf := newDatagrams(conn), make([]byte, 200)
	to := peer.LocalAddr().(*net.UDPAddr).AddrPort()
	back := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	if n := testing.AllocsPerRun(100, func() {
		if err := d.write(buf[:172], to); err != nil {
			t.Error(err)
		}
		n, _, _ := peer.ReadFromUDPAddrPort(buf)
		peer.WriteToUDPAddrPort(buf[:n], back)
		if n, from, err := d.read(buf); n != 172 || from != to || err != nil {
			t.Error(n, from, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a packet both ways", n)
	}
}
