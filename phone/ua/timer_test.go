package ua

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

const timerHeaders = "Session-Expires: 120;refresher=uac"

func TestWeConfirmTheCallInTime(t *testing.T) {
	for method, allow := range map[sip.RequestMethod]string{sip.UPDATE: "Allow: INVITE, UPDATE, ACK", sip.INVITE: "Allow: INVITE, ACK"} {
		withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
			inv := dialWire(t, p, w)
			if v := headerValue(inv, "Session-Expires"); v != "1800" || !supports(inv, "timer") {
				t.Errorf("INVITE asks for %q", v)
			}
			w.answer(inv, 200, "x", testSDP, timerHeaders, allow)
			expect[Answered](p)
			w.request(sip.ACK)
			for range 3 {
				began := time.Now()
				r := w.request(method)
				if d := time.Since(began); d < 59*time.Second || d > 61*time.Second {
					t.Errorf("%s after %v, want a minute", method, d)
				}
				if v := headerValue(r, "Session-Expires"); v != "120;refresher=uac" {
					t.Errorf("%s with %q", method, v)
				}
				if method == sip.INVITE {
					if body := string(r.Body()); !strings.Contains(body, " 1 IN IP4") {
						t.Errorf("a refresh changes the description:\n%s", body)
					}
					w.answer(r, 200, "x", testSDP, timerHeaders, allow)
					w.request(sip.ACK)
				} else {
					w.answer(r, 200, "", "", timerHeaders)
				}
			}
			p.quietFor(time.Second)
			// Then the peer is gone without a word.
			for {
				if w.next(patience).(*sip.Request).Method == sip.BYE {
					break
				}
			}
			if e := expect[Ended](p); e.Code != 408 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestACallThatIsNotConfirmedEnds(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@10.0.0.1", testSDP, "Supported: timer", timerHeaders)
		p.Answer(expect[Incoming](p).Call, lm)
		expect[Answered](p)
		ok := w.response(200)
		if v := headerValue(ok, "Session-Expires"); v != timerHeaders[len("Session-Expires: "):] || !lists(ok, "Require", "timer") {
			t.Errorf("%s", ok)
		}
		l.learn(ok)
		l.send("ACK", "")
		time.Sleep(time.Minute)
		l.send("UPDATE", "", "Supported: timer", timerHeaders) // confirmed once
		if v := headerValue(w.response(200), "Session-Expires"); v == "" {
			t.Error("the timer is not granted again")
		}
		began := time.Now()
		p.quietFor(time.Minute)
		e := expect[Ended](p)
		if d := time.Since(began); e.Code != 408 || d < 85*time.Second || d > 90*time.Second {
			t.Errorf("%+v after %v", e, d)
		}
		w.answer(w.request(sip.BYE), 200, "", "")
	})
}

func TestIntervalsAreNegotiated(t *testing.T) {
	// Ours is too short for the server.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 422, "x", "", "Min-SE: 3600")
		w.request(sip.ACK)
		inv = w.request(sip.INVITE)
		if se, min := headerValue(inv, "Session-Expires"), headerValue(inv, "Min-SE"); se != "3600" || min != "3600" {
			t.Errorf("again with %q, %q", se, min)
		}
		w.answer(inv, 422, "x", "", "Min-SE: 3600") // which makes no sense
		w.request(sip.ACK)
		if e := expect[Ended](p); e.Code != 422 {
			t.Errorf("%+v", e)
		}
	})
	// The caller's is too short for us, if it knows of timers at all.
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@10.0.0.1", testSDP, "Supported: timer", "Session-Expires: 30")
		if v := headerValue(w.response(422), "Min-SE"); v != "90" {
			t.Errorf("Min-SE %q", v)
		}
		l.again("ACK", "")
		synctest.Wait()
		w.invite(phoneAt, "sip:p@10.0.0.1", testSDP, "x: 30")
		p.Answer(expect[Incoming](p).Call, lm)
		if v := headerValue(w.response(200), "Session-Expires"); v != "90;refresher=uas" {
			t.Errorf("a proxy's wish is answered with %q", v)
		}
	})
}
