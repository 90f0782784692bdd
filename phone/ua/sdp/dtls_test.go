package sdp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// print256 is a fingerprint whose octets are all n.
func print256(n int) string {
	return "sha-256 " + strings.Repeat(fmt.Sprintf("%02X:", n), 31) + fmt.Sprintf("%02X", n)
}

func certified(e Encryption) Local {
	l := keyed(e)
	l.Fingerprint = print256(0xee)
	return l
}

// how says in words which keys were agreed on.
func how(r Result) string {
	switch {
	case r.DTLS.Client:
		return "dtls client"
	case r.DTLS != (DTLS{}):
		return "dtls server"
	case r.SRTP.Suite != "":
		return "sdes"
	}
	return "plain"
}

// TestOffersOfDTLS is the table of who takes what: our a=setup, and the keys.
func TestOffersOfDTLS(t *testing.T) {
	avp, avpf, savp := "m=audio 6000 RTP/AVP 0\n", "m=audio 6000 RTP/AVPF 0\n", "m=audio 6000 RTP/SAVP 0\n"
	tls, tlsf := "m=audio 6000 UDP/TLS/RTP/SAVP 0\n", "m=audio 6000 UDP/TLS/RTP/SAVPF 0\n"
	cert, key := "a=fingerprint:"+print256(1)+"\n", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"+theirKey+"\n"
	either, active, passive := "a=setup:actpass\n", "a=setup:active\n", "a=setup:passive\n"
	refused := ErrEncryption.Error()
	for _, c := range []struct {
		name  string
		mode  Encryption
		offer string
		want  string
	}{
		{"as RFC 5763 has it", OpportunisticDTLS, tls + cert + either, "active, dtls client"},
		{"with feedback", OpportunisticDTLS, tlsf + cert + either, "active, dtls client"},
		{"the peer begins", OpportunisticDTLS, tls + cert + active, "passive, dtls server"},
		{"the peer waits", OpportunisticDTLS, tls + cert + passive, "active, dtls client"},
		{"nothing is said", OpportunisticDTLS, tls + cert, "passive, dtls server"},
		{"later", OpportunisticDTLS, tls + cert + "a=setup:holdconn\n", "holdconn, dtls client"},
		{"of the whole session", OpportunisticDTLS, cert + either + tls, "active, dtls client"},
		{"of an old WebRTC", OpportunisticDTLS, "m=audio 6000 RTP/SAVPF 0\n" + cert + either, "active, dtls client"},
		{"opportunity taken", OpportunisticDTLS, avp + cert + either, "active, dtls client"},
		{"opportunity taken, with feedback", OpportunisticDTLS, avpf + cert + either, "active, dtls client"},
		{"both ways are open", OpportunisticDTLS, savp + key + cert + either, "active, dtls client"},
		{"only keys", OpportunisticDTLS, savp + key, ", sdes"},
		{"plain", OpportunisticDTLS, avp, ", plain"},
		{"no fingerprint", OpportunisticDTLS, tls + either, refused},
		{"keys do not count there", OpportunisticDTLS, tls + key, refused},
		{"a hash too weak", OpportunisticDTLS, tls + "a=fingerprint:sha-1 " + strings.Repeat("00:", 19) + "00\n" + either, refused},
		{"a fingerprint cut short", OpportunisticDTLS, tls + "a=fingerprint:sha-256 00:11\n" + either, refused},
		{"the encrypted of two", OpportunisticDTLS, avp + tls + cert + either, "active, dtls client"},
		{"we insist", RequiredDTLS, tls + cert + either, "active, dtls client"},
		{"we insist on DTLS", RequiredDTLS, savp + key, refused},
		{"we insist, plain", RequiredDTLS, avp, refused},
		{"we insist, by chance", RequiredDTLS, avp + cert + either, "active, dtls client"},
		{"keys are preferred", Opportunistic, savp + key + cert + either, ", sdes"},
		{"only DTLS", Opportunistic, tls + cert + either, "active, dtls client"},
		{"keys and nothing else", Required, tls + cert + either, refused},
		{"nothing at all", NoEncryption, tls + cert + either, refused},
		{"plain all the same", NoEncryption, avp + cert + either, ", plain"},
		{"ICE and more beside it", OpportunisticDTLS, "a=ice-lite\na=group:BUNDLE 0\n" + tlsf + cert + either +
			"a=mid:0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\na=candidate:1 1 UDP 2130706431 192.0.2.9 6000 typ host\na=rtcp-mux\n", "active, dtls client"},
	} {
		body, r, err := NewSession(certified(c.mode), 1).Answer(offerOf(t, head+c.offer))
		got := ""
		if err != nil {
			got = errors.Unwrap(fmt.Errorf("%w", err)).Error()
		} else {
			setup := strings.TrimPrefix(strings.Join(lines(body, "a=setup:"), " "), "a=setup:")
			got = setup + ", " + how(r)
			if prints := lines(body, "a=fingerprint:"); r.DTLS != (DTLS{}) && (len(prints) != 1 || prints[0] != "a=fingerprint:"+print256(0xee) || r.DTLS.Fingerprints != print256(1)) {
				t.Errorf("%s: answered with %q, wants %q", c.name, prints, r.DTLS.Fingerprints)
			}
			if setup == setupHoldconn && (r.Send || !r.RemoteHold || !r.Remote.Addr().IsUnspecified()) {
				t.Errorf("%s: %+v", c.name, r)
			}
			if strings.Contains(string(body), "ice") {
				t.Errorf("%s: ICE is in the answer:\n%s", c.name, body)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestOurOffersOfDTLSAndTheirAnswers(t *testing.T) {
	for mode, want := range map[Encryption]string{OpportunisticDTLS: "UDP/TLS/RTP/SAVP", RequiredDTLS: "UDP/TLS/RTP/SAVP"} {
		s := NewSession(certified(mode), 1)
		b, err := s.Offer()
		if err != nil {
			t.Fatal(err)
		}
		got := append(lines(b, "a=fingerprint:"), append(lines(b, "a=setup:"), lines(b, "a=crypto:")...)...)
		if strings.Fields(mediaLines(b))[2] != want || strings.Join(got, "|") != "a=fingerprint:"+print256(0xee)+"|a=setup:actpass" {
			t.Errorf("mode %d offers %s, %q", mode, mediaLines(b), got)
		}
	}
	refused := ErrEncryption.Error()
	for _, c := range []struct{ name, answer, want string }{
		{"active", "UDP/TLS/RTP/SAVP 0\na=setup:active\na=fingerprint:" + print256(1), "dtls server"},
		{"passive", "UDP/TLS/RTP/SAVP 0\na=setup:passive\na=fingerprint:" + print256(1), "dtls client"},
		{"no role", "UDP/TLS/RTP/SAVP 0\na=fingerprint:" + print256(1), "dtls client"},
		{"a role of offers", "UDP/TLS/RTP/SAVP 0\na=setup:actpass\na=fingerprint:" + print256(1), "dtls client"},
		{"another transport", "RTP/SAVP 0\na=setup:active\na=fingerprint:" + print256(1), "dtls server"},
		{"no fingerprint", "UDP/TLS/RTP/SAVP 0\na=setup:active", ErrNoCodec.Error()},
		{"plain", "RTP/AVP 0", refused},
	} {
		s := NewSession(certified(OpportunisticDTLS), 1)
		s.Offer()
		r, err := s.SetAnswer(offerOf(t, head+"m=audio 6000 "+c.answer+"\n"))
		got := how(r)
		if err != nil {
			got = errors.Unwrap(err).Error()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	s := NewSession(certified(RequiredDTLS), 1)
	s.Offer()
	if _, err := s.SetAnswer(offerOf(t, head+"m=audio 6000 RTP/AVP 0\n")); !errors.Is(err, ErrEncryption) || !strings.Contains(err.Error(), "fingerprint") {
		t.Error(err)
	}
	if _, err := NewSession(keyed(RequiredDTLS), 1).Offer(); !errors.Is(err, ErrEncryption) {
		t.Errorf("an offer without a certificate: %v", err)
	}
}

// A peer that refuses the transport gets another offer, which it can take or
// leave.
func TestAnOfferOfDTLSCanBeLowered(t *testing.T) {
	for _, mode := range []Encryption{NoEncryption, Opportunistic, Required, RequiredDTLS} {
		s := NewSession(certified(mode), 1)
		s.Offer()
		if s.Lower() {
			t.Errorf("mode %d was lowered", mode)
		}
	}
	for answer, want := range map[string]string{"": "plain", "a=setup:active\na=fingerprint:" + print256(1) + "\n": "dtls server"} {
		s := NewSession(certified(OpportunisticDTLS), 1)
		first, _ := s.Offer()
		if !s.Lower() {
			t.Fatal("it cannot be lowered")
		}
		b, _ := s.Offer()
		if got := mediaLines(b); got != strings.Replace(mediaLines(first), "UDP/TLS/RTP/SAVP", "RTP/AVP", 1) || len(lines(b, "a=fingerprint:")) != 1 {
			t.Errorf("the second offer: %s", b)
		}
		if s.Lower() {
			t.Error("it was lowered twice")
		}
		r, err := s.SetAnswer(offerOf(t, head+"m=audio 6000 RTP/AVP 0\n"+answer))
		if err != nil || how(r) != want {
			t.Errorf("%s %v, want %s", how(r), err, want)
		}
		again, _ := s.Offer()
		if n := len(lines(again, "a=fingerprint:")); (n == 1) != (want != "plain") {
			t.Errorf("%s, then an offer with %d fingerprints", want, n)
		}
	}
}

// The association stays through re-offers unless the peer asks for another.
func TestReoffersKeepTheAssociation(t *testing.T) {
	offer := func(cert int, more string) string {
		return head + "m=audio 6000 UDP/TLS/RTP/SAVP 0\na=fingerprint:" + print256(cert) + "\n" + more
	}
	id := func(n string) string { return "a=tls-id:" + strings.Repeat(n, 20) + "\n" }
	answer := func(s *Session, text string) (Result, []byte) {
		t.Helper()
		b, r, err := s.Answer(offerOf(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return r, b
	}
	s := NewSession(certified(RequiredDTLS), 1)
	first, _ := answer(s, offer(1, "a=setup:active\n"))
	same, b := answer(s, offer(1, "a=setup:actpass\n")) // nobody changes sides
	if same.DTLS != first.DTLS || lines(b, "a=setup:")[0] != "a=setup:passive" {
		t.Errorf("%+v, then %+v", first.DTLS, same.DTLS)
	}
	// Our own re-offer, and the peer's answer to it.
	if b, _ = s.Offer(); lines(b, "a=setup:")[0] != "a=setup:actpass" {
		t.Errorf("re-offered\n%s", b)
	}
	r, err := s.SetAnswer(offerOf(t, offer(1, "a=setup:active\n")))
	if err != nil || r.DTLS != first.DTLS {
		t.Errorf("%+v, then %+v, %v", first.DTLS, r.DTLS, err)
	}
	if r, b := answer(s, offer(2, "a=setup:actpass\n")); r.DTLS == first.DTLS || !r.DTLS.Client || lines(b, "a=setup:")[0] != "a=setup:active" {
		t.Errorf("a new certificate: %+v", r.DTLS)
	}
	one, b1 := answer(s, offer(2, "a=setup:actpass\n"+id("a")))
	two, b2 := answer(s, offer(2, "a=setup:actpass\n"+id("b")))
	if one.DTLS == two.DTLS || len(lines(b1, "a=tls-id:")) != 1 || lines(b1, "a=tls-id:")[0] == lines(b2, "a=tls-id:")[0] || !tlsID(lines(b1, "a=tls-id:")[0][9:]) {
		t.Errorf("another tls-id: %+v, %+v, %q", one.DTLS, two.DTLS, lines(b1, "a=tls-id:"))
	}
	if b, _ := s.Offer(); lines(b, "a=tls-id:")[0] != lines(b2, "a=tls-id:")[0] {
		t.Error("our tls-id does not stay")
	}
	s.Cancel()
	if r, b := answer(s, offer(2, "a=setup:actpass\na=tls-id:short\n")); r.DTLS.ID != "" || len(lines(b, "a=tls-id:")) != 0 {
		t.Errorf("a tls-id that is none: %+v", r.DTLS)
	}
}

func TestFingerprintsOfOneHashCount(t *testing.T) {
	strong := "sha-512 " + strings.Repeat("AB:", 63) + "AB"
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{nil, ""},
		{[]string{print256(1)}, print256(1)},
		{[]string{"SHA-256 " + strings.ToLower(print256(0xab)[8:])}, print256(0xab)},
		{[]string{print256(1), print256(2)}, print256(1) + "," + print256(2)},
		{[]string{print256(1), strong}, strong},
		{[]string{"sha-1 00", "md5 00", print256(1)}, print256(1)},
		{[]string{"sha-256", "sha-256 " + strings.Repeat("0", 95)}, ""},
	} {
		if got := joinFingerprints(c.lines); got != c.want {
			t.Errorf("%q: %q, want %q", c.lines, got, c.want)
		}
	}
}
