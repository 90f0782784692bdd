package ua

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// replacesHeader names the wire's leg to the phone, as the phone knows it.
func replacesHeader(l *wireLeg) string {
	tag := func(v string) string {
		_, t, _ := strings.Cut(v, ";tag=")
		return t
	}
	return "Replaces: " + l.callID + ";to-tag=" + tag(l.remote) + ";from-tag=" + tag(l.local)
}

// TestSomebodyTakesThePeersPlace: an INVITE with Replaces, its offer early or
// late, becomes the call; the old dialog gets a BYE.
func TestSomebodyTakesThePeersPlace(t *testing.T) {
	for _, late := range []bool{false, true} {
		withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
			l, call := answered(t, p, w)
			w2 := newWire(t, n, "10.0.0.8")
			body := strings.ReplaceAll(testSDP, "10.0.0.9", "10.0.0.8")
			first := body
			if late {
				first = ""
			}
			l2 := w2.invite(phoneAt, l.uri, first, replacesHeader(l))
			ok := w2.response(200)
			l2.learn(ok)
			if late {
				p.quietFor(100 * time.Millisecond)
				l2.again("ACK", body)
			} else {
				l2.again("ACK", "")
			}
			if e := expect[Replaced](p); e.Call != call || e.Peer != "sip:wire@10.0.0.8:5060" {
				t.Errorf("%+v", e)
			}
			if e := expect[MediaChanged](p); e.Call != call || e.Media.Remote.Addr().String() != "10.0.0.8" {
				t.Errorf("%+v", e)
			}
			w.answer(w.request(sip.BYE), 200, "", "")
			synctest.Wait()
			if err := p.HangUp(call); err != nil {
				t.Fatal(err)
			}
			if e := expect[Ended](p); e.Call != call {
				t.Errorf("%+v", e)
			}
			w2.answer(w2.request(sip.BYE), 200, "", "")
			w.silent(time.Minute)
		})
	}
}

// TestACallWeMakeIsPickedUpElsewhere: whom we called rings at another
// telephone, which picks the call up by replacing our early dialog.
func TestACallWeMakeIsPickedUpElsewhere(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "")
		expect[Progress](p)
		l := w.answering(inv, "x")
		w2 := newWire(t, n, "10.0.0.8")
		l2 := w2.invite(phoneAt, "sip:p@10.0.0.1", testSDP, replacesHeader(l))
		l2.learn(w2.response(200))
		l2.again("ACK", "")
		expect[Replaced](p)
		if e := expect[Answered](p); e.Call != "1" {
			t.Errorf("%+v", e)
		}
		c := w.request(sip.CANCEL)
		w.answer(c, 200, "x", "")
		w.answer(inv, 487, "x", "")
		w.request(sip.ACK)
		p.HangUp("1")
		expect[Ended](p)
		w2.request(sip.BYE)
	})
}

func TestReplacesThatIsRefusedLeavesTheCall(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l, call := answered(t, p, w)
		good := replacesHeader(l)
		w2 := newWire(t, n, "10.0.0.8")
		for _, c := range []struct {
			headers []string
			body    string
			want    int
		}{
			{[]string{"Replaces: nonsense"}, testSDP, 400},
			{[]string{good, good}, testSDP, 400},
			{[]string{good + ";early-only"}, testSDP, 486},
			{[]string{good + "x"}, testSDP, 481},
			{[]string{strings.Replace(good, "to-tag=", "to-tag=x", 1)}, testSDP, 481},
			{[]string{good}, strings.ReplaceAll(testSDP, "8 0 96", "97"), 488},
			{[]string{good}, "rubbish\n", 400},
		} {
			w2.invite(phoneAt, "sip:p@10.0.0.1", c.body, c.headers...).drop(c.want)
		}
		p.quietFor(time.Second)
		p.HangUp(call)
		w.request(sip.BYE) // and it is over: 603 while the phone still knows it
		w2.invite(phoneAt, "sip:p@10.0.0.1", testSDP, good).drop(603)
	})
	// A call that rings here can be replaced by nobody (RFC 3891 section 3).
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@10.0.0.1", testSDP)
		p.Ring(expect[Incoming](p).Call)
		l.learn(w.response(180))
		w2 := newWire(t, n, "10.0.0.8")
		w2.invite(phoneAt, "sip:p@10.0.0.1", testSDP, replacesHeader(l)).drop(481)
	})
}

// drop takes the refusal of the leg's INVITE.
func (l *wireLeg) drop(code int) {
	l.w.t.Helper()
	l.learn(l.w.response(code))
	l.again("ACK", "")
}
