package ua

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/pion/stun/v3"

	"offhook/phone/ua/uatest"
)

var (
	inside = netip.MustParseAddr("10.0.0.1")
	public = netip.MustParseAddr("203.0.113.9")
)

// TestBehindANATCallsStillComeAfterAnHour: the Contact shows what the server
// saw, and the router's binding is kept open though it lives for 30 s only.
func TestBehindANATCallsStillComeAfterAnHour(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		n.SetNAT(inside, public, 30*time.Second)
		a := member(t, n, inside.String(), "alice", "secret-a")
		b := member(t, n, "10.0.0.2", "bob", "secret-b")
		registered(a)
		registered(b)
		bound, _ := r.bound("alice")
		if got := fmt.Sprintf("%s:%d", bound.contact.Host, bound.contact.Port); got != bound.addr || bound.contact.Host != public.String() {
			t.Errorf("Contact %s, seen at %s", got, bound.addr)
		}
		for range 3 {
			a.quietFor(time.Hour)
			b.Dial("1", "", "alice", lm)
			in := expect[Incoming](a)
			a.Answer(in.Call, lm)
			expect[Answered](a)
			for {
				if _, ok := waitAny(b).(Answered); ok {
					break
				}
			}
			// The callee's answer names the public address, so that ACK and BYE find it.
			if !strings.Contains(a.last("> 200 INVITE"), public.String()+":") {
				t.Errorf("200 without our public address:\n%s", a.last("> 200 INVITE"))
			}
			b.HangUp("1")
			expect[Ended](b)
			expect[Ended](a)
		}
	})
}

// TestRouterThatRestartsIsNoticed: the next refresh comes from another port,
// is registered as that, and the old Contact is taken back.
func TestRouterThatRestartsIsNoticed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		n.SetNAT(inside, public, 30*time.Second)
		a := member(t, n, inside.String(), "alice", "secret-a")
		registered(a)
		before, _ := r.bound("alice")
		n.SetNAT(inside, public, 30*time.Second)
		a.quietFor(10 * time.Minute)
		after, _ := r.bound("alice")
		if before.addr == after.addr || fmt.Sprintf("%s:%d", after.contact.Host, after.contact.Port) != after.addr {
			t.Errorf("before %v, after %v, Contact %v", before.addr, after.addr, after.contact)
		}
		gone := false
		for _, q := range r.requests("REGISTER") {
			for _, h := range q.GetHeaders("Contact") {
				c := h.(*sip.ContactHeader)
				gone = gone || c.Address.Port == before.contact.Port && c.Params.GetOr("expires", "") == "0"
			}
		}
		if !gone {
			t.Error("the old Contact was not taken back")
		}
	})
}

// TestShortBindingsAreKeptOpenInTheEnd: the router forgets after 15 s, which
// is less than the keep-alive; each time it shows, there is one more often.
func TestShortBindingsAreKeptOpenInTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.granted = 120 })
		n.SetNAT(inside, public, 15*time.Second)
		a := member(t, n, inside.String(), "alice", "secret-a")
		registered(a)
		a.quietFor(10 * time.Minute)
		before, _ := r.bound("alice")
		a.quietFor(time.Hour)
		after, _ := r.bound("alice")
		if before.addr != after.addr {
			t.Errorf("seen at %s, an hour later at %s", before.addr, after.addr)
		}
	})
}

// TestPhoneWithoutNATSendsNothingWhenIdle: no keep-alive where none is needed.
func TestPhoneWithoutNATSendsNothingWhenIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		newRegistrar(t, n)
		a := member(t, n, inside.String(), "alice", "secret-a")
		registered(a)
		packets := 0
		n.SetFilter(func(p uatest.Packet) bool { packets++; return true })
		a.quietFor(7 * time.Minute)
		if packets != 0 {
			t.Errorf("%d packets in seven minutes", packets)
		}
	})
}

// stunAnswers makes packets to a socket of the network answered as a STUN
// server does; those it may not answer are dropped.
type stunServer struct {
	conn net.PacketConn
	seen chan netip.AddrPort
	mute bool // set while nothing runs
}

