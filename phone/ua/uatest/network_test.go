package uatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/locate"
)

func sockets(t *testing.T, n *Network) (a, b net.PacketConn) {
	t.Helper()
	var err error
	if a, err = n.Host("10.0.0.1").ListenPacket(t.Context(), "10.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if b, err = n.Host("10.0.0.2").ListenPacket(t.Context(), "0.0.0.0:5060"); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func TestPacketsArriveInOrderWithoutFaults(t *testing.T) {
	a, b := sockets(t, NewNetwork(Faults{}))
	for i := range 10 {
		a.WriteTo([]byte{byte(i)}, b.LocalAddr())
	}
	buf := make([]byte, 10)
	for i := range 10 {
		n, from, err := b.ReadFrom(buf)
		if err != nil || n != 1 || buf[0] != byte(i) || from.String() != a.LocalAddr().String() {
			t.Fatal(n, from, err, buf[0])
		}
	}
}

// TestFaultsAreSeeded: the same seed gives the same fate, another a different
// one, and each fault happens about as often as asked.
func TestFaultsAreSeeded(t *testing.T) {
	run := func(seed uint64) (log string, got int, disordered bool) {
		synctest.Test(t, func(t *testing.T) {
			a, b := sockets(t, NewNetwork(Faults{Seed: seed, Loss: 0.2, Duplicate: 0.1, Delay: 10 * time.Millisecond, Jitter: 50 * time.Millisecond}))
			for i := range 200 {
				a.WriteTo([]byte{byte(i)}, b.LocalAddr())
			}
			time.Sleep(time.Second)
			b.SetReadDeadline(time.Now().Add(time.Millisecond))
			last := -1
			for {
				buf := make([]byte, 1)
				if _, _, err := b.ReadFrom(buf); err != nil {
					if !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Error(err)
					}
					break
				}
				got++
				disordered = disordered || int(buf[0]) < last
				last = int(buf[0])
				log += fmt.Sprint(buf[0], " ")
			}
		})
		return
	}
	log, got, disordered := run(1)
	if again, _, _ := run(1); again != log {
		t.Errorf("one seed, two fates:\n%s\n%s", log, again)
	}
	if other, _, _ := run(2); other == log {
		t.Error("two seeds, one fate")
	}
	if got < 130 || got > 220 || !disordered {
		t.Errorf("%d of 200 arrived, out of order: %v", got, disordered)
	}
}

// The longest run of lost packets can be bounded, for tests that must not depend on luck.
func TestLossRun(t *testing.T) {
	n := NewNetwork(Faults{Loss: 1, LossRun: 2})
	a, b := sockets(t, n)
	for i := range 9 {
		a.WriteTo([]byte{byte(i)}, b.LocalAddr())
	}
	buf := make([]byte, 1)
	for _, want := range []byte{2, 5, 8} {
		if _, _, err := b.ReadFrom(buf); err != nil || buf[0] != want {
			t.Errorf("%d %v, want %d", buf[0], err, want)
		}
	}
}

func TestFilterAndDeadHosts(t *testing.T) {
	n := NewNetwork(Faults{})
	a, b := sockets(t, n)
	n.SetFilter(func(p Packet) bool { return string(p.Data) != "no" })
	a.WriteTo([]byte("no"), b.LocalAddr())
	n.SetDead(netip.MustParseAddr("10.0.0.2"), true)
	a.WriteTo([]byte("lost"), b.LocalAddr())
	n.SetDead(netip.MustParseAddr("10.0.0.2"), false)
	a.WriteTo([]byte("yes"), b.LocalAddr())
	buf := make([]byte, 10)
	if k, _, err := b.ReadFrom(buf); err != nil || string(buf[:k]) != "yes" {
		t.Errorf("%q %v", buf[:k], err)
	}
}

func TestSocketErrors(t *testing.T) {
	n := NewNetwork(Faults{})
	_, b := sockets(t, n)
	h := n.Host("10.0.0.2")
	if _, err := h.ListenPacket(t.Context(), "10.0.0.2:5060"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("port in use: %v", err)
	}
	if _, err := h.ListenPacket(t.Context(), "10.0.0.3:5060"); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("foreign address: %v", err)
	}
	if _, err := h.Dial(t.Context(), netip.Addr{}, "10.0.0.9:1"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err := h.Query(t.Context(), "nowhere.test", locate.A); !errors.Is(err, locate.ErrNotFound) {
		t.Error("an unknown name was found")
	}
	b.Close()
	if _, _, err := b.ReadFrom(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := h.ListenPacket(t.Context(), "10.0.0.2:5060"); err != nil {
		t.Errorf("a closed port is taken: %v", err)
	}
}

func TestStreamsCarryBytesAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Faults{Delay: 10 * time.Millisecond})
		l, err := n.Host("10.0.0.2").Listen(t.Context(), "10.0.0.2:5060")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(c, c)
			c.Close()
		}()
		c, err := n.Host("10.0.0.1").Dial(context.Background(), netip.Addr{}, "10.0.0.2:5060")
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			c.Write([]byte("0123456789"))
		}
		buf := make([]byte, 1000)
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
		c.Close()
		l.Close()
		synctest.Wait()
		if _, err := c.Write(buf); err == nil {
			t.Error("wrote to a closed connection")
		}
	})
}
