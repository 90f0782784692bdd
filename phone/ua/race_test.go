package ua

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// withWire runs f with a phone that takes direct calls and a scripted peer.
func withWire(t *testing.T, f func(t *testing.T, n *uatest.Network, p *phone, w *wire)) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "udp")
		w := newWire(t, n, "10.0.0.9")
		f(t, n, p, w)
	})
}

const phoneAt = "10.0.0.1:5060"

func dialWire(t *testing.T, p *phone, w *wire) *sip.Request {
	t.Helper()
	if err := p.Dial("1", "", "sip:w@10.0.0.9", lm); err != nil {
		t.Fatal(err)
	}
	return w.request(sip.INVITE)
}

func TestCancelWaitsForTheFirstProvisionalResponse(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		if err := p.HangUp("1"); err != nil {
			t.Fatal(err)
		}
		if e := expect[Ended](p); e.Code != 487 || e.Remote {
			t.Errorf("%+v", e)
		}
		if m := w.next(time.Second).(*sip.Request); m.Method != sip.INVITE {
			t.Fatalf("%s before any response", m.Method)
		}
		w.answer(inv, 180, "x", "")
		c := w.request(sip.CANCEL)
		if c.Via().Value() != inv.Via().Value() || c.CSeq().SeqNo != inv.CSeq().SeqNo || len(c.GetHeaders("Via")) != 1 {
			t.Errorf("CANCEL\n%s\nfor\n%s", c, inv)
		}
		w.answer(c, 200, "x", "")
		w.answer(inv, 487, "x", "")
		w.request(sip.ACK)
		w.silent(time.Minute)
	})
}

func TestCancelAfterRingingHasNoRouteTheInviteHadNot(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "", "Record-Route: <sip:10.0.0.77;lr>")
		expect[Progress](p)
		p.HangUp("1")
		if c := w.request(sip.CANCEL); c.Route() != nil {
			t.Errorf("CANCEL has a Route:\n%s", c)
		}
	})
}

func TestAnswerCrossingCancelIsConfirmedAndEnded(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "")
		expect[Progress](p)
		w.answer(inv, 200, "x", testSDP) // on its way …
		p.HangUp("1")                    // … while the user hangs up
		synctest.Wait()
		got := map[sip.RequestMethod]bool{}
		for range 3 {
			select {
			case m := <-w.in:
				r := m.(*sip.Request)
				got[r.Method] = true
				if r.Method == sip.CANCEL {
					w.answer(r, 200, "x", "")
				}
				if r.Method == sip.BYE {
					w.answer(r, 200, "", "")
				}
			default:
			}
		}
		if !got[sip.ACK] || !got[sip.BYE] {
			t.Errorf("got %v, want ACK and BYE", got)
		}
	})
}

func TestAnswerAfterCancelIsConfirmedAndEnded(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "")
		expect[Progress](p)
		p.HangUp("1")
		expect[Ended](p)
		c := w.request(sip.CANCEL)
		w.answer(inv, 200, "x", testSDP)
		w.answer(c, 200, "x", "")
		ack := w.request(sip.ACK)
		bye := w.request(sip.BYE)
		if ack.CSeq().SeqNo != 1 || bye.CSeq().SeqNo != 2 || bye.To().Params.GetOr("tag", "") != "x" {
			t.Errorf("ACK\n%s\nBYE\n%s", ack, bye)
		}
		w.answer(bye, 200, "", "")
		p.quietFor(time.Minute)
		w.silent(time.Minute)
	})
}

func TestServerThatNeverEndsACancelledInviteIsForgotten(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "")
		expect[Progress](p)
		p.HangUp("1")
		w.answer(w.request(sip.CANCEL), 200, "x", "")
		time.Sleep(70 * time.Second)
		synctest.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.Agent.mu.Lock()
		defer p.Agent.mu.Unlock()
		if len(p.dialogs) != 0 || len(p.busy) != 0 {
			t.Errorf("%d dialogs, %d busy calls remembered", len(p.dialogs), len(p.busy))
		}
	})
}

func TestManyProvisionalResponsesDoNotEndTheCall(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		for i := range 60 {
			w.answer(inv, 180+i%4, "x", "")
			time.Sleep(3 * time.Second)
		}
		w.answer(inv, 200, "x", testSDP)
		w.request(sip.ACK)
		for {
			switch e := waitAny(p).(type) {
			case Progress:
				continue
			case Answered:
				if e.Media.Codec != "PCMA" || e.Media.EventPayloadType != 96 || e.Media.ReceiveEventPayloadType != 101 {
					t.Errorf("%+v", e.Media)
				}
			default:
				t.Errorf("%T%+v", e, e)
			}
			return
		}
	})
}

