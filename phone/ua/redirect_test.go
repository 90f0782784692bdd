package ua

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

func uint32String(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// TestRedirectionFollowsThePolicy: where a 302 leads, by setting.
func TestRedirectionFollowsThePolicy(t *testing.T) {
	for _, c := range []struct{ policy, contact, want string }{
		{"", "<sip:c@10.0.0.9>", "c"},
		{"", "<sip:c@10.0.0.7>", ""},
		{"any", "<sip:c@10.0.0.9:5060;transport=udp>;q=0.5", "c"},
		{"any", "<sip:low@10.0.0.9:5060>;q=0.1, <sip:high@10.0.0.9:5060>;q=0.9, <sip:mid@10.0.0.9:5060>;q=0.5", "high"},
		{"any", "<tel:+4912345>, <mailto:x@y>", ""},
		{"off", "<sip:c@10.0.0.9>", ""},
		{"any", "*", ""},
	} {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			w := newWire(t, n, "10.0.0.9")
			p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "me", URI: "sip:me@10.0.0.9", Redirects: c.policy}}})
			if err := p.Dial("1", "me", "b", lm); err != nil {
				t.Fatal(err)
			}
			inv := w.request(sip.INVITE)
			w.answer(inv, 302, "x", "", "Contact: "+c.contact)
			w.request(sip.ACK)
			if c.want == "" {
				if e := expect[Ended](p); e.Code != 302 {
					t.Errorf("%+v", e)
				}
				return
			}
			if e := expect[Progress](p); e.Code != 181 || !strings.Contains(e.Reason, c.want+"@10.0.0.9") {
				t.Errorf("%+v", e)
			}
			next := w.request(sip.INVITE)
			if next.Recipient.User != c.want || next.CSeq().SeqNo != 2 || next.CallID().Value() != inv.CallID().Value() || next.To().Value() != inv.To().Value() {
				t.Errorf("%s", next)
			}
			w.answer(next, 200, "y", testSDP)
			expect[Answered](p)
			w.request(sip.ACK)
		})
	}
}

// TestRedirectionEnds: a server that sends us round in circles, or ever on.
func TestRedirectionEnds(t *testing.T) {
	for _, circle := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			w := newWire(t, n, "10.0.0.9")
			p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "me", URI: "sip:me@10.0.0.9"}}})
			p.Dial("1", "me", "b", lm)
			invites := 0
			for m := range 100 {
				select {
				case e := <-p.events:
					if end, ok := e.(Ended); ok {
						if end.Code != 302 || circle && invites != 2 || !circle && invites != maxRedirects+1 {
							t.Errorf("%+v after %d INVITEs", end, invites)
						}
						return
					}
				case msg := <-w.in:
					if r := msg.(*sip.Request); r.IsInvite() {
						invites++
						to := "same"
						if !circle {
							to = strconv.Itoa(m)
						}
						w.answer(r, 302, "x", "", "Contact: <sip:"+to+"@10.0.0.9>")
					}
				}
			}
			t.Error("no end")
		})
	}
}

// TestRedirectedRegistration: a registrar names the server that has the account
// now. It is followed within the account's domain, not in circles and not for
// ever, and calls go that way.
func TestRedirectedRegistration(t *testing.T) {
	world := func(policy string, contact func(req *sip.Request) string, f func(t *testing.T, p *phone, first, second *registrar)) {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			first := newRegistrar(t, n)
			second := registrarAt(t, n, "10.0.0.101")
			n.SetName("node2."+domain, second.addr.Addr())
			n.SetName("elsewhere.test", second.addr.Addr())
			first.set(func() { first.answer["REGISTER"] = 302 })
			first.set(func() {
				first.onReq = func(req *sip.Request) {
					if req.Method == sip.REGISTER {
						first.okay = []string{"Contact", contact(req)}
					}
				}
			})
			p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "alice", URI: "sip:alice@" + domain, Register: true, Redirects: policy,
				Password: func() (string, error) { return "secret-a", nil }}}})
			f(t, p, first, second)
		})
	}
	to := func(s string) func(*sip.Request) string { return func(*sip.Request) string { return s } }
	world("", to("<sip:node2."+domain+">"), func(t *testing.T, p *phone, first, second *registrar) {
		if e := registered(p); e.Server != "udp:10.0.0.101:5060" {
			t.Errorf("%+v", e)
		}
		for _, r := range second.requests("REGISTER") {
			if r.Recipient.String() != "sip:node2."+domain || r.To().Address.String() != "sip:alice@"+domain {
				t.Errorf("%s", r)
			}
		}
		before := len(second.requests("REGISTER"))
		time.Sleep(time.Hour) // it is refreshed by way of the first again
		if a, b := len(first.requests("REGISTER")), len(second.requests("REGISTER"))-before; a < 6 || b < 5 {
			t.Errorf("%d requests at the first, %d at the second", a, b)
		}
		p.Dial("1", "", "600", lm)
		synctest.Wait()
		if len(second.requests("INVITE")) == 0 || len(first.requests("INVITE")) != 0 {
			t.Error("a call goes another way")
		}
	})
	for name, contact := range map[string]func(*sip.Request) string{
		"out of the domain":  to("<sip:elsewhere.test>"),
		"to nothing":         to("<tel:+49>"),
		"a name of nobody's": to("<sip:nobody." + domain + ">"),
		"in a circle":        to("<sip:" + domain + ">"),
		"for ever":           func(r *sip.Request) string { return "<sip:" + domain + ":5060;x=" + headerValue(r, "CSeq")[:2] + ">" },
	} {
		t.Run(name, func(t *testing.T) {
			world("", contact, func(t *testing.T, p *phone, first, second *registrar) {
				expect[Registration](p)
				if e := expect[Registration](p); e.State != Failed {
					t.Errorf("%+v", e)
				}
				if n := len(first.requests("REGISTER")); n > 1+maxDetours {
					t.Errorf("%d requests", n)
				}
				if len(second.requests("REGISTER")) != 0 {
					t.Error("the account's name went to a stranger")
				}
			})
		})
	}
	world("any", to("<sip:elsewhere.test>"), func(t *testing.T, p *phone, first, second *registrar) { registered(p) })
	world("off", to("<sip:node2."+domain+">"), func(t *testing.T, p *phone, first, second *registrar) {
		expect[Registration](p)
		if e := expect[Registration](p); e.State != Failed || e.Code != 302 {
			t.Errorf("%+v", e)
		}
	})
}
