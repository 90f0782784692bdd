package phone

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/keying"
	"offhook/phone/control"
	"offhook/phone/ua"
)

// encrypting starts a phone that takes direct calls at a port and encrypts as srtp says.
func (w *world) encrypting(name string, port int, srtp string, must bool, change ...func(*Config)) *user {
	return w.start(name, "handset", func(c *Config, _ *virtual.Profile) {
		c.Listen = []string{fmt.Sprintf("udp:127.0.0.1:%d", port)}
		c.DirectCalls = true
		c.Accounts = []ua.Account{{Name: "direct", URI: "sip:me@127.0.0.1", SRTP: srtp, SRTPRequired: must, Codecs: []string{"PCMU"}}}
		for _, f := range change {
			f(c)
		}
	})
}

// dials lets a call b, who lifts.
func (w *world) dials(a, b *user, port int) {
	w.t.Helper()
	a.lift()
	must(w.t, a.do(control.VerbDial, fmt.Sprintf("target=sip:me@127.0.0.1:%d", port)))
	w.pass(time.Second)
	b.lift()
	w.pass(3 * time.Second)
}

func TestCallsEncryptedByDTLSAreHeardAndSayIt(t *testing.T) {
	for _, must := range []bool{false, true} {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.encrypting("a", 5060, "dtls", must), w.encrypting("b", 5070, "dtls", must)
			w.dials(a, b, 5070)
			a.hearsUser(b, time.Second)
			b.hearsUser(a, time.Second)
			for _, u := range []*user{a, b} {
				if c := u.phone.Status().Calls[0]; c.Keying != control.KeyingDTLS || c.SRTP != "AEAD_AES_128_GCM" {
					t.Errorf("%s: keyed by %q, suite %q", u.name, c.Keying, c.SRTP)
				}
			}
			// Hold and resume go on with the same keys.
			call := "call=" + a.phone.Status().Calls[0].ID
			if err := a.do(control.VerbHold, call); err != nil {
				t.Fatal(err)
			}
			w.pass(2 * time.Second)
			if err := a.do(control.VerbResume, call); err != nil {
				t.Fatal(err)
			}
			w.pass(3 * time.Second)
			a.hearsUser(b, time.Second)
			b.hearsUser(a, time.Second)
			b.hangUp()
			w.pass(time.Second)
			for _, m := range append(a.sipTexts(), b.sipTexts()...) {
				if strings.Contains(m, "inline:") {
					t.Errorf("a key in the trace:\n%s", m)
				}
			}
		})
	}
}

func TestACallWithSDESSaysIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.encrypting("a", 5060, "sdes", true), w.encrypting("b", 5070, "dtls", false)
		w.dials(a, b, 5070)
		if c := b.phone.Status().Calls[0]; c.Keying != control.KeyingSDES || c.SRTP != "AES_CM_128_HMAC_SHA1_80" {
			t.Errorf("keyed by %q, suite %q", c.Keying, c.SRTP)
		}
		b.hearsUser(a, time.Second)
	})
}

// Somebody whose certificate is not the announced one is not spoken to.
func TestACallWithAWrongCertificateEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.encrypting("a", 5060, "dtls", true), w.encrypting("b", 5070, "dtls", true)
		other, err := keying.NewIdentity()
		must(t, err)
		b.phone.inbox.post(func() { b.phone.identity = other }) // its descriptions still name the first one
		w.dials(a, b, 5070)
		e := a.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.CallEnded })
		if !strings.Contains(e.Reason, "certificate") {
			t.Errorf("ended for %q", e.Reason)
		}
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventError && strings.Contains(e.Reason, "certificate")
		})
		for _, u := range []*user{a, b} {
			if s := u.phone.Status(); len(s.Calls) != 0 {
				t.Errorf("%s still has a call: %+v", u.name, s.Calls[0])
			}
		}
	})
}

// Nobody's handshake comes: the call ends, and says why.
func TestACallWithoutAHandshakeEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.encrypting("a", 5060, "dtls", true), w.encrypting("b", 5070, "dtls", true, func(c *Config) {
			c.ListenRTP = func(lo, hi uint16) (net.PacketConn, error) {
				conn, err := w.listenRTP(lo, hi)
				return silent{conn}, err
			}
		})
		a.lift()
		must(t, a.do(control.VerbDial, "target=sip:me@127.0.0.1:5070"))
		w.pass(time.Second)
		b.lift()
		w.pass(keying.Limit + time.Second)
		// Both have waited as long: whoever acts first ends the call for the other.
		why := ""
		for _, u := range []*user{a, b} {
			why += u.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.CallEnded }).Reason + "\n"
		}
		if !strings.Contains(why, "nothing came from the other side") {
			t.Errorf("ended for %q", why)
		}
	})
}

// silent is a socket that a firewall lets nothing out of.
type silent struct{ net.PacketConn }

func (silent) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), nil }

// sipTexts are the messages of a phone as its trace shows them.
func (u *user) sipTexts() (texts []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range u.sip {
		texts = append(texts, m.Text)
	}
	return texts
}
