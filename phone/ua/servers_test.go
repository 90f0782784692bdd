package ua

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/locate"
	"offhook/phone/ua/uatest"
)

// twoServers is a domain with a primary and a secondary server.
func twoServers(t *testing.T, n *uatest.Network) (primary, secondary *registrar) {
	t.Helper()
	primary, secondary = registrarAt(t, n, "10.0.0.100"), registrarAt(t, n, "10.0.0.101")
	n.SetName("a."+domain, primary.addr.Addr())
	n.SetName("b."+domain, secondary.addr.Addr())
	n.SetRecords("_sip._udp."+domain, locate.SRV,
		locate.Record{TTL: time.Minute, Priority: 2, Target: "b." + domain, Port: 5060},
		locate.Record{TTL: time.Minute, Priority: 1, Target: "a." + domain, Port: 5060})
	return primary, secondary
}

func TestPrimaryDeadSecondaryTakesOverAndPrimaryComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		primary, secondary := twoServers(t, n)
		primary.set(func() { primary.granted = 120 })
		secondary.set(func() { secondary.granted = 120 })
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		if e := registered(p); e.Server != "udp:10.0.0.100:5060" {
			t.Fatalf("%+v", e)
		}
		n.SetDead(primary.addr.Addr(), true)
		// The next refresh fails over within sparePatience; the account is registered all the while.
		if e := waitFor[Registration](p, 102*time.Second+sparePatience); e.State != Registered || e.Server != "udp:10.0.0.101:5060" {
			t.Errorf("%+v", e)
		}
		if _, ok := secondary.bound("alice"); !ok {
			t.Fatal("not registered with the secondary")
		}
		// Calls go there at once.
		p.Dial("1", "", "nobody", lm)
		start := time.Now()
		if e := expect[Ended](p); e.Code != 404 || time.Since(start) > time.Second {
			t.Errorf("%+v after %v", e, time.Since(start))
		}
		before := len(primary.requests("REGISTER"))
		n.SetDead(primary.addr.Addr(), false)
		if e := waitFor[Registration](p, downFor+102*time.Second); e.State != Registered || e.Server != "udp:10.0.0.100:5060" {
			t.Errorf("%+v", e)
		}
		if len(primary.requests("REGISTER")) == before {
			t.Error("the primary is back and is not used")
		}
		calls := len(secondary.requests("INVITE"))
		p.Dial("2", "", "nobody", lm)
		expect[Ended](p)
		if len(secondary.requests("INVITE")) != calls {
			t.Error("calls still go to the secondary")
		}
	})
}

func TestServerThatSays503IsLeftForTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		primary, secondary := twoServers(t, n)
		primary.set(func() { primary.answer["REGISTER"] = 503 })
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		if _, ok := secondary.bound("alice"); !ok {
			t.Error("not registered with the secondary")
		}
	})
}

func TestAllServersDeadIsSaidAndTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		primary, secondary := twoServers(t, n)
		n.SetDead(primary.addr.Addr(), true)
		n.SetDead(secondary.addr.Addr(), true)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		expect[Registration](p)
		if e := expect[Registration](p); e.State != Failed || e.Step != StepAnswer || e.Code != 408 || !strings.Contains(e.Reason, "no answer from "+domain+" (UDP 10.0.0.101:5060)") {
			t.Errorf("%+v", e)
		}
		n.SetDead(secondary.addr.Addr(), false)
		expect[Registration](p)
		for expect[Registration](p).State != Registered {
		}
	})
}

// TestNameServerThatIsSilentDoesNotEndARegistration: the addresses found last
// are used while nobody gives newer ones.
func TestNameServerThatIsSilentDoesNotEndARegistration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		n.SetDeaf(true)
		before := len(r.requests("REGISTER"))
		p.quietFor(time.Hour)
		if len(r.requests("REGISTER")) < before+5 {
			t.Error("the registration was not refreshed")
		}
	})
}

// TestServerThatMovesIsFollowed: addresses are asked for again when the answer
// has run out.
func TestServerThatMovesIsFollowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		registrarAt(t, n, "10.0.0.100")
		second := registrarAt(t, n, "10.0.0.101")
		n.SetName(domain, netip.MustParseAddr("10.0.0.100"))
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		n.SetName(domain, netip.MustParseAddr("10.0.0.101"))
		if e := waitFor[Registration](p, 10*time.Minute); e.State != Registered || e.Server != "udp:10.0.0.101:5060" {
			t.Errorf("%+v", e)
		}
		if _, ok := second.bound("alice"); !ok {
			t.Error("the phone is not registered at the new address")
		}
	})
}