func waitAny(p *phone) Event {
	p.t.Helper()
	select {
	case e := <-p.events:
		return e
	case <-time.After(patience):
		p.t.Fatal("no event")
		return nil
	}
}

func TestForksThatAnswerLateGetAckAndBye(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "one", "")
		w.answer(inv, 183, "two", testSDP)
		if pr := expect[Progress](p); pr.Media != nil {
			t.Errorf("%+v", pr)
		}
		if pr := expect[Progress](p); pr.Media == nil || pr.Code != 183 {
			t.Errorf("%+v", pr)
		}
		w.answer(inv, 200, "one", testSDP)
		expect[Answered](p)
		if a := w.request(sip.ACK); a.To().Params.GetOr("tag", "") != "one" {
			t.Errorf("ACK\n%s", a)
		}
		w.answer(inv, 200, "two", testSDP)
		a, b := w.request(sip.ACK), w.request(sip.BYE)
		if a.To().Params.GetOr("tag", "") != "two" || b.To().Params.GetOr("tag", "") != "two" {
			t.Errorf("ACK\n%s\nBYE\n%s", a, b)
		}
		w.answer(b, 200, "", "")
		// Both repeat their 200: both get their ACK again, and no second BYE.
		w.answer(inv, 200, "one", testSDP)
		if again := w.request(sip.ACK); again.To().Params.GetOr("tag", "") != "one" {
			t.Errorf("ACK\n%s", again)
		}
		w.answer(inv, 200, "two", testSDP)
		if again := w.request(sip.ACK); again.String() != a.String() {
			t.Errorf("another ACK\n%s\nthan\n%s", again, a)
		}
		p.quietFor(time.Second)
		w.silent(time.Second)
	})
}

func TestLostAckIsSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		a, b := direct(t, n, "10.0.0.1", "udp"), direct(t, n, "10.0.0.2", "udp")
		lost := 0
		n.SetFilter(func(p uatest.Packet) bool {
			if strings.HasPrefix(string(p.Data), "ACK ") && lost < 3 {
				lost++
				return false
			}
			return true
		})
		out, in := connect(t, a, b, "sip:b@10.0.0.2")
		a.quietFor(40 * time.Second)
		b.quietFor(time.Second)
		if got := b.count("> 200 INVITE"); got != 4 {
			t.Errorf("200 was sent %d times, want 4\n%s", got, b.ladder())
		}
		a.HangUp(out)
		expect[Ended](a)
		if e := expect[Ended](b); e.Call != in {
			t.Errorf("%+v", e)
		}
	})
}

func TestCallThatIsNeverConfirmedEndsInBye(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		expect[Answered](p)
		l.learn(w.response(200))
		start := time.Now()
		var gaps []time.Duration
		last := start
		for {
			m := w.next(patience)
			if r, ok := m.(*sip.Response); ok && r.StatusCode == 200 {
				gaps = append(gaps, time.Since(last))
				last = time.Now()
				continue
			}
			if r, ok := m.(*sip.Request); ok && r.Method == sip.BYE {
				w.answer(r, 200, "", "")
				break
			}
			t.Fatalf("got\n%s", m)
		}
		if d := time.Since(start); d < 31*time.Second || d > 33*time.Second {
			t.Errorf("BYE after %v", d)
		}
		want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}
		if len(gaps) < 10 || fmt.Sprint(gaps[:5]) != fmt.Sprint(want) {
			t.Errorf("200 was repeated after %v", gaps)
		}
		if e := expect[Ended](p); e.Code != 408 {
			t.Errorf("%+v", e)
		}
	})
}

func TestCalleeHangingUpBeforeTheAckWaitsForIt(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		expect[Answered](p)
		l.learn(w.response(200))
		p.HangUp(in.Call)
		expect[Ended](p)
		synctest.Wait()
		w.silent(100 * time.Millisecond)
		l.send("ACK", "")
		w.answer(w.request(sip.BYE), 200, "", "")
		w.silent(time.Minute)
	})
}

