package ua

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

func TestReliableRingingIsConfirmed(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		if !supports(inv, "100rel") {
			t.Error("we do not say that we know PRACK")
		}
		w.answer(inv, 180, "x", "", "Require: 100rel", "RSeq: 700")
		pr := w.request(sip.PRACK)
		if v := headerValue(pr, "RAck"); v != "700 1 INVITE" || pr.To().Params.GetOr("tag", "") != "x" {
			t.Errorf("%s", pr)
		}
		w.answer(pr, 200, "", "")
		expect[Progress](p)
		w.answer(inv, 180, "x", "", "Require: 100rel", "RSeq: 700") // repeated
		w.answer(inv, 183, "x", testSDP, "Require: 100rel", "RSeq: 702")
		p.quietFor(time.Second) // 701 is missing
		w.silent(time.Second)
		w.answer(inv, 183, "x", testSDP, "Require: 100rel", "RSeq: 701")
		w.answer(w.request(sip.PRACK), 200, "", "")
		if e := expect[Progress](p); e.Media == nil || e.Media.Remote.Port() != 7000 {
			t.Errorf("%+v", e)
		}
		// The sound before the answer moves (RFC 3311).
		l := w.answering(inv, "x")
		l.send("UPDATE", strings.Replace(testSDP, "7000", "7100", 1))
		if r := w.response(200); !strings.Contains(string(r.Body()), "m=audio 4000") {
			t.Errorf("%s", r)
		}
		if e := expect[Progress](p); e.Media == nil || e.Media.Remote.Port() != 7100 {
			t.Errorf("%+v", e)
		}
		// The answer needs no description any more.
		w.answer(inv, 200, "x", "")
		if e := expect[Answered](p); e.Media.Remote.Port() != 7100 {
			t.Errorf("%+v", e)
		}
		w.request(sip.ACK)
	})
}

func TestACallerMayInsistOnReliableRinging(t *testing.T) {
	begin := func(p *phone, w *wire) (*wireLeg, string, *sip.Response) {
		l := w.invite(phoneAt, "sip:p@10.0.0.1", testSDP, "Require: 100rel")
		call := expect[Incoming](p).Call
		p.Ring(call)
		r := w.response(180)
		if !lists(r, "Require", "100rel") || headerValue(r, "RSeq") == "" {
			p.t.Errorf("%s", r)
		}
		l.learn(r)
		return l, call, r
	}
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, call, r := begin(p, w)
		w.response(180) // again, for want of a PRACK
		inv := l.w.cseq
		l.send("PRACK", "", "RAck: 1 1 INVITE")
		w.response(481)
		l.send("PRACK", "", "RAck: "+headerValue(r, "RSeq")+" "+uint32String(inv)+" INVITE")
		w.response(200)
		w.silent(20 * time.Second)
		p.Answer(call, lm)
		expect[Answered](p)
		w.response(200)
	})
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		begin(p, w) // and no PRACK ever
		if e := expect[Ended](p); e.Code != 504 {
			t.Errorf("%+v", e)
		}
	})
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		_, call, _ := begin(p, w)
		p.Answer(call, lm) // before the PRACK, which is allowed
		expect[Answered](p)
		w.response(200)
	})
	// Who makes no offer gets ours with the 180, when our end of the sound is known.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		w.invite(phoneAt, "sip:p@10.0.0.1", "", "Require: 100rel")
		call := expect[Incoming](p).Call
		p.Ring(call)
		time.Sleep(time.Second)
		p.Answer(call, lm)
		for r := w.next(patience).(*sip.Response); r.StatusCode != 200; r = w.next(patience).(*sip.Response) {
			if r.StatusCode != 100 {
				t.Errorf("%s", r)
			}
		}
	})
}

// TestReliableRingingWithAnOffer: the answer is in the PRACK, and neither 200
// nor ACK has a description. The 200 waits for it.
func TestReliableRingingWithAnOffer(t *testing.T) {
	begin := func(p *phone, w *wire) (l *wireLeg, call, rack string) {
		l = w.invite(phoneAt, "sip:p@10.0.0.1", "", "Require: 100rel")
		call = expect[Incoming](p).Call
		if err := p.Agent.Ring(call, lm); err != nil {
			p.t.Fatal(err)
		}
		r := w.response(180)
		if !lists(r, "Require", "100rel") || !strings.Contains(string(r.Body()), "m=audio 4000") {
			p.t.Errorf("%s", r)
		}
		l.learn(r)
		return l, call, headerValue(r, "RSeq") + " " + uint32String(w.cseq) + " INVITE"
	}
	answered := func(p *phone, w *wire, l *wireLeg) {
		for {
			r := w.next(patience).(*sip.Response)
			if r.StatusCode < 200 {
				continue
			}
			if r.StatusCode != 200 || len(r.Body()) != 0 {
				p.t.Errorf("%s", r)
			}
			break
		}
		if e := expect[Answered](p); e.Media.Remote.Port() != 7000 || e.Media.Codec != "PCMA" {
			p.t.Errorf("%+v", e)
		}
		l.send("ACK", "")
		w.silent(time.Minute)
	}
	for _, first := range []string{"PRACK", "answer"} {
		withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
			l, call, rack := begin(p, w)
			inv := w.cseq
			if first == "answer" {
				p.Answer(call, lm)
				time.Sleep(100 * time.Millisecond)
				w.silent(100 * time.Millisecond)
			}
			l.send("PRACK", testSDP, "RAck: "+rack)
			for r := w.next(patience).(*sip.Response); r.CSeq().MethodName != sip.PRACK; r = w.next(patience).(*sip.Response) {
				if r.StatusCode >= 200 {
					t.Errorf("before the PRACK had its response:\n%s", r)
				}
			}
			if first == "PRACK" {
				p.Answer(call, lm)
			}
			prack := w.cseq
			w.cseq = inv // of the ACK
			answered(p, w, l)
			w.cseq = prack
			p.HangUp(call)
			w.request(sip.BYE)
		})
	}
	// An answer that is none ends the call.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, _, rack := begin(p, w)
		l.send("PRACK", "", "RAck: "+rack)
		if e := expect[Ended](p); e.Code != 488 {
			t.Errorf("%+v", e)
		}
	})
	// No PRACK ever, though the user has answered.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		_, call, _ := begin(p, w)
		p.Answer(call, lm)
		if e := expect[Ended](p); e.Code != 504 {
			t.Errorf("%+v", e)
		}
	})
	// The caller gives up, or we do, while the 200 waits.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		_, call, _ := begin(p, w)
		p.Answer(call, lm)
		p.HangUp(call)
		if e := expect[Ended](p); e.Code != 480 {
			t.Errorf("%+v", e)
		}
	})
}