// TestTransportIsTheServersChoice: with "auto", NAPTR says how to talk.
func TestTransportIsTheServersChoice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		s := newStreamServer(t, n, "10.0.0.50:5070", nil)
		n.SetName("a."+domain, netip.MustParseAddr("10.0.0.50"))
		n.SetRecords(domain, locate.NAPTR, locate.Record{TTL: time.Minute, Flags: "s", Service: "SIP+D2T", Target: "_sip._tcp." + domain})
		n.SetRecords("_sip._tcp."+domain, locate.SRV, locate.Record{TTL: time.Minute, Target: "a." + domain, Port: 5070})
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@" + domain, Transport: "auto", Register: true}}})
		registered(p)
		if req := <-s.reqs; req.Via().Transport != "TCP" || req.Recipient.Host != domain {
			t.Errorf("%v", req)
		}
		p.Dial("1", "", "bob", lm)
		for req := range s.reqs {
			if req.Method == sip.INVITE {
				break
			}
		}
		p.HangUp("1")
		p.Close(t.Context())
	})
}

func TestEveryStepOfRegistrationIsNamed(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup func(n *uatest.Network, r *registrar)
		acc   func(*Account)
		want  Step
	}{
		{"no such name", func(n *uatest.Network, r *registrar) { n.SetName(domain) }, nil, StepName},
		{"no name server", func(n *uatest.Network, r *registrar) { n.SetDeaf(true) }, nil, StepName},
		{"nobody takes TCP", nil, func(a *Account) { a.Transport = "tcp" }, StepRoute},
		{"nobody takes TLS", nil, func(a *Account) { a.Transport = "tls" }, StepRoute},
		{"silence", func(n *uatest.Network, r *registrar) { n.SetDead(r.addr.Addr(), true) }, nil, StepAnswer},
		{"500", func(n *uatest.Network, r *registrar) { r.answer["REGISTER"] = 500 }, nil, StepAnswer},
		{"wrong password", nil, func(a *Account) { a.Password = func() (string, error) { return "wrong", nil } }, StepCredentials},
		{"no password", nil, func(a *Account) { a.Password = nil }, StepCredentials},
		{"403", func(n *uatest.Network, r *registrar) { r.answer["REGISTER"] = 403 }, nil, StepCredentials},
		{"423 for ever", func(n *uatest.Network, r *registrar) { r.min = 1 << 20 }, nil, StepExpiry},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				r := newRegistrar(t, n)
				if c.setup != nil {
					r.set(func() { c.setup(n, r) })
				}
				p := member(t, n, "10.0.0.1", "alice", "secret-a", func(a *Account) {
					if c.acc != nil {
						c.acc(a)
					}
				})
				expect[Registration](p)
				if e := expect[Registration](p); e.State != Failed || e.Step != c.want || e.Reason == "" {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// TestCallsFromAProvidersGatewaysRing: addresses of every server that the name
// leads to may call, and those that the configuration names; others may not,
// though they know our Contact.
func TestCallsFromAProvidersGatewaysRing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		primary, _ := twoServers(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a", func(a *Account) {
			a.TrustedServers = []netip.Prefix{netip.MustParsePrefix("10.0.0.64/30")}
		})
		registered(p)
		b, _ := primary.bound("alice")
		for from, rings := range map[string]bool{"10.0.0.101": true, "10.0.0.66": true, "10.0.0.68": false} {
			w := newWireAt(t, n, from, 5062)
			w.invite(b.addr, b.contact.String(), testSDP)
			if !rings {
				w.response(404)
				continue
			}
			in := expect[Incoming](p)
			p.Reject(in.Call, 486)
			w.response(486)
			expect[Ended](p)
		}
		synctest.Wait()
	})
}

