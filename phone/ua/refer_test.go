package ua

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// three runs f with phones a and b in a call and c idle.
func three(t *testing.T, f func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string)) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		a, b, c := direct(t, n, "10.0.0.1", "udp"), direct(t, n, "10.0.0.2", "udp"), direct(t, n, "10.0.0.3", "udp")
		out, in := connect(t, a, b, "sip:b@10.0.0.2")
		f(t, n, a, b, c, out, in)
	})
}

// find gives the next event that is an E, passing over others.
func find[E Event](p *phone) E {
	p.t.Helper()
	end := time.After(patience)
	for {
		select {
		case e := <-p.events:
			if x, ok := e.(E); ok {
				return x
			}
		case <-end:
			p.t.Fatalf("no %v\n%s", reflect.TypeFor[E](), p.ladder())
		}
	}
}

// rest gives the events that have come, in words.
func (p *phone) rest() string {
	var out []string
	for {
		select {
		case e := <-p.events:
			out = append(out, fmt.Sprintf("%T", e)[3:])
		default:
			return strings.Join(out, " ")
		}
	}
}

func TestBlindTransferWithProgress(t *testing.T) {
	three(t, func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string) {
		if err := a.Transfer(out, "sip:c@10.0.0.3"); err != nil {
			t.Fatal(err)
		}
		inc := expect[Incoming](c)
		if e := expect[Referred](b); e.Target != "sip:c@10.0.0.3" || e.Code != 100 {
			t.Errorf("%+v", e)
		}
		if e := expect[Transfer](a); e.Code != 100 || e.Failed {
			t.Errorf("%+v", e)
		}
		if i := c.last("< INVITE"); !strings.Contains(i, "Referred-By: <sip:") {
			t.Errorf("the INVITE does not say who referred:\n%s", i)
		}
		c.Ring(inc.Call)
		if e := expect[Transfer](a); e.Code != 180 {
			t.Errorf("%+v", e)
		}
		if e := expect[Referred](b); e.Code != 180 {
			t.Errorf("%+v", e)
		}
		c.Answer(inc.Call, lm)
		expect[Answered](c)
		if e := expect[Replaced](b); e.Call != in || e.Peer != "sip:c@10.0.0.3" {
			t.Errorf("%+v", e)
		}
		if e := expect[MediaChanged](b); e.Call != in || !e.Media.Send || e.Media.Remote.Addr().String() != "10.0.0.3" {
			t.Errorf("%+v", e)
		}
		if e := expect[Ended](a); e.Call != out || e.Reason != "transferred" || e.Code != 200 {
			t.Errorf("%+v", e)
		}
		// b and c have a call like any other.
		if err := b.Hold(in); err != nil {
			t.Fatal(err)
		}
		expect[MediaChanged](b)
		if e := expect[MediaChanged](c); !e.RemoteHold {
			t.Errorf("%+v", e)
		}
		b.HangUp(in)
		expect[Ended](b)
		expect[Ended](c)
		synctest.Wait()
		if a.count("> BYE") != 1 || b.count("> BYE") != 1 {
			t.Errorf("BYEs\n%s", b.ladder())
		}
	})
}

func TestBlindTransferThatFailsLeavesTheCall(t *testing.T) {
	three(t, func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string) {
		a.Transfer(out, "sip:c@10.0.0.3")
		c.Reject(expect[Incoming](c).Call, 486)
		expect[Transfer](a)
		if e := expect[Transfer](a); !e.Failed || e.Code != 486 || !strings.Contains(e.Reason, "Busy") {
			t.Errorf("%+v", e)
		}
		expect[Referred](b)
		if e := expect[Referred](b); !e.Failed || e.Code != 486 {
			t.Errorf("%+v", e)
		}
		// And again, which now works.
		synctest.Wait()
		a.Transfer(out, "sip:c@10.0.0.3")
		expect[Ended](c)
		c.Answer(expect[Incoming](c).Call, lm)
		if e := find[Ended](a); e.Reason != "transferred" {
			t.Errorf("%+v", e)
		}
		find[Replaced](b)
		if !strings.Contains(a.last("< NOTIFY"), "Event: refer;id=") {
			t.Errorf("the second transfer's reports have no id:\n%s", a.last("< NOTIFY"))
		}
	})
}

func TestAttendedTransferJoinsTheTwo(t *testing.T) {
	three(t, func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string) {
		a.Hold(out)
		expect[MediaChanged](a)
		expect[MediaChanged](b)
		a.Dial("2", "", "sip:c@10.0.0.3", lm)
		inc := expect[Incoming](c)
		c.Answer(inc.Call, lm)
		expect[Answered](c)
		find[Answered](a)
		synctest.Wait()
		if err := a.Join(out, "2"); err != nil {
			t.Fatal(err)
		}
		if e := find[Replaced](b); e.Call != in {
			t.Errorf("%+v", e)
		}
		if e := expect[MediaChanged](b); e.RemoteHold || !e.Media.Send || !e.Media.Receive || e.Media.Remote.Addr().String() != "10.0.0.3" {
			t.Errorf("%+v", e)
		}
		if e := expect[Replaced](c); e.Call != inc.Call || !strings.Contains(e.Peer, "10.0.0.2") {
			t.Errorf("%+v", e)
		}
		if e := expect[MediaChanged](c); e.Media.Remote.Addr().String() != "10.0.0.2" {
			t.Errorf("%+v", e)
		}
		ended := map[string]string{}
		for range 2 {
			e := find[Ended](a)
			ended[e.Call] = e.Reason
		}
		if ended[out] != "transferred" || ended["2"] == "" {
			t.Errorf("%v", ended)
		}
		time.Sleep(10 * time.Second)
		if r := b.rest() + c.rest(); r != "" {
			t.Errorf("more events: %s", r)
		}
		c.HangUp(inc.Call)
		if e := expect[Ended](b); e.Call != in {
			t.Errorf("%+v", e)
		}
	})
}