func newSTUNServer(t *testing.T, n *uatest.Network, addr string) *stunServer {
	t.Helper()
	host, _, _ := net.SplitHostPort(addr)
	c, err := n.Host(host).ListenPacket(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &stunServer{conn: c, seen: make(chan netip.AddrPort, 100)}
	go func() {
		buf := make([]byte, 1500)
		for {
			k, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			s.seen <- addrPort(from)
			if out := stunAnswer(buf[:k], from); out != nil && !s.mute {
				c.WriteTo(out, from)
			}
		}
	}()
	return s
}

// stunAnswer is the answer to a binding request; nil when b is none.
func stunAnswer(b []byte, from net.Addr) []byte {
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil || m.Type != stun.BindingRequest {
		return nil
	}
	u := from.(*net.UDPAddr)
	return stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: u.IP, Port: u.Port}).Raw
}

func TestSTUNServerSaysWhatGoesIntoContactAndSDP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		n.SetNAT(inside, public, 30*time.Second)
		n.SetName("stun.test", netip.MustParseAddr("10.0.0.77"))
		s := newSTUNServer(t, n, "10.0.0.77:3478")
		a := member(t, n, inside.String(), "alice", "secret-a", func(a *Account) { a.STUN = "stun.test" })
		registered(a)
		if q := r.requests("REGISTER")[0]; q.Contact().Address.Host != public.String() {
			t.Errorf("the first REGISTER has Contact %v", q.Contact().Address.Host)
		}
		a.Dial("1", "", "bob", LocalMedia{Port: 4000})
		synctest.Wait()
		if inv := a.last("> INVITE"); !strings.Contains(inv, "c=IN IP4 "+public.String()) || !strings.Contains(inv, "@"+public.String()+":") {
			t.Errorf("INVITE\n%s", inv)
		}
		if len(s.seen) == 0 {
			t.Error("the STUN server was not asked")
		}
	})
}

func TestSTUNServerThatIsSilentDoesNotKeepFromRegistering(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		newRegistrar(t, n)
		registered(member(t, n, inside.String(), "alice", "secret-a", func(a *Account) { a.STUN = "10.0.0.77:99" }))
	})
}

func TestPublicAddressOfTheConfigurationIsShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		a := member(t, n, inside.String(), "alice", "secret-a", func(a *Account) { a.PublicAddress = public })
		registered(a)
		if b, _ := r.bound("alice"); b.contact.Host != public.String() {
			t.Errorf("Contact %v", b.contact.Host)
		}
		a.Dial("1", "", "bob", LocalMedia{Port: 4000})
		synctest.Wait()
		if inv := a.last("> INVITE"); !strings.Contains(inv, "c=IN IP4 "+public.String()) {
			t.Errorf("INVITE\n%s", inv)
		}
	})
}

// TestOutboundServerIsAskedBySTUN (RFC 5626): silence renews the registration.
func TestOutboundServerIsAskedBySTUN(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.okay = []string{"Require", "outbound", "Flow-Timer", "20"} })
		a := member(t, n, inside.String(), "alice", "secret-a")
		registered(a)
		q := r.requests("REGISTER")[0]
		if c := q.Contact(); !strings.HasPrefix(c.Params.GetOr("+sip.instance", ""), `"<urn:uuid:`) || c.Params.GetOr("reg-id", "") != "1" {
			t.Errorf("Contact %v", c)
		}
		if s := headerValue(q, "Supported"); !strings.Contains(s, "outbound") || !strings.Contains(s, "path") {
			t.Errorf("Supported: %s", s)
		}
		a.quietFor(5 * time.Minute)
		r.set(func() {
			if r.stuns < 14 || r.stuns > 20 {
				t.Errorf("%d STUN requests in 5 minutes, want one every 16 to 20 s", r.stuns)
			}
			r.deaf = true
		})
		// One interval, five requests in 15.5 s.
		if e := waitFor[Registration](a, 36*time.Second); e.State != Registering || !strings.Contains(e.Reason, "keep-alive") {
			t.Errorf("%+v", e)
		}
		if e := expect[Registration](a); e.State != Registered {
			t.Errorf("%+v", e)
		}
	})
}