// TestServersOrder is the choice by itself.
func TestServersOrder(t *testing.T) {
	target := func(i, rank int) locate.Target {
		return locate.Target{Transport: "udp", Addr: netip.MustParseAddrPort(fmt.Sprintf("192.0.2.%d:5060", i)), Rank: rank}
	}
	now := time.Unix(1000, 0)
	var s servers
	s.found(locate.Result{Targets: []locate.Target{target(1, 0), target(2, 0), target(3, 1)}, Until: now.Add(time.Minute)})
	order := func() string {
		s.begin()
		var out []string
		for {
			x, more, ok := s.next(now)
			if !ok {
				return strings.Join(out, " ")
			}
			if out = append(out, strings.TrimPrefix(x.Addr.Addr().String(), "192.0.2.")); more != (len(out) < len(s.targets)) {
				t.Errorf("after %v more is %v", out, more)
			}
		}
	}
	check := func(want string) {
		t.Helper()
		if got := order(); got != want {
			t.Errorf("order %s, want %s", got, want)
		}
	}
	check("1 2 3")
	s.works(target(2, 0))
	check("2 1 3") // kept among equals
	s.failed(target(2, 0), now)
	check("1 3 2")
	s.works(target(3, 1))
	check("1 3 2") // a spare does not come before a better one
	now = now.Add(downFor)
	check("1 2 3")
	if s.stale(now.Add(-downFor)) || !s.stale(now) {
		t.Error("answers hold as long as they say")
	}
	s.found(locate.Result{Targets: []locate.Target{target(9, 0)}})
	if check("9"); len(s.down) != 0 || s.stale(now.Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
}

// TestCallGoesToTheNextServer: the one that the phone is registered with says
// nothing, or 503; the call goes on with the next, and so does the registration.
func TestCallGoesToTheNextServer(t *testing.T) {
	for name, fail := range map[string]func(n *uatest.Network, r *registrar){
		"silent": func(n *uatest.Network, r *registrar) { n.SetDead(r.addr.Addr(), true) },
		"503":    func(n *uatest.Network, r *registrar) { r.set(func() { r.answer["INVITE"] = 503 }) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				primary, secondary := twoServers(t, n)
				p := member(t, n, "10.0.0.1", "alice", "secret-a")
				registered(p)
				fail(n, primary)
				start := time.Now()
				p.Dial("1", "", "nobody", lm)
				// The second server knows nobody: 404. The registration follows, before
				// or after that.
				for range 2 {
					switch e := waitAny(p).(type) {
					case Ended:
						if e.Code != 404 || time.Since(start) > sparePatience+time.Second {
							t.Errorf("%+v after %v", e, time.Since(start))
						}
					case Registration:
						if e.State != Registered || e.Server != "udp:10.0.0.101:5060" {
							t.Errorf("%+v", e)
						}
					}
				}
				if _, ok := secondary.bound("alice"); !ok {
					t.Error("the registration has not followed")
				}
				p.quietFor(time.Minute)
				// With both gone, the call ends as one to a dead server does.
				n.SetDead(primary.addr.Addr(), true)
				n.SetDead(secondary.addr.Addr(), true)
				start = time.Now()
				p.Dial("2", "", "nobody", lm)
				for {
					if e, ok := waitAny(p).(Ended); ok {
						if e.Code != 408 || time.Since(start) > 64*sip.T1+sparePatience+time.Second {
							t.Errorf("%+v after %v", e, time.Since(start))
						}
						break
					}
				}
			})
		})
	}
}

// TestHangingUpWhileTheNextServerIsLookedFor leaves nothing behind.
func TestHangingUpWhileTheNextServerIsLookedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		primary, secondary := twoServers(t, n)
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		n.SetDead(primary.addr.Addr(), true)
		n.SetDead(secondary.addr.Addr(), true)
		for i, after := range []time.Duration{0, sparePatience, sparePatience + time.Second} {
			id := fmt.Sprint(i)
			p.Dial(id, "", "nobody", lm)
			time.Sleep(after)
			p.HangUp(id)
			for {
				if e, ok := waitAny(p).(Ended); ok {
					if e.Code != 487 {
						t.Errorf("%+v", e)
					}
					break
				}
			}
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		p.Agent.mu.Lock()
		defer p.Agent.mu.Unlock()
		if len(p.calls)+len(p.dialogs)+len(p.busy) != 0 {
			t.Errorf("%d calls, %d dialogs, %d busy", len(p.calls), len(p.dialogs), len(p.busy))
		}
	})
}
