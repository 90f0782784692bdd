package ua

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// pair runs f with two connected phones.
func pair(t *testing.T, f func(t *testing.T, n *uatest.Network, a, b *phone, out, in string)) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		a, b := direct(t, n, "10.0.0.1", "udp"), direct(t, n, "10.0.0.2", "udp")
		out, in := connect(t, a, b, "sip:b@10.0.0.2")
		f(t, n, a, b, out, in)
	})
}

func TestHoldAndResumeBothWays(t *testing.T) {
	pair(t, func(t *testing.T, n *uatest.Network, a, b *phone, out, in string) {
		for range 2 {
			for _, c := range []struct {
				from, to *phone
				id       string
			}{{a, b, out}, {b, a, in}} {
				if err := c.from.Hold(c.id); err != nil {
					t.Fatal(err)
				}
				if e := expect[MediaChanged](c.from); !e.LocalHold || e.RemoteHold || e.Media.Receive || !e.Media.Send {
					t.Errorf("holder %+v", e)
				}
				if e := expect[MediaChanged](c.to); e.LocalHold || !e.RemoteHold || e.Media.Send || !e.Media.Receive {
					t.Errorf("held %+v", e)
				}
				if err := c.from.Resume(c.id); err != nil {
					t.Fatal(err)
				}
				if e := expect[MediaChanged](c.from); e.LocalHold || e.RemoteHold || !e.Media.Receive || !e.Media.Send {
					t.Errorf("resumer %+v", e)
				}
				if e := expect[MediaChanged](c.to); e.RemoteHold || !e.Media.Send {
					t.Errorf("resumed %+v", e)
				}
				synctest.Wait()
			}
		}
	})
}

func TestBothHoldAndResume(t *testing.T) {
	pair(t, func(t *testing.T, n *uatest.Network, a, b *phone, out, in string) {
		a.Hold(out)
		expect[MediaChanged](a)
		expect[MediaChanged](b)
		synctest.Wait()
		b.Hold(in)
		if e := expect[MediaChanged](b); !e.LocalHold || !e.RemoteHold || e.Media.Send || e.Media.Receive {
			t.Errorf("%+v", e)
		}
		if e := expect[MediaChanged](a); !e.LocalHold || !e.RemoteHold || e.Media.Send || e.Media.Receive {
			t.Errorf("%+v", e)
		}
		if !strings.Contains(a.last("< INVITE"), "a=inactive") {
			t.Errorf("second hold\n%s", a.last("< INVITE"))
		}
		synctest.Wait()
		a.Resume(out)
		if e := expect[MediaChanged](a); e.LocalHold || !e.RemoteHold {
			t.Errorf("%+v", e)
		}
		expect[MediaChanged](b)
		synctest.Wait()
		b.Resume(in)
		if e := expect[MediaChanged](b); e.LocalHold || e.RemoteHold || !e.Media.Send || !e.Media.Receive {
			t.Errorf("%+v", e)
		}
	})
}

func TestHoldFromBothSidesAtOnceEndsInBothHolds(t *testing.T) {
	pair(t, func(t *testing.T, n *uatest.Network, a, b *phone, out, in string) {
		n.SetFaults(uatest.Faults{Delay: 50 * time.Millisecond}) // both INVITEs are under way before either arrives
		a.Hold(out)
		b.Hold(in)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for _, p := range []*phone{a, b} {
			var last MediaChanged
			for len(p.events) > 0 {
				last = expect[MediaChanged](p)
			}
			if !last.LocalHold || !last.RemoteHold {
				t.Errorf("%+v\n%s", last, p.ladder())
			}
		}
		if a.count("< 491 INVITE") != 1 || b.count("< 491 INVITE") != 1 {
			t.Errorf("no glare\n%s", a.ladder())
		}
	})
}

func TestHoldThatIsRefusedLeavesTheCallAsItWas(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 200, "x", testSDP)
		expect[Answered](p)
		w.request(sip.ACK)
		p.Hold("1")
		re := w.request(sip.INVITE)
		if !strings.Contains(string(re.Body()), "a=sendonly") || !strings.Contains(string(re.Body()), " 2 IN IP4") {
			t.Errorf("offer\n%s", re.Body())
		}
		w.answer(re, 488, "", "")
		w.request(sip.ACK)
		if e := expect[MediaChanged](p); e.LocalHold || e.Refused == "" || !e.Media.Send || !e.Media.Receive {
			t.Errorf("%+v", e)
		}
		p.Hold("1")
		re = w.request(sip.INVITE)
		w.answer(re, 481, "", "")
		w.request(sip.ACK)
		w.answer(w.request(sip.BYE), 481, "", "")
		if e := expect[Ended](p); e.Code != 481 {
			t.Errorf("%+v", e)
		}
	})
}

// answered is a phone that was called by the wire and confirmed.
func answered(t *testing.T, p *phone, w *wire) (*wireLeg, string) {
	t.Helper()
	l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
	in := expect[Incoming](p)
	p.Answer(in.Call, lm)
	expect[Answered](p)
	l.learn(w.response(200))
	l.send("ACK", "")
	synctest.Wait()
	return l, in.Call
}