// TestAttendedTransferWhileItStillRings: putting down before the other one
// has answered withdraws our call; the first is to call it.
func TestAttendedTransferWhileItStillRings(t *testing.T) {
	three(t, func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string) {
		a.Dial("2", "", "sip:c@10.0.0.3", lm)
		c.Ring(expect[Incoming](c).Call)
		expect[Progress](a)
		if err := a.Join(out, "2"); err != nil {
			t.Fatal(err)
		}
		if e := find[Ended](a); e.Call != "2" || e.Code != 487 {
			t.Errorf("%+v", e)
		}
		// The withdrawal and the new call race.
		var again Incoming
		for range 2 {
			switch e := waitAny(c).(type) {
			case Incoming:
				again = e
			case Ended:
			default:
				t.Fatalf("event %T%+v", e, e)
			}
		}
		c.Answer(again.Call, lm)
		if e := find[Ended](a); e.Call != out || e.Reason != "transferred" {
			t.Errorf("%+v", e)
		}
		if e := find[Replaced](b); e.Call != in {
			t.Errorf("%+v", e)
		}
	})
}

func TestUserHangsUpWhileBeingTransferred(t *testing.T) {
	three(t, func(t *testing.T, n *uatest.Network, a, b, c *phone, out, in string) {
		a.Transfer(out, "sip:c@10.0.0.3")
		c.Ring(expect[Incoming](c).Call)
		expect[Referred](b)
		expect[Referred](b)
		b.HangUp(in)
		if e := expect[Ended](b); e.Call != in {
			t.Errorf("%+v", e)
		}
		if e := expect[Ended](c); e.Code != 487 {
			t.Errorf("%+v", e)
		}
		if e := find[Ended](a); e.Call != out || !e.Remote {
			t.Errorf("%+v", e)
		}
		synctest.Wait()
		b.quietFor(time.Minute)
	})
}

// TestTransferorMayHangUpAtOnce: many telephones send BYE right behind the 202.
func TestTransferorMayHangUpAtOnce(t *testing.T) {
	for _, answer := range []bool{true, false} {
		withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
			c := direct(t, n, "10.0.0.3", "udp")
			l, call := answered(t, p, w)
			l.send("REFER", "", "Refer-To: <sip:c@10.0.0.3>")
			w.response(202)
			if r := w.request(sip.NOTIFY); string(r.Body()) != "SIP/2.0 100 Trying\r\n" || headerValue(r, "Subscription-State") != "active;expires=180" {
				t.Errorf("%s", r)
			}
			l.send("BYE", "")
			w.response(200)
			inc := expect[Incoming](c)
			c.Ring(inc.Call)
			if e := find[Replaced](p); e.Call != call || e.Peer != "sip:c@10.0.0.3" {
				t.Errorf("%+v", e)
			}
			if e := find[Progress](p); e.Call != call || e.Code != 180 {
				t.Errorf("%+v", e)
			}
			if !answer {
				c.Reject(inc.Call, 486)
				if e := expect[Ended](p); e.Call != call || e.Code != 486 {
					t.Errorf("%+v", e)
				}
				return
			}
			c.Answer(inc.Call, lm)
			if e := expect[Answered](p); e.Call != call || e.Media.Remote.Addr().String() != "10.0.0.3" {
				t.Errorf("%+v", e)
			}
			p.HangUp(call)
			expect[Ended](p)
			find[Ended](c)
		})
	}
}

