package ua

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// TestByeOfALostFork: a fork that answered too late ends its own dialog, in the
// moment in which we do; the call is with another.
func TestByeOfALostFork(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		w.answer(inv, 200, "one", testSDP)
		expect[Answered](p)
		w.request(sip.ACK)
		w.answer(inv, 200, "two", testSDP)
		w.request(sip.ACK)
		bye := w.request(sip.BYE)
		l := w.answering(inv, "two")
		l.send("INVITE", testSDP)
		for r := w.next(patience).(*sip.Response); r.StatusCode != 481; r = w.next(patience).(*sip.Response) {
			if r.StatusCode >= 200 {
				t.Fatalf("%s", r)
			}
		}
		l.again("ACK", "")
		l.send("BYE", "")
		w.response(200)
		w.answer(bye, 481, "", "")
		p.quietFor(time.Minute)
		w.drain()
		p.HangUp("1")
		if e := expect[Ended](p); e.Remote {
			t.Errorf("%+v", e)
		}
		if bye := w.request(sip.BYE); bye.To().Params.GetOr("tag", "") != "one" {
			t.Errorf("%s", bye)
		}
	})
}

// TestAnswerToAReinviteThatIsRepeatedLate: its transaction is gone, and the call
// is one that came in; the ACK goes out again, and the call goes on.
func TestAnswerToAReinviteThatIsRepeatedLate(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@10.0.0.1", testSDP)
		call := expect[Incoming](p).Call
		p.Answer(call, lm)
		expect[Answered](p)
		for r := w.next(patience).(*sip.Response); ; r = w.next(patience).(*sip.Response) {
			if r.StatusCode == 200 {
				l.learn(r)
				break
			}
		}
		l.send("ACK", "")
		time.Sleep(time.Second)
		w.drain()
		p.Hold(call)
		re := w.request(sip.INVITE)
		w.answer(re, 200, "", testSDP)
		expect[MediaChanged](p)
		first := w.request(sip.ACK)
		time.Sleep(40 * time.Second)
		w.drain()
		w.answer(re, 200, "", testSDP)
		if again := w.request(sip.ACK); again.String() != first.String() {
			t.Errorf("%s\nthan\n%s", again, first)
		}
		p.quietFor(time.Minute)
		w.drain()
		p.HangUp(call)
		w.request(sip.BYE)
	})
}

// TestAnswerToTheInviteBeforeItWasSentAgain: the ACK has the number of the
// INVITE that was answered (RFC 3261 section 13.2.2.4).
func TestAnswerToTheInviteBeforeItWasSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@10.0.0.9", Password: func() (string, error) { return "p", nil }}}})
		w := newWire(t, n, "10.0.0.9")
		inv := dialWire(t, p, w)
		w.answer(inv, 401, "x", "", `WWW-Authenticate: Digest realm="r", nonce="n"`)
		w.request(sip.ACK)
		second := w.request(sip.INVITE)
		w.answer(inv, 200, "y", testSDP) // another branch of a proxy that forks
		expect[Answered](p)
		if ack := w.request(sip.ACK); ack.CSeq().SeqNo != inv.CSeq().SeqNo || second.CSeq().SeqNo == inv.CSeq().SeqNo {
			t.Errorf("%s", ack)
		}
	})
}

// TestChallengeAfterAnotherRequest: what is sent again with credentials takes a
// new number, higher than that of all that went out meanwhile.
func TestChallengeAfterAnotherRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@10.0.0.9", Password: func() (string, error) { return "p", nil }}}})
		w := newWire(t, n, "10.0.0.9")
		inv := dialWire(t, p, w)
		w.answer(inv, 200, "x", testSDP)
		expect[Answered](p)
		w.request(sip.ACK)
		p.Hold("1")
		hold := w.request(sip.INVITE)
		p.SendInfo("1", '5')
		info := w.request(sip.INFO)
		w.answer(hold, 401, "x", "", `WWW-Authenticate: Digest realm="r", nonce="n"`)
		w.request(sip.ACK)
		if again := w.request(sip.INVITE); again.CSeq().SeqNo <= info.CSeq().SeqNo || info.CSeq().SeqNo != hold.CSeq().SeqNo+1 {
			t.Errorf("INVITE %d, INFO %d, INVITE again %d", hold.CSeq().SeqNo, info.CSeq().SeqNo, again.CSeq().SeqNo)
		}
	})
}