func TestPeerHoldsInEitherStyle(t *testing.T) {
	for name, body := range map[string]string{
		"sendonly": testSDP + "a=sendonly\n", "inactive": testSDP + "a=inactive\n",
		"zero address": strings.Replace(testSDP, "c=IN IP4 10.0.0.9", "c=IN IP4 0.0.0.0", 1),
	} {
		t.Run(name, func(t *testing.T) {
			withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
				l, call := answered(t, p, w)
				l.send("INVITE", body)
				ok := w.response(200)
				l.send("ACK", "")
				e := expect[MediaChanged](p)
				if !e.RemoteHold || e.Media.Send {
					t.Errorf("%+v", e)
				}
				want := "a=recvonly"
				if name == "inactive" {
					want = "a=inactive"
				}
				if !strings.Contains(string(ok.Body()), want) {
					t.Errorf("answer\n%s", ok.Body())
				}
				synctest.Wait()
				l.send("INVITE", testSDP)
				w.response(200)
				l.send("ACK", "")
				if e := expect[MediaChanged](p); e.RemoteHold || !e.Media.Send {
					t.Errorf("%+v", e)
				}
				_ = call
			})
		})
	}
}

func TestReinviteRefreshesTheTargetAndOffersWhenAsked(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, call := answered(t, p, w)
		w2 := newWire(t, n, "10.0.0.10")
		l.send("INVITE", "", "Contact: <sip:new@10.0.0.10:5060>")
		ok := w.response(200)
		if !strings.Contains(string(ok.Body()), "m=audio 4000") {
			t.Errorf("no offer\n%s", ok)
		}
		l.send("ACK", testSDP)
		synctest.Wait()
		p.quietFor(time.Second) // nothing changed
		// The last Contact header counts for sipgo; either way BYE must go to
		// the new target.
		p.HangUp(call)
		if b := w2.request(sip.BYE); b.Recipient.User != "new" {
			t.Errorf("BYE\n%s", b)
		}
	})
}

func TestInDialogRequestsGetTheirAnswers(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, _ := answered(t, p, w)
		for _, c := range []struct {
			method, body string
			want         int
		}{
			{"OPTIONS", "", 200}, {"INFO", "", 200}, {"UPDATE", "", 200}, {"UPDATE", testSDP + "a=sendonly\n", 200},
			{"REFER", "", 400}, {"NOTIFY", "", 489}, {"MESSAGE", "", 405}, {"FOO", "", 405},
			{"INVITE", strings.ReplaceAll(testSDP, "8 0 96", "97"), 488}, {"INVITE", "rubbish\n", 400},
		} {
			l.send(c.method, c.body)
			r := w.response(c.want)
			if c.want == 405 && headerValue(r, "Allow") != allow {
				t.Errorf("%s: no Allow\n%s", c.method, r)
			}
			if c.want >= 400 && c.method == "INVITE" {
				l.again("ACK", "")
			}
		}
		if e := expect[MediaChanged](p); !e.RemoteHold {
			t.Errorf("%+v", e)
		}
		w.cseq = 1 // older than all of those
		l.send("INFO", "")
		w.response(500)
		w.cseq = 50
		l.send("BYE", "")
		w.response(200)
		expect[Ended](p)
		synctest.Wait() // Ended is told a moment before the call is forgotten
		l.send("BYE", "")
		w.response(481)
		l.send("INVITE", testSDP)
		w.response(481)
		l.again("ACK", "")
		p.quietFor(time.Second)
	})
}

func TestLateOfferIsAnsweredInTheAck(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, "")
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		ok := w.response(200)
		if !strings.Contains(string(ok.Body()), "m=audio 4000 RTP/AVP 0 8 18 101") {
			t.Errorf("offer\n%s", ok.Body())
		}
		synctest.Wait()
		if len(p.events) != 0 {
			t.Error("answered before the ACK")
		}
		l.learn(ok)
		l.send("ACK", testSDP)
		if e := expect[Answered](p); e.Media.Codec != "PCMA" || e.Media.Remote.String() != "10.0.0.9:7000" {
			t.Errorf("%+v", e)
		}
		// Without an answer in the ACK there is no call.
		l = w.invite(phoneAt, "sip:p@"+phoneAt, "")
		in = expect[Incoming](p)
		p.Answer(in.Call, lm)
		l.learn(w.response(200))
		l.send("ACK", "")
		if e := expect[Ended](p); e.Code != 488 {
			t.Errorf("%+v", e)
		}
		w.request(sip.BYE)
	})
}

func TestByeIsAuthenticated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() { r.inviteCh = true })
		a := member(t, n, "10.0.0.1", "alice", "secret-a")
		b := member(t, n, "10.0.0.2", "bob", "secret-b")
		registered(a)
		registered(b)
		out, _ := connect(t, a, b, "bob")
		a.Hold(out)
		expect[MediaChanged](a)
		expect[MediaChanged](b)
		synctest.Wait()
		a.HangUp(out)
		expect[Ended](a)
		if e := expect[Ended](b); !e.Remote {
			t.Errorf("%+v", e)
		}
		synctest.Wait()
		for _, m := range []string{"INVITE", "BYE"} {
			if a.count("< 407 "+m) == 0 {
				t.Errorf("%s was never challenged\n%s", m, a.ladder())
			}
		}
		if got := a.last("> BYE"); !strings.Contains(got, "Proxy-Authorization: Digest [redacted]") || strings.Contains(got, "response=") {
			t.Errorf("trace\n%s", got)
		}
		if got := a.last("> ACK"); !strings.Contains(got, "Route: <sip:10.0.0.100:5060;lr>") {
			t.Errorf("ACK\n%s", got)
		}
	})
}
