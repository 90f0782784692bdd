package ua

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// inviteWith is an INVITE with more headers.
func inviteWith(t *testing.T, from, headers string) *sip.Request {
	t.Helper()
	m, err := sip.ParseMessage([]byte(strings.ReplaceAll("INVITE sip:me@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\nFrom: "+from+
		";tag=1\nTo: <sip:me@10.0.0.1>\nCall-ID: a\nCSeq: 1 INVITE\n"+headers+"Content-Length: 0\n\n", "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sip.Request)
}

// TestWhatAnInviteSaysOfItsCaller is the table of the headers of servers.
func TestWhatAnInviteSaysOfItsCaller(t *testing.T) {
	bob, nobody := `"Bob" <sip:bob@example.org>`, `"Anonymous" <sip:anonymous@anonymous.invalid>`
	for _, c := range []struct{ name, from, headers, trusted, stranger string }{
		{"nothing", bob, "", "", ""},
		{"asserted, and the number again", nobody, "P-Asserted-Identity: \"Robert, B.\" <sip:+4930@example.org>, <tel:+4930>\nPrivacy: id\n",
			"sip:+4930@example.org Robert, B. anonymous", "anonymous"},
		{"anonymous without more", nobody, "", "anonymous", "anonymous"},
		{"privacy none", bob, "Privacy: none\n", "", ""},
		{"diverted twice", bob, "Diversion: \"Reception, 1st\" <sip:100@example.org>;reason=no-answer;counter=1, <sip:200@example.org>;reason=unconditional\n",
			"[sip:100@example.org Reception, 1st no-answer] [sip:200@example.org  unconditional]", "[sip:100@example.org Reception, 1st no-answer] [sip:200@example.org  unconditional]"},
		{"history", bob, "History-Info: <sip:100@example.org?Reason=SIP%3Bcause%3D302>;index=1, <sip:me@10.0.0.1>;index=1.1\n",
			"[sip:100@example.org  302]", "[sip:100@example.org  302]"},
		{"history of one", bob, "History-Info: <sip:me@10.0.0.1>;index=1\n", "", ""},
		{"a ring", bob, "Alert-Info: <http://www.notused.com>;info=alert-internal;x-line-id=0\n", "ring alert-internal", "ring alert-internal"},
		{"a ring by address", bob, "Alert-Info: <http://pbx/ring3.wav>\n", "ring http://pbx/ring3.wav", "ring http://pbx/ring3.wav"},
		{"a ring by a word", bob, "Alert-Info: Bellcore-dr3\n", "ring Bellcore-dr3", "ring Bellcore-dr3"},
		{"an intercom by Call-Info", bob, "Call-Info: <sip:example.org>;answer-after=0\n", "auto 0", ""},
		{"by Call-Info in a while", bob, "Call-Info: <sip:example.org>; Answer-After=5\n", "auto 5", ""},
		{"by Alert-Info", bob, "Alert-Info: info=alert-autoanswer\n", "auto 0", ""},
		{"by a phrase", bob, "Alert-Info: <http://127.0.0.1>;info=\"Auto Answer\"\n", "auto 0", ""},
		{"by Answer-Mode", bob, "Answer-Mode: Auto;require\n", "auto 0", ""},
		{"a picture is no ring", bob, "Call-Info: <http://x/y.png>;purpose=icon\n", "", ""},
		{"rubbish", bob, "Diversion: x\nP-Asserted-Identity: <>,,\nHistory-Info: ,\nAlert-Info: ;\nCall-Info: <\n", "", ""},
	} {
		for _, trusted := range []bool{true, false} {
			want := c.stranger
			if trusted {
				want = c.trusted
			}
			if got := callerWords(callerOf(inviteWith(t, c.from, c.headers), trusted)); got != want {
				t.Errorf("%s, trusted %v: %q, want %q", c.name, trusted, got, want)
			}
		}
	}
}

func callerWords(c Caller) string {
	var w []string
	if c.Asserted != "" {
		w = append(w, c.Asserted+" "+c.AssertedName)
	}
	if c.Anonymous {
		w = append(w, "anonymous")
	}
	for _, d := range c.Diverted {
		w = append(w, fmt.Sprintf("[%s %s %s]", d.From, d.Name, d.Reason))
	}
	if c.Ring != "" {
		w = append(w, "ring "+c.Ring)
	}
	if c.AutoAnswer {
		w = append(w, fmt.Sprintf("auto %d", c.AnswerAfter))
	}
	return strings.Join(w, " ")
}

func FuzzCaller(f *testing.F) {
	for _, s := range []string{`"a, b" <sip:x@y?Reason=SIP%3Bcause%3D302>;reason="x"`, "<http://x>;info=a;answer-after=3", ",,<,\"", "tel:+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, part := range splitList(v) {
			if _, uri := nameAddr(part); !printable(uri) {
				t.Errorf("%q", uri)
			}
			parameterOf(part, "reason")
			var c Caller
			c.alert(part, true)
			if len(c.Ring) > 256 {
				t.Errorf("a ring of %d octets", len(c.Ring))
			}
		}
	})
}

// TestTheServerSaysWhoWeTalkToNow: a PBX joins calls by itself and tells with
// an UPDATE or a re-INVITE; anybody else saying so is not believed.
func TestTheServerSaysWhoWeTalkToNow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		w := newWire(t, n, "10.0.0.9")
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "me", URI: "sip:me@10.0.0.9", Anonymous: true}}, Listen: []string{"udp:10.0.0.1:5060"}})
		p.Dial("1", "me", "b", lm)
		inv := w.request(sip.INVITE)
		if from := inv.From().Value(); !strings.HasPrefix(from, `"Anonymous" <sip:anonymous@anonymous.invalid>`) || headerValue(inv, "Privacy") != "id" ||
			headerValue(inv, "P-Preferred-Identity") != "<sip:me@10.0.0.9>" {
			t.Errorf("not anonymous:\n%s", inv)
		}
		w.answer(inv, 200, "x", testSDP, "P-Asserted-Identity: <sip:b@10.0.0.9>")
		expect[Answered](p)
		w.request(sip.ACK)
		l := w.answering(inv, "x")
		l.send("UPDATE", "", "P-Asserted-Identity: <sip:b@10.0.0.9>")
		w.response(200)
		p.quietFor(time.Second)
		l.send("UPDATE", "", `P-Asserted-Identity: "Carol" <sip:c@10.0.0.9>`)
		w.response(200)
		if e := expect[Replaced](p); e.Peer != "sip:c@10.0.0.9" || e.PeerName != "Carol" {
			t.Errorf("%+v", e)
		}
		l.send("INVITE", testSDP, `Remote-Party-ID: <sip:d@10.0.0.9>;party=called`)
		w.response(200)
		l.again("ACK", "")
		if e := expect[Replaced](p); e.Peer != "sip:d@10.0.0.9" {
			t.Errorf("%+v", e)
		}
	})
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, _ := answered(t, p, w)
		l.send("UPDATE", "", `P-Asserted-Identity: "Bank" <sip:bank@example.org>`)
		w.response(200)
		p.quietFor(time.Second)
	})
}
