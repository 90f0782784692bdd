package ua

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"offhook/phone/ua/sdp"
	"offhook/phone/ua/uatest"
)

// dialled are two phones with these words for their encryption, of which the first calls the second.
func dialled(t *testing.T, caller, callee string) (a, b *phone) {
	t.Helper()
	n := uatest.NewNetwork(uatest.Faults{})
	a, b = secure(t, n, "10.0.0.1", caller), secure(t, n, "10.0.0.2", callee)
	if err := a.Dial("1", "", "sip:me@10.0.0.2", lm); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// refusedForSRTP expects the end of a call whose two phones can't agree on encryption.
func refusedForSRTP(a *phone) {
	a.t.Helper()
	if e := expect[Ended](a); e.Code != 488 {
		a.t.Errorf("%+v", e)
	}
	if w := a.last("< 488 INVITE"); !strings.Contains(w, "SRTP") {
		a.t.Errorf("the refusal does not say why:\n%s", w)
	}
}

// TestEncryptionOfACallFollowsBothAccounts is the table of what two phones make
// of their settings: off, sdes, or sdes required.
func TestEncryptionOfACallFollowsBothAccounts(t *testing.T) {
	plain, encrypted, refused := "plain", "AES_CM_128_HMAC_SHA1_80", "488"
	for _, c := range []struct{ caller, callee, want string }{
		{"off", "off", plain}, {"off", "sdes", plain}, {"off", "must", refused},
		{"sdes", "off", plain}, {"sdes", "sdes", encrypted}, {"sdes", "must", encrypted},
		{"must", "off", refused}, {"must", "sdes", encrypted}, {"must", "must", encrypted},
	} {
		t.Run(c.caller+" to "+c.callee, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a, b := dialled(t, c.caller, c.callee)
				if c.want == refused {
					refusedForSRTP(a)
					return
				}
				b.Answer(expect[Incoming](b).Call, lm)
				ma, mb := expect[Answered](a).Media, expect[Answered](b).Media
				got := plain
				if ma.SRTP.Suite != "" {
					got = ma.SRTP.Suite
				}
				if got != c.want || ma.SRTP.Send != mb.SRTP.Receive || ma.SRTP.Receive != mb.SRTP.Send {
					t.Errorf("%s; the keys agree: %v, %v", got, ma.SRTP.Send == mb.SRTP.Receive, ma.SRTP.Receive == mb.SRTP.Send)
				}
				// Through hold and resume the keys stay.
				for _, hold := range []func(string) error{a.Hold, a.Resume} {
					hold("1")
					if m := expect[MediaChanged](a).Media.SRTP; m != ma.SRTP {
						t.Errorf("the keys changed: %v", m.Suite)
					}
					if m := expect[MediaChanged](b).Media.SRTP; m != mb.SRTP {
						t.Errorf("the keys changed: %v", m.Suite)
					}
				}
				if text := a.last("> INVITE"); c.want == encrypted && !strings.Contains(text, "a=crypto:[redacted]") {
					t.Errorf("the trace shows keys, or there are none:\n%s", text)
				}
			})
		})
	}
}

// TestKeysByDTLSFollowBothAccounts is the same table for two ways of keying;
// "sdes!" and "dtls!" insist.
func TestKeysByDTLSFollowBothAccounts(t *testing.T) {
	plain, sdes, dtls, refused := "plain", "sdes", "dtls", "488"
	for _, c := range []struct{ caller, callee, want string }{
		{"off", "dtls", plain}, {"off", "dtls!", refused},
		{"dtls", "off", plain}, {"dtls", "sdes", dtls}, {"dtls", "sdes!", refused}, {"dtls", "dtls", dtls}, {"dtls", "dtls!", dtls},
		{"dtls!", "off", refused}, {"dtls!", "sdes", dtls}, {"dtls!", "sdes!", refused}, {"dtls!", "dtls", dtls}, {"dtls!", "dtls!", dtls},
		{"sdes", "dtls", sdes}, {"sdes", "dtls!", refused}, {"sdes!", "dtls", sdes}, {"sdes!", "dtls!", refused},
	} {
		t.Run(c.caller+" to "+c.callee, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a, b := dialled(t, c.caller, c.callee)
				if c.want == refused {
					refusedForSRTP(a)
					return
				}
				in := expect[Incoming](b).Call
				b.Answer(in, lm)
				ma, mb := expect[Answered](a).Media, expect[Answered](b).Media
				switch got := keyedBy(ma); {
				case got != c.want || got != keyedBy(mb):
					t.Errorf("%s and %s", got, keyedBy(mb))
				case got == dtls:
					if ma.DTLS.Client || !mb.DTLS.Client || ma.DTLS.Fingerprints != fingerprintOf("10.0.0.2") || mb.DTLS.Fingerprints != fingerprintOf("10.0.0.1") {
						t.Errorf("%+v and %+v", ma.DTLS, mb.DTLS)
					}
				}
				// Through hold and resume, from either side, the association stays.
				for _, p := range []*phone{a, b} {
					call := "1"
					if p == b {
						call = in
					}
					for _, hold := range []func(string) error{p.Hold, p.Resume} {
						hold(call)
						if m := expect[MediaChanged](a).Media; m.DTLS != ma.DTLS || m.SRTP != ma.SRTP {
							t.Errorf("changed from %+v to %+v", ma.DTLS, m.DTLS)
						}
						if m := expect[MediaChanged](b).Media; m.DTLS != mb.DTLS || m.SRTP != mb.SRTP {
							t.Errorf("changed from %+v to %+v", mb.DTLS, m.DTLS)
						}
					}
				}
			})
		})
	}
}