func TestIncomingCancelBeforeAndAfterTheAnswer(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Ring(in.Call)
		tag := w.response(180).To().Params.GetOr("tag", "")
		l.again("CANCEL", "", `Reason: SIP;cause=200;text="Call completed elsewhere"`)
		for range 2 {
			r := w.next(time.Second).(*sip.Response)
			if got := r.To().Params.GetOr("tag", ""); got != tag {
				t.Errorf("%s has tag %q, 180 had %q", r.StartLine(), got, tag)
			}
		}
		if e := expect[Ended](p); e.Code != 487 || !e.Remote || !e.MissedElsewhere || e.Reason != "Call completed elsewhere" {
			t.Errorf("%+v", e)
		}
		l.again("ACK", "")
		if err := p.Answer(in.Call, lm); err == nil {
			t.Error("a cancelled call was answered")
		}

		l = w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in = expect[Incoming](p)
		p.Answer(in.Call, lm)
		expect[Answered](p)
		ok := w.response(200)
		l.again("CANCEL", "")
		if r := w.response(200); r.CSeq().MethodName != sip.CANCEL {
			t.Errorf("got\n%s", r)
		}
		l.learn(ok)
		l.send("ACK", "")
		p.quietFor(time.Second)
		l.send("BYE", "")
		w.response(200)
		if e := expect[Ended](p); e.Code != 200 || e.MissedElsewhere {
			t.Errorf("%+v", e)
		}
	})
}

// TestCancelRightBehindItsInvite sends both in one go many times: sipgo gives
// each a goroutine, and either may be first.
func TestCancelRightBehindItsInvite(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		for range 200 {
			time.Sleep(time.Second) // as fast as a stranger may
			l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
			l.again("CANCEL", "")
			expect[Incoming](p)
			if e := expect[Ended](p); e.Code != 487 {
				t.Fatalf("%+v", e)
			}
			codes := map[string]bool{}
			for range 2 {
				r := w.next(time.Second).(*sip.Response)
				codes[fmt.Sprint(r.StatusCode, " ", r.CSeq().MethodName)] = true
			}
			if !codes["200 CANCEL"] || !codes["487 INVITE"] {
				t.Fatalf("answers %v", codes)
			}
			l.again("ACK", "")
		}
	})
}

// TestByeRightBehindTheAnswer: the 200 and the BYE arrive in one go.
func TestByeRightBehindTheAnswer(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		for range 100 {
			inv := dialWire(t, p, w)
			l := w.answering(inv, "x")
			w.answer(inv, 200, "x", testSDP)
			l.send("BYE", "")
			expect[Answered](p)
			expect[Ended](p)
			w.request(sip.ACK)
			if r := w.response(200); r.CSeq().MethodName != sip.BYE {
				t.Fatalf("got\n%s", r)
			}
		}
	})
}

func TestSilentPeerEndsTheCallWith408(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "udp")
		p.Dial("1", "", "sip:x@10.0.0.200", lm)
		if e := expect[Ended](p); e.Code != 408 || e.Reason == "" {
			t.Errorf("%+v", e)
		}
	})
}

func TestRefusedTCPConnectionEndsTheCallWith503(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "udp")
		p.Dial("1", "", "sip:x@10.0.0.200;transport=tcp", lm)
		if e := expect[Ended](p); e.Code != 503 || !strings.Contains(e.Reason, "10.0.0.200") {
			t.Errorf("%+v", e)
		}
		n.SetDead(n.Host("10.0.0.201").Addr(), true)
		p.Dial("2", "", "sip:x@10.0.0.201;transport=tcp", lm)
		if e := expect[Ended](p); e.Code != 503 {
			t.Errorf("%+v", e)
		}
	})
}

func TestRefusalsEndTheCallWithTheirCode(t *testing.T) {
	for _, code := range []int{302, 404, 480, 486, 488, 500, 503, 600, 603} {
		withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
			inv := dialWire(t, p, w)
			w.answer(inv, code, "x", "")
			w.request(sip.ACK)
			if e := expect[Ended](p); e.Code != code || !e.Remote || e.Reason != reasonPhrase(code) {
				t.Errorf("%d: %+v", code, e)
			}
		})
	}
}

// A call that nobody answers ends: by what its INVITE says, else after three minutes.
func TestUnansweredCallEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers []string
		after   time.Duration
		code    int
	}{
		{"by its Expires", []string{"Expires: 20"}, 20 * time.Second, 487},
		{"by ours", nil, 3 * time.Minute, 480},
		{"no longer than ours", []string{"Expires: 7200"}, 3 * time.Minute, 480},
		{"nonsense is not heeded", []string{"Expires: soon"}, 3 * time.Minute, 480},
	} {
		t.Run(c.name, func(t *testing.T) {
			withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
				l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP, c.headers...)
				in := expect[Incoming](p)
				start := time.Now()
				p.Ring(in.Call)
				l.learn(w.response(180))
				time.Sleep(c.after - time.Second) // longer than expect waits
				e := expect[Ended](p)
				if got := time.Since(start).Round(time.Second); e.Code != c.code || e.Remote || got != c.after {
					t.Errorf("%+v after %v, want %d after %v", e, got, c.code, c.after)
				}
			})
		})
	}
}
