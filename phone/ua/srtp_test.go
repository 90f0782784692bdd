package ua

import (
	"strings"
	"testing"

	"offhook/phone/ua/uatest"
)

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
				n := uatest.NewNetwork(uatest.Faults{})
				a, b := secure(t, n, "10.0.0.1", c.caller), secure(t, n, "10.0.0.2", c.callee)
				if err := a.Dial("1", "", "sip:me@10.0.0.2", lm); err != nil {
					t.Fatal(err)
				}
				if c.want == refused {
					if e := expect[Ended](a); e.Code != 488 {
						t.Errorf("%+v", e)
					}
					if w := a.last("< 488 INVITE"); !strings.Contains(w, "SRTP") {
						t.Errorf("the refusal does not say why:\n%s", w)
					}
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

// secure is a phone with one account of a setting of SRTP.
func secure(t *testing.T, n *uatest.Network, host, srtp string) *phone {
	acc := Account{Name: "me", URI: "sip:me@" + host, SRTP: srtp}
	if srtp == "must" {
		acc.SRTP, acc.SRTPRequired = "sdes", true
	}
	return newPhone(t, n.Host(host), Config{Accounts: []Account{acc}, DirectCalls: true, Listen: []string{"udp:" + host + ":5060"}})
}
