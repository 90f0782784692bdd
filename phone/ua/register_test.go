package ua

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"offhook/phone/ua/uatest"
)

func TestRegistersWithDigestAndUnregistersAtClose(t *testing.T) {
	for _, algs := range [][]string{{"MD5"}, {"SHA-256"}, {"SHA-256", "MD5"}, {"AKAv1-MD5", "MD5"}, {"NOPE", "SHA-256", "MD5"}} {
		t.Run(strings.Join(algs, "+"), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				r := newRegistrar(t, n)
				r.set(func() { r.algs = algs })
				p := member(t, n, "10.0.0.1", "alice", "secret-a")
				if e := registered(p); e.Expires != 600*time.Second || e.Code != 200 {
					t.Errorf("%+v", e)
				}
				b, ok := r.bound("alice")
				if !ok || len(b.contact.User) < 16 || b.contact.User == "alice" {
					t.Errorf("Contact %v is to be guessed", b.contact)
				}
				if a, err := p.LocalAddr("alice"); err != nil || a != netip.MustParseAddr("10.0.0.1") {
					t.Errorf("LocalAddr %v, %v", a, err)
				}
				start := time.Now()
				if err := p.Close(context.Background()); err != nil {
					t.Fatal(err)
				}
				if time.Since(start) > time.Second {
					t.Errorf("Close took %v", time.Since(start))
				}
				if _, ok := r.bound("alice"); ok {
					t.Error("still bound after Close")
				}
				if e := expect[Registration](p); e.State != Unregistered {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

func TestProxyChallengesRegistration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.proxy = true })
		registered(member(t, n, "10.0.0.1", "alice", "secret-a"))
	})
}

func TestWrongPasswordIsSaidAndNotTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "wrong")
		expect[Registration](p)
		e := expect[Registration](p)
		if e.State != Failed || e.Code != 401 || e.Reason != "the registrar refused the password of account alice" {
			t.Errorf("%+v", e)
		}
		tries := len(r.requests("REGISTER"))
		p.quietFor(24 * time.Hour)
		if got := len(r.requests("REGISTER")); got != tries || tries != 2 {
			t.Errorf("%d requests at first, %d after a day", tries, got)
		}
		// A new password is tried at once when asked to.
		r.set(func() { r.users["alice"] = "wrong" })
		if err := p.Refresh("alice"); err != nil {
			t.Fatal(err)
		}
		registered(p)
	})
}

func TestForbiddenIsFinal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.answer["REGISTER"] = 403 })
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		expect[Registration](p)
		if e := expect[Registration](p); e.State != Failed || e.Code != 403 || e.Reason == "" {
			t.Errorf("%+v", e)
		}
		p.quietFor(24 * time.Hour)
	})
}

func TestRefreshesBeforeExpiryForDays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.granted = 120 })
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		if e := registered(p); e.Expires != 120*time.Second {
			t.Errorf("%+v", e)
		}
		before := len(r.requests("REGISTER"))
		p.quietFor(24 * time.Hour)
		got := r.requests("REGISTER")[before:]
		// 24 h at 90…102 s: between 847 and 960 refreshes; the server may be
		// asked at most once more each for a new nonce.
		if len(got) < 840 || len(got) > 965 {
			t.Errorf("%d refreshes in a day", len(got))
		}
	})
}

func TestStaleNonceIsNoWrongPassword(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.granted = 60; r.stale = true })
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		r.set(func() { r.stale = true })
		p.quietFor(5 * time.Minute)
		if r.stale {
			t.Error("the nonce was never stale")
		}
	})
}

func TestTooBriefIntervalIsRaised(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.min = 1800 })
		if e := registered(member(t, n, "10.0.0.1", "alice", "secret-a")); e.Expires != 1800*time.Second {
			t.Errorf("%+v", e)
		}
	})
}

func TestDeadRegistrarIsTriedAgainWithBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		n.SetDead(r.addr.Addr(), true)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		expect[Registration](p)
		e := expect[Registration](p)
		if e.State != Failed || e.Code != 408 || !strings.Contains(e.Reason, domain) {
			t.Errorf("%+v", e)
		}
		var gaps []time.Duration
		at := time.Now()
		for range 12 {
			if e := waitFor[Registration](p, 10*time.Minute); e.State != Registering {
				t.Fatalf("%+v", e)
			}
			gaps = append(gaps, time.Since(at))
			e := waitFor[Registration](p, 10*time.Minute)
			if e.State != Failed {
				t.Fatalf("%+v", e)
			}
			at = time.Now()
			if len(gaps) > 8 {
				break
			}
		}
		if gaps[0] > 3*time.Second || gaps[6] < 60*time.Second {
			t.Errorf("waits %v", gaps)
		}
		n.SetDead(r.addr.Addr(), false)
		for {
			if e := waitFor[Registration](p, 10*time.Minute); e.State == Registered {
				break
			}
		}
	})
}

func TestUnknownServerNameIsSaidAndTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		expect[Registration](p)
		if e := expect[Registration](p); e.State != Failed || !strings.Contains(e.Reason, domain) {
			t.Errorf("%+v", e)
		}
		newRegistrar(t, n)
		expect[Registration](p)
		for waitFor[Registration](p, 10*time.Minute).State != Registered {
		}
	})
}

func TestCloseDoesNotWaitForADeadRegistrar(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		n.SetDead(r.addr.Addr(), true)
		start := time.Now()
		p.Close(context.Background())
		if d := time.Since(start); d > 4100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
	})
}

func TestPasswordThatCannotBeReadFailsTheAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "", func(a *Account) {
			a.Password = func() (string, error) { return "", errors.New("the keyring is locked") }
		})
		expect[Registration](p)
		if e := expect[Registration](p); e.State != Failed || !strings.Contains(e.Reason, "the keyring is locked") {
			t.Errorf("%+v", e)
		}
	})
}

// waitFor is expect with a patience of its own.
func waitFor[E Event](p *phone, d time.Duration) E {
	p.t.Helper()
	select {
	case e := <-p.events:
		if x, ok := e.(E); ok {
			return x
		}
		p.t.Fatalf("event %T%+v", e, e)
	case <-time.After(d):
		p.t.Fatalf("no event within %v", d)
	}
	panic("unreachable")
}
