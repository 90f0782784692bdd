package ua

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/netwatch"
	"offhook/phone/ua/uatest"
)

// mover is a phone on a host that can move.
func mover(t *testing.T, n *uatest.Network, transport string) (*phone, *uatest.Host) {
	h := n.Host("10.0.0.1")
	return newPhone(t, h, Config{Accounts: []Account{{Name: "alice", URI: "sip:alice@" + domain, Transport: transport, Register: true,
		Password: func() (string, error) { return "secret-a", nil }}}}), h
}

func TestNewAddressIsRegisteredAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p, h := mover(t, n, "udp")
		registered(p)
		h.Move(netip.MustParseAddr("10.0.0.9"))
		start := time.Now()
		p.changed(netwatch.Moved)
		registered(p)
		if time.Since(start) > time.Second {
			t.Errorf("it took %v", time.Since(start))
		}
		if b, _ := r.bound("alice"); b.contact.Host != "10.0.0.9" {
			t.Errorf("Contact %v", b.contact.Host)
		}
		synctest.Wait()
		p.stack.mu.Lock()
		if len(p.stack.udp) != 1 {
			t.Errorf("%d sockets are open", len(p.stack.udp))
		}
		p.stack.mu.Unlock()
		// A call comes through at the new place.
		b := member(t, n, "10.0.0.2", "bob", "secret-b")
		registered(b)
		b.Dial("1", "", "alice", lm)
		expect[Incoming](p)
	})
}

// TestChangesThatAreNoneOfOursCauseNoTraffic: an address that comes or goes
// elsewhere on the machine.
func TestChangesThatAreNoneOfOursCauseNoTraffic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p, _ := mover(t, n, "udp")
		registered(p)
		before := len(r.requests("REGISTER"))
		for range 10 {
			p.changed(netwatch.Moved)
			p.quietFor(time.Second)
		}
		if len(r.requests("REGISTER")) != before {
			t.Error("registered anew for nothing")
		}
	})
}

// TestWakingRegistersAtOnce, also where the last attempt failed and the next
// was minutes away.
func TestWakingRegistersAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p, _ := mover(t, n, "udp")
		registered(p)
		before := len(r.requests("REGISTER"))
		p.changed(netwatch.Woke)
		registered(p)
		if len(r.requests("REGISTER")) == before {
			t.Error("not registered anew")
		}
		n.SetDead(r.addr.Addr(), true)
		p.changed(netwatch.Woke)
		expect[Registration](p)
		for range 8 {
			expect[Registration](p)
			waitFor[Registration](p, 10*time.Minute)
		}
		n.SetDead(r.addr.Addr(), false)
		start := time.Now()
		p.changed(netwatch.Moved)
		for expect[Registration](p).State != Registered {
		}
		if time.Since(start) > time.Second {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

// TestWakingDialsAnew: the connection from before the sleep is not waited for.
func TestWakingDialsAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		n.SetName(domain, n.Host("10.0.0.50").Addr())
		s := newStreamServer(t, n, "10.0.0.50:5060", nil)
		p, _ := mover(t, n, "tcp")
		registered(p)
		<-s.conns
		start := time.Now()
		p.changed(netwatch.Woke)
		registered(p)
		<-s.conns
		if time.Since(start) > 2*time.Second {
			t.Errorf("it took %v", time.Since(start))
		}
		p.Close(t.Context())
	})
}

// TestCallGoesOnFromTheNewAddress: the other side is told where to send sound
// and requests now, and the call can be ended from both ends.
func TestCallGoesOnFromTheNewAddress(t *testing.T) {
	for _, caller := range []bool{true, false} {
		for _, mine := range []bool{true, false} { // who hangs up
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				newRegistrar(t, n)
				a, h := mover(t, n, "udp")
				b := member(t, n, "10.0.0.2", "bob", "secret-b")
				registered(a)
				registered(b)
				var ours, theirs string
				if caller {
					ours, theirs = connect(t, a, b, "bob")
				} else {
					theirs, ours = connect(t, b, a, "alice")
				}
				h.Move(netip.MustParseAddr("10.0.0.9"))
				a.changed(netwatch.Moved)
				registered(a)
				if e := expect[MediaChanged](b); e.Media.Remote.Addr().String() != "10.0.0.9" {
					t.Errorf("sound goes to %v", e.Media.Remote)
				}
				time.Sleep(time.Second)
				if mine {
					a.HangUp(ours)
				} else {
					b.HangUp(theirs)
				}
				for _, p := range []*phone{a, b} {
					if e := expect[Ended](p); e.Code != 200 {
						t.Errorf("%+v", e)
					}
				}
				time.Sleep(time.Minute)
				p := a
				p.Agent.mu.Lock()
				if len(p.calls)+len(p.busy) != 0 {
					t.Errorf("%d calls, %d busy", len(p.calls), len(p.busy))
				}
				p.Agent.mu.Unlock()
			})
		}
	}
}

// TestDirectCallGoesOnFromTheNewAddress has no registration to wait for.
func TestDirectCallGoesOnFromTheNewAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		h := n.Host("10.0.0.1")
		a := newPhone(t, h, Config{DirectCalls: true})
		b := direct(t, n, "10.0.0.2", "udp")
		out, _ := connect(t, a, b, "sip:b@10.0.0.2")
		a.changed(netwatch.Moved) // nothing of ours
		b.quietFor(time.Second)
		h.Move(netip.MustParseAddr("10.0.0.9"))
		a.changed(netwatch.Moved)
		if e := expect[MediaChanged](b); e.Media.Remote.Addr().String() != "10.0.0.9" {
			t.Errorf("sound goes to %v", e.Media.Remote)
		}
		a.HangUp(out)
		expect[Ended](a)
		expect[Ended](b)
	})
}