// An INVITE without an offer is answered with one that any peer can take.
func TestALateOfferOfDTLSDoesNotInsist(t *testing.T) {
	for _, mode := range []string{"dtls", "dtls!"} {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			a, w := secure(t, n, "10.0.0.1", mode), newWire(t, n, "10.0.0.9")
			l := w.invite("10.0.0.1:5060", "sip:me@10.0.0.1:5060", "")
			a.Answer(expect[Incoming](a).Call, lm)
			ok := w.response(200)
			want := "m=audio 4000 RTP/AVP "
			if mode == "dtls!" {
				want = "m=audio 4000 UDP/TLS/RTP/SAVP "
			}
			if text := string(ok.Body()); !strings.Contains(text, want) || !strings.Contains(text, "a=setup:actpass") {
				t.Errorf("%s: %s", mode, text)
			}
			l.learn(ok)
			l.send("ACK", testSDP)
			if mode == "dtls" {
				if got := keyedBy(expect[Answered](a).Media); got != "plain" {
					t.Errorf("keyed by %s", got)
				}
			} else if e := expect[Ended](a); e.Code != 488 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// So is one that wants the offer while it rings.
func TestAnEarlyOfferOfDTLSDoesNotInsist(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		a, w := secure(t, n, "10.0.0.1", "dtls"), newWire(t, n, "10.0.0.9")
		w.invite("10.0.0.1:5060", "sip:me@10.0.0.1:5060", "", "Require: 100rel")
		call := expect[Incoming](a).Call
		if err := a.Agent.Ring(call, lm); err != nil {
			t.Fatal(err)
		}
		if text := string(w.response(180).Body()); !strings.Contains(text, "m=audio 4000 RTP/AVP ") || !strings.Contains(text, "a=setup:actpass") {
			t.Error(text)
		}
		a.HangUp(call)
	})
}

func TestDTLSWithoutACertificateIsRefused(t *testing.T) {
	_, err := New(Config{Accounts: []Account{{Name: "me", URI: "sip:me@10.0.0.1", SRTP: "dtls"}}})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
}

// keyedBy says how the keys of a call are agreed on.
func keyedBy(m Media) string {
	switch {
	case m.DTLS != (sdp.DTLS{}):
		return "dtls"
	case m.SRTP != (sdp.SRTP{}):
		return "sdes"
	}
	return "plain"
}

// fingerprintOf is what a host of these tests shows.
func fingerprintOf(host string) string {
	sum := sha256.Sum256([]byte(host))
	return "sha-256 " + strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"))
}

// secure is a phone with one account of a setting of SRTP.
func secure(t *testing.T, n *uatest.Network, host, srtp string) *phone {
	acc := Account{Name: "me", URI: "sip:me@" + host, SRTP: srtp}
	if srtp == "must" {
		acc.SRTP, acc.SRTPRequired = "sdes", true
	} else if way, must := strings.CutSuffix(srtp, "!"); must {
		acc.SRTP, acc.SRTPRequired = way, true
	}
	return newPhone(t, n.Host(host), Config{Fingerprint: fingerprintOf(host), Accounts: []Account{acc}, DirectCalls: true, Listen: []string{"udp:" + host + ":5060"}})
}
