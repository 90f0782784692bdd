package exchange

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestIntercomCallRunsEndToEndAfterTheAnswer(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		if res := bob.register(); res.StatusCode != 200 {
			t.Fatalf("register: %d", res.StatusCode)
		}
		offer := sdpFor(7000, "8", "")
		alice.invite("101", offer)
		in := bob.expectRequest(sip.INVITE, time.Second)
		if got := in.Recipient.String(); got != bob.contact() {
			t.Errorf("request URI %s, want bob's Contact %s", got, bob.contact())
		}
		if got := string(in.Body()); got != strings.ReplaceAll(offer, "\n", "\r\n") {
			t.Errorf("offer changed on the way:\n%s", got)
		}
		if n := len(in.GetHeaders("Via")); n != 2 {
			t.Errorf("%d Vias, want 2", n)
		}
		if in.MaxForwards().Val() != 69 {
			t.Errorf("Max-Forwards %d, want 69", in.MaxForwards().Val())
		}
		if in.RecordRoute() != nil {
			t.Error("the exchange put itself into the dialog's route")
		}
		bob.answer(in, 180, "bobtag", "")
		if res := alice.expect(180); len(res.GetHeaders("Via")) != 1 || toTag(res) != "bobtag" {
			t.Errorf("180 as alice got it:\n%s", res)
		}
		bob.answer(in, 200, "bobtag", sdpFor(7100, "8", ""))
		ok := alice.expect(200)
		alice.ack(ok, bob.conn.addr.String(), ok.Contact().Address.String())
		bob.expectRequest(sip.ACK, time.Second)
		alice.silent(40 * time.Second)
	})
}

func TestBusyPassesThroughAndIsAcknowledgedHopByHop(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		alice.invite("101", sdpFor(7000, "8", ""))
		in := bob.expectRequest(sip.INVITE, time.Second)
		bob.answer(in, 486, "b", "")
		ack := bob.expectRequest(sip.ACK, time.Second)
		if got, want := ack.Via().Params.GetOr("branch", ""), in.Via().Params.GetOr("branch", "-"); got != want {
			t.Errorf("ACK branch %s, INVITE branch %s", got, want)
		}
		if toTag(ack) != "b" {
			t.Errorf("ACK without the response's tag:\n%s", ack)
		}
		busy := alice.expect(486)
		if again := alice.expect(486); toTag(again) != toTag(busy) { // unacknowledged: repeated
			t.Error("repeated 486 has another tag")
		}
		alice.ack(busy, exchangeAddr, "sip:101@"+exchangeAddr)
		synctest.Wait()
		alice.drain()
		alice.silent(40 * time.Second)
		bob.silent(time.Second)
	})
}

func TestCancelReachesTheRingingPhone(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		invite := alice.invite("101", sdpFor(7000, "8", ""))
		in := bob.expectRequest(sip.INVITE, time.Second)
		bob.answer(in, 180, "b", "")
		ringing := alice.expect(180)
		alice.raw(exchangeAddr, asCancel(invite))
		ok := alice.expect(200)
		if ok.CSeq().MethodName != sip.CANCEL {
			t.Fatalf("not the CANCEL's 200:\n%s", ok)
		}
		c := bob.expectRequest(sip.CANCEL, time.Second)
		if c.Via().Params.GetOr("branch", "") != in.Via().Params.GetOr("branch", "-") || c.CSeq().SeqNo != in.CSeq().SeqNo {
			t.Errorf("CANCEL does not match the INVITE:\n%s", c)
		}
		bob.answer(c, 200, "b", "")
		bob.answer(in, 487, "b", "")
		bob.expectRequest(sip.ACK, time.Second)
		if res := alice.expect(487); toTag(res) != toTag(ringing) {
			t.Error("487 belongs to another dialog than the 180")
		}
	})
}

// asCancel turns an INVITE's text into its CANCEL.
func asCancel(invite string) string {
	s := strings.ReplaceAll(invite, "INVITE", "CANCEL")
	head, _, _ := strings.Cut(s, "Content-Type")
	return head + "Content-Length: 0\n\n"
}

