package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

var loopbackAddr = netip.MustParseAddr("127.0.0.1")

// taken makes a listener that finds the given ports in use.
func taken(ports map[uint16]bool, tried *[]uint16) func(netip.AddrPort) (net.PacketConn, error) {
	return func(a netip.AddrPort) (net.PacketConn, error) {
		*tried = append(*tried, a.Port())
		if ports[a.Port()] {
			return nil, fmt.Errorf("bind: %w", syscall.EADDRINUSE)
		}
		return newMemConn(a.String()), nil
	}
}

func TestRTPTakesTheFreeEvenPortOfARange(t *testing.T) {
	busy := map[uint16]bool{}
	for p := uint16(10000); p <= 10019; p++ {
		busy[p] = p != 10013 && p != 10014
	}
	for range 20 {
		var tried []uint16
		c, err := listenRTP(loopbackAddr, 10001, 10019, taken(busy, &tried))
		if err != nil || portOf(c) != 10014 {
			t.Fatalf("%v, %v", c, err)
		}
		for _, p := range tried {
			if p%2 != 0 || p < 10002 || p > 10019 {
				t.Errorf("tried port %d", p)
			}
		}
	}
}

func TestAUsedUpRangeIsSaid(t *testing.T) {
	busy := map[uint16]bool{20000: true, 20002: true}
	var tried []uint16
	_, err := listenRTP(loopbackAddr, 20000, 20003, taken(busy, &tried))
	if !errors.Is(err, ErrNoPort) || !strings.Contains(err.Error(), "20000-20003") || len(tried) != 2 {
		t.Errorf("%v after %v", err, tried)
	}
}

func TestARangeWithoutEvenPortsOrWithAnUnusableAddressIsSaid(t *testing.T) {
	for _, r := range [][2]uint16{{5001, 5001}, {6000, 5000}, {65535, 65535}} {
		if _, err := ListenRTP(loopbackAddr, r[0], r[1]); err == nil || errors.Is(err, ErrNoPort) {
			t.Errorf("%v: %v", r, err)
		}
	}
	calls := 0
	_, err := listenRTP(loopbackAddr, 20000, 30000, func(netip.AddrPort) (net.PacketConn, error) {
		calls++
		return nil, syscall.EADDRNOTAVAIL
	})
	if err == nil || calls != 1 {
		t.Errorf("%v after %d attempts", err, calls)
	}
}

func TestTheSystemsPortIsEven(t *testing.T) {
	for range 10 {
		c, err := ListenRTP(loopbackAddr, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if p := portOf(c); p == 0 || p%2 != 0 {
			t.Errorf("port %d", p)
		}
	}
}

func TestARealPortInUseIsPassedOver(t *testing.T) {
	first, err := ListenRTP(loopbackAddr, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	p := portOf(first)
	if _, err := ListenRTP(loopbackAddr, p, p+1); !errors.Is(err, ErrNoPort) {
		t.Errorf("%v", err)
	}
}
