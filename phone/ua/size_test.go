package ua

import (
	"testing"
	"testing/synctest"

	"offhook/phone/ua/sdp"
	"offhook/phone/ua/uatest"
)

// TestOurInviteFitsInAPacket: with every codec, keys for encryption, a long
// name and a service route it stays below 1200 bytes (with DTLS below the 1300 of
// RFC 3261 section 18.1.1), so that no UDP packet is torn and nobody is asked
// for TCP.
func TestOurInviteFitsInAPacket(t *testing.T) {
	for srtp, most := range map[string]int{"off": 1200, "sdes": 1200, "dtls": 1300} { // a fingerprint takes 120 bytes
		t.Run(srtp, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				r := newRegistrar(t, n)
				r.set(func() { r.inviteCh = true })
				a := newPhone(t, n.Host("10.0.0.1"), Config{UserAgent: "Offhook/1.23.4", Fingerprint: fingerprintOf("10.0.0.1"), Codecs: sdp.Names(), Accounts: []Account{{Name: "alice", URI: "sip:alice@" + domain,
					DisplayName: "Alice Example of the Front Desk", Register: true, SRTP: srtp, Codecs: []string{"OPUS", "G722", "PCMA", "PCMU", "G729"},
					Password: func() (string, error) { return "secret-a", nil }}}})
				registered(a)
				a.Dial("1", "", "+15551234567", lm)
				synctest.Wait()
				inv := a.last("> INVITE") // with credentials
				if len(inv) > most {
					t.Errorf("%d bytes:\n%s", len(inv), inv)
				}
				t.Logf("%d bytes", len(inv))
			})
		})
	}
}