func TestCancelBeforeAnyRingWaitsForIt(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		invite := alice.invite("101", sdpFor(7000, "8", ""))
		in := bob.expectRequest(sip.INVITE, time.Second)
		alice.raw(exchangeAddr, asCancel(invite))
		alice.expect(200)
		bob.silent(400 * time.Millisecond) // RFC 3261 section 9.1
		bob.answer(in, 100, "", "")
		bob.expectRequest(sip.CANCEL, time.Second)
		// A phone that then says nothing more does not keep the caller.
		bob.drain()
		if res := alice.next(20 * time.Second).(*sip.Response); res.StatusCode != 487 {
			t.Errorf("got %d, want 487", res.StatusCode)
		}
	})
}

func TestWhoCannotBeReached(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		for _, c := range []struct {
			name, uri string
			prepare   func()
			extra     string
			code      int
		}{
			{"nobody ever had it", "sip:199@" + exchangeAddr, nil, "", 404},
			{"elsewhere", "sip:bob@192.0.2.1", nil, "", 404},
			{"tel URI", "tel:+15551212", nil, "", 416},
			{"sips", "sips:101@" + exchangeAddr, nil, "", 416},
			{"no hop left", "sip:101@" + exchangeAddr, nil, "Max-Forwards: 0", 483},
			{"through us before", "sip:101@" + exchangeAddr, nil, "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKold", 482},
			{"proxy extension", "sip:101@" + exchangeAddr, nil, "Proxy-Require: foo", 420},
			{"routed on", "sip:101@" + exchangeAddr, nil, "Route: <sip:192.0.2.1;lr>", 403},
			{"registered no more", "sip:101@" + exchangeAddr, func() { bob.register("Expires: 0") }, "", 480},
		} {
			if c.prepare != nil {
				c.prepare()
			}
			alice.newCall()
			var extra []string
			if c.extra != "" {
				extra = []string{c.extra}
			}
			alice.request("INVITE", c.uri, "<sip:x@y>", "", extra...)
			res := alice.response()
			if res.StatusCode != c.code {
				t.Errorf("%s: %d %s, want %d", c.name, res.StatusCode, res.Reason, c.code)
			}
			alice.ack(res, exchangeAddr, c.uri)
			alice.drain()
		}
		bob.silent(time.Second)
	})
}

func TestDeadRegistrationIsFoundAndDropped(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		bob.conn.Close()
		start := time.Now()
		alice.invite("101", "")
		res := alice.expect(480)
		if took := time.Since(start); took != deadAfter {
			t.Errorf("took %v, want %v", took, deadAfter)
		}
		alice.ack(res, exchangeAddr, "sip:101@"+exchangeAddr)
		alice.newCall()
		start = time.Now()
		alice.invite("101", "")
		alice.expect(480)
		if time.Since(start) != 0 {
			t.Error("the dead registration was still used")
		}
	})
}

func TestAllPhonesOfAnExtensionRingAndOneAnswers(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, desk, sofa := r.phone("100", 6000), r.phone("101", 6002), r.phone("101", 6004)
		desk.register()
		sofa.register()
		alice.invite("101", sdpFor(7000, "0", ""))
		inDesk, inSofa := desk.expectRequest(sip.INVITE, time.Second), sofa.expectRequest(sip.INVITE, time.Second)
		desk.answer(inDesk, 180, "d", "")
		sofa.answer(inSofa, 180, "s", "")
		alice.expect(180)
		alice.expect(180)
		sofa.answer(inSofa, 200, "s", sdpFor(7200, "0", ""))
		if res := alice.expect(200); toTag(res) != "s" {
			t.Errorf("answered by %s", toTag(res))
		}
		c := desk.expectRequest(sip.CANCEL, time.Second)
		desk.answer(c, 200, "d", "")
		desk.answer(inDesk, 487, "d", "")
		desk.expectRequest(sip.ACK, time.Second)
		alice.silent(time.Second)
		// The callee repeats its 200 until the caller's ACK: each goes through.
		sofa.answer(inSofa, 200, "s", sdpFor(7200, "0", ""))
		alice.expect(200)
	})
}