func TestFirstHopWithoutOutboundIsRegisteredWithPlainly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() {
			r.onReq = func(q *sip.Request) {
				r.answer["REGISTER"] = 0
				if q.Contact() != nil && q.Contact().Params.Has("reg-id") {
					r.answer["REGISTER"] = 439
				}
			}
		})
		registered(member(t, n, inside.String(), "alice", "secret-a"))
	})
}

// TestServiceRouteIsTaken (RFC 3608): what begins something goes by it.
func TestServiceRouteIsTaken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() {
			r.okay = []string{"Service-Route", "<sip:10.0.0.100;lr>, <sip:orig@scscf.test;lr>", "Path", "<sip:edge.test;lr>"}
		})
		a := member(t, n, inside.String(), "alice", "secret-a")
		registered(a)
		r.set(func() { r.answer["INVITE"] = 404 })
		a.Dial("1", "", "bob", lm)
		synctest.Wait()
		if inv := a.last("> INVITE"); !strings.Contains(inv, "Route: <sip:10.0.0.100;lr>\r\nRoute: <sip:orig@scscf.test;lr>\r\n") {
			t.Errorf("INVITE\n%s", inv)
		}
	})
}

// TestConnectionThatNoLongerPongsIsClosed and dialled anew.
func TestConnectionThatNoLongerPongsIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		s := newStreamServer(t, n, "10.0.0.50:5060", nil)
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@10.0.0.50", Transport: "tcp", Register: true}}})
		registered(p)
		first := <-s.conns
		// The server answers the first two pings.
		for range 2 {
			if ping := <-s.raw; string(ping) != "\r\n\r\n" {
				t.Errorf("ping %q", ping)
			}
			first.Write([]byte("\r\n"))
		}
		p.quietFor(90 * time.Second)
		<-s.raw
		start := time.Now()
		if e := expect[Registration](p); e.State != Registering || !strings.Contains(e.Reason, "lost") || time.Since(start) > pongPatience+time.Second {
			t.Errorf("%+v after %v", e, time.Since(start))
		}
		if e := expect[Registration](p); e.State != Registered {
			t.Errorf("%+v", e)
		}
		<-s.conns
		p.Close(t.Context())
	})
}

// TestConnectionThatBringsNoAnswersIsLeft: the server is gone without a word,
// and comes back as if it had never known us.
func TestConnectionThatBringsNoAnswersIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		s := newStreamServer(t, n, "10.0.0.50:5060", nil)
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@10.0.0.50", Transport: "tcp", Register: true}}})
		registered(p)
		<-s.conns
		n.SetDead(netip.MustParseAddr("10.0.0.50"), true)
		if e := waitFor[Registration](p, 10*time.Minute); e.State != Failed && e.State != Registering {
			t.Errorf("%+v", e)
		}
		n.SetDead(netip.MustParseAddr("10.0.0.50"), false)
		for expect[Registration](p).State != Registered {
		}
		if len(s.conns) == 0 {
			t.Error("registered over the old connection")
		}
		p.Close(t.Context())
	})
}

// TestOneConnectionForAllWhoDialAtOnce.
func TestOneConnectionForAllWhoDialAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{Delay: 10 * time.Millisecond})
		s := newStreamServer(t, n, "10.0.0.50:5060", nil)
		p := newPhone(t, n.Host("10.0.0.1"), Config{})
		e := endpoint{transport: "tcp", addr: netip.MustParseAddrPort("10.0.0.50:5060")}
		got := make(chan flow, 10)
		for range 10 {
			go func() {
				f, err := p.stack.flowTo(t.Context(), e)
				if err != nil {
					t.Error(err)
				}
				got <- f
			}()
		}
		first := <-got
		for range 9 {
			if f := <-got; f.local != first.local {
				t.Errorf("%v and %v", f.local, first.local)
			}
		}
		synctest.Wait()
		if len(s.conns) != 1 {
			t.Errorf("%d connections", len(s.conns))
		}
		p.Close(t.Context())
	})
}