// TestTransfereesOfMoreHabits: what peers answer to our REFER, and report.
func TestTransfereesOfManyHabits(t *testing.T) {
	frag := func(l *wireLeg, state, body string) {
		l.send("NOTIFY", body, "Event: refer", "Subscription-State: "+state, "Content-Type: message/sipfrag")
		l.w.response(200)
	}
	for _, c := range []struct {
		name   string
		script func(w *wire, l *wireLeg, refer *sip.Request)
		failed string // "" when it worked
		bye    bool   // we send BYE
	}{
		{"refused", func(w *wire, l *wireLeg, r *sip.Request) { w.answer(r, 603, "", "") }, "603", false},
		{"not known", func(w *wire, l *wireLeg, r *sip.Request) { w.answer(r, 405, "", "") }, "405", false},
		{"the report first", func(w *wire, l *wireLeg, r *sip.Request) {
			frag(l, "active", "SIP/2.0 180 Ringing\n")
			w.answer(r, 202, "", "")
			frag(l, "terminated;reason=noresource", "SIP/2.0 200 OK\n")
		}, "", true},
		{"200, no reports wanted", func(w *wire, l *wireLeg, r *sip.Request) { w.answer(r, 200, "", "", "Refer-Sub: false") }, "", true},
		{"BYE instead of a report", func(w *wire, l *wireLeg, r *sip.Request) {
			w.answer(r, 202, "", "")
			l.send("BYE", "")
			w.response(200)
		}, "", false},
		{"a failure", func(w *wire, l *wireLeg, r *sip.Request) {
			w.answer(r, 202, "", "")
			frag(l, "terminated;reason=noresource", "SIP/2.0 404 Not Found\n")
		}, "404", false},
		{"an end without an outcome", func(w *wire, l *wireLeg, r *sip.Request) {
			w.answer(r, 202, "", "")
			frag(l, "terminated;reason=timeout", "SIP/2.0 100 Trying\n")
		}, "does not say", false},
		{"silence", func(w *wire, l *wireLeg, r *sip.Request) { w.answer(r, 202, "", "") }, "nothing was heard", false},
		{"rubbish", func(w *wire, l *wireLeg, r *sip.Request) {
			w.answer(r, 202, "", "")
			frag(l, "active", "hello\n")
			frag(l, "active", "SIP/2.0 999 X\n")
			frag(l, "", "SIP/2.0 486\n")
		}, "486", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
				l, call := answered(t, p, w)
				if err := p.Transfer(call, "sip:x@10.0.0.77"); err != nil {
					t.Fatal(err)
				}
				r := w.request(sip.REFER)
				if headerValue(r, "Refer-To") != "<sip:x@10.0.0.77>" {
					t.Errorf("%s", r)
				}
				c.script(w, l, r)
				if c.failed == "" {
					if e := find[Ended](p); e.Reason != "transferred" {
						t.Errorf("%+v", e)
					}
					if c.bye {
						w.answer(w.request(sip.BYE), 200, "", "")
					}
					return
				}
				time.Sleep(4 * time.Minute)
				e := find[Transfer](p)
				for !e.Failed {
					e = find[Transfer](p)
				}
				if !strings.Contains(e.Reason, c.failed) {
					t.Errorf("%+v", e)
				}
				// The call is there still.
				l.send("OPTIONS", "")
				w.response(200)
			})
		})
	}
}

func TestReferralsThatAreNotFollowed(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, _ := answered(t, p, w)
		for _, c := range []struct {
			to   []string
			want int
		}{
			{nil, 400},
			{[]string{"Refer-To: <sip:a@10.0.0.9>", "Refer-To: <sip:b@10.0.0.9>"}, 400},
			{[]string{"Refer-To: <https://example.org>"}, 400},
			{[]string{"Refer-To: <sip:a@10.0.0.9;method=BYE>"}, 400},
			{[]string{"Refer-To: <sip:a@10.0.0.9?Replaces=%zz>"}, 400},
			{[]string{"Refer-To: <sip:a@10.0.0.9?Subject=x%0D%0Ay>"}, 400},
			{[]string{"Refer-To: "}, 400},
		} {
			l.send("REFER", "", c.to...)
			w.response(c.want)
		}
	})
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		x := &wireLeg{w: w, to: phoneAt, uri: "sip:p@10.0.0.1", local: "<sip:w@10.0.0.9>;tag=1", remote: "<sip:p@10.0.0.1>", callID: token()}
		x.send("REFER", "", "Refer-To: <sip:0900@10.0.0.9>")
		w.response(403)
	})
}

// TestReferToInItsForms is what telephones write there.
func TestReferToInItsForms(t *testing.T) {
	for in, want := range map[string]string{
		"<sip:c@10.0.0.3>":                                                               "sip:c@10.0.0.3||false",
		"sip:c@10.0.0.3;method=INVITE":                                                   "sip:c@10.0.0.3||false",
		`"C" <sip:c@10.0.0.3:5080;transport=tcp>;x=y`:                                    "sip:c@10.0.0.3:5080;transport=tcp||false",
		"<sip:c@10.0.0.3?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>":                    "sip:c@10.0.0.3|a@b;to-tag=1;from-tag=2|false",
		"<sip:c@h?Require=replaces&Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2+3&Subject=no>": "sip:c@h|x;to-tag=1;from-tag=2+3|true",
	} {
		u, replaces, must, err := referTarget(in)
		if got := fmt.Sprintf("%s|%s|%v", u.String(), replaces, must); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", in, got, err, want)
		}
	}
}

func FuzzReferTo(f *testing.F) {
	for _, s := range []string{"<sip:c@h?Replaces=a%40b%3Bto-tag%3D1>", "sip:a@b;c=d?e=f&g", "<", "<sip:>?", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if u, replaces, _, err := referTarget(v); err == nil && (u.Host == "" || !printable(replaces)) {
			t.Errorf("%q: %v %q", v, u, replaces)
		}
		parseReplaces(v)
		sipfrag([]byte(v))
	})
}