func TestOneBusyPhoneWaitsForTheOther(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, desk, sofa := r.phone("100", 6000), r.phone("101", 6002), r.phone("101", 6004)
		desk.register()
		sofa.register()
		alice.invite("101", "")
		inDesk, inSofa := desk.expectRequest(sip.INVITE, time.Second), sofa.expectRequest(sip.INVITE, time.Second)
		desk.answer(inDesk, 486, "d", "")
		desk.expectRequest(sip.ACK, time.Second)
		sofa.answer(inSofa, 180, "s", "")
		alice.expect(180)
		sofa.answer(inSofa, 480, "s", "")
		if res := alice.expect(486); toTag(res) != "d" {
			t.Errorf("tag %s", toTag(res))
		}
	})
}

func TestDeclineEverywhereStopsTheOtherPhones(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, desk, sofa := r.phone("100", 6000), r.phone("101", 6002), r.phone("101", 6004)
		desk.register()
		sofa.register()
		alice.invite("101", "")
		inDesk, inSofa := desk.expectRequest(sip.INVITE, time.Second), sofa.expectRequest(sip.INVITE, time.Second)
		sofa.answer(inSofa, 180, "s", "")
		alice.expect(180)
		desk.answer(inDesk, 603, "d", "")
		sofa.expectRequest(sip.CANCEL, time.Second)
		sofa.answer(inSofa, 487, "s", "")
		alice.expect(603)
	})
}

func TestRepeatedInviteIsForwardedOnce(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		invite := alice.invite("101", "")
		in := bob.expectRequest(sip.INVITE, time.Second)
		bob.answer(in, 180, "b", "")
		alice.expect(180)
		alice.raw(exchangeAddr, invite)
		alice.expect(180) // the last response again
		bob.silent(time.Second)
	})
}

func TestMessageToAContactThroughTheExchangeArrives(t *testing.T) {
	// A phone with us as outbound proxy sends its requests within a dialog
	// here, though the exchange is not in the route set.
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		alice.toTag = "b"
		alice.request("BYE", bob.contact(), "<sip:101@x>", "", "Route: <sip:"+exchangeAddr+";lr>")
		bye := bob.expectRequest(sip.BYE, time.Second)
		if bye.Route() != nil {
			t.Error("our own Route entry was left in")
		}
		bob.answer(bye, 200, "b", "")
		alice.expect(200)
		alice.raw(exchangeAddr, alice.build("ACK", bob.contact(), "<sip:101@x>", "", 77, 77))
		bob.expectRequest(sip.ACK, time.Second)
	})
}

func TestProxyAuthorizationStaysHere(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		alice, bob := r.phone("100", 6000), r.phone("101", 6002)
		bob.register()
		alice.invite("101", "", `Proxy-Authorization: Digest username="100", realm="x", nonce="y", uri="z", response="0"`)
		if in := bob.expectRequest(sip.INVITE, time.Second); in.GetHeader("Proxy-Authorization") != nil {
			t.Error("credentials were passed on")
		}
	})
}

func TestFloodOfOneSourceIsCutOffAndAnotherIsServed(t *testing.T) {
	bubble(t, Config{}, func(r *rig) {
		mallory, alice := r.phone("666", 6000), r.phone("100", 6002)
		for range 5000 {
			mallory.newCall()
			mallory.request("OPTIONS", "sip:"+exchangeAddr, "<sip:"+exchangeAddr+">", "")
			if mallory.branch%50 == 0 {
				synctest.Wait() // let the exchange read
			}
		}
		if res := alice.register(); res.StatusCode != 200 && res.StatusCode != 503 {
			t.Errorf("register: %d", res.StatusCode)
		}
		synctest.Wait()
		kept := func() int {
			n := make(chan int)
			r.ex.post(func() { n <- len(r.ex.servers) })
			return <-n
		}
		if n := kept(); n > 2*maxRequests+1 {
			t.Errorf("%d transactions kept", n)
		}
		time.Sleep(40 * time.Second) // virtual
		synctest.Wait()
		if n := kept(); n != 0 {
			t.Errorf("%d transactions kept for ever", n)
		}
	})
}
