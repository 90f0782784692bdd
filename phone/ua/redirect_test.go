package ua

import (
	"strconv"
	"strings"
	"testing"

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
