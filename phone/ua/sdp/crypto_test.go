package sdp

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func keyed(e Encryption) Local {
	l := local
	l.Encryption, l.Seed = e, [32]byte{1, 2, 3}
	l.Codecs = []string{"PCMU"}
	return l
}

// theirKey is thirty octets, "A…A" in base64.
var theirKey = strings.Repeat("A", 40)

func lines(body []byte, prefix string) (out []string) {
	for l := range strings.Lines(string(body)) {
		if strings.HasPrefix(l, prefix) {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return out
}

// TestEncryptionIsAgreedAsTheModeSays is the table of who offers what: the
// answer's transport and whether sound goes encrypted.
func TestEncryptionIsAgreedAsTheModeSays(t *testing.T) {
	avp, savp := "m=audio 6000 RTP/AVP 0\n", "m=audio 6000 RTP/SAVP 0\n"
	key := "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + theirKey + "\n"
	for _, c := range []struct {
		name  string
		mode  Encryption
		offer string
		want  string // our m= lines and the suite, or the error
	}{
		{"plain to plain", NoEncryption, avp, "m=audio 4000 RTP/AVP 0 plain"},
		{"a key nobody wants", NoEncryption, avp + key, "m=audio 4000 RTP/AVP 0 plain"},
		{"encrypted only, and we cannot", NoEncryption, savp + key, ErrEncryption.Error()},
		{"opportunity taken", Opportunistic, avp + key, "m=audio 4000 RTP/AVP 0 AES_CM_128_HMAC_SHA1_80"},
		{"no opportunity", Opportunistic, avp, "m=audio 4000 RTP/AVP 0 plain"},
		{"encrypted only", Opportunistic, savp + key, "m=audio 4000 RTP/SAVP 0 AES_CM_128_HMAC_SHA1_80"},
		{"encrypted without a key", Opportunistic, savp, ErrEncryption.Error()},
		{"the encrypted of two", Opportunistic, avp + savp + key, "m=audio 0 RTP/AVP 0|m=audio 4000 RTP/SAVP 0 AES_CM_128_HMAC_SHA1_80"},
		{"plain where we insist", Required, avp, ErrEncryption.Error()},
		{"a key where we insist", Required, avp + key, "m=audio 4000 RTP/AVP 0 AES_CM_128_HMAC_SHA1_80"},
		{"the first suite we know", Required, savp + "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + theirKey + "\n" +
			"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" + theirKey + "|2^20\n", "m=audio 4000 RTP/SAVP 0 AES_CM_128_HMAC_SHA1_32"},
		{"a master key identifier is passed over", Required, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + theirKey + "|2^20|1:4\n", ErrEncryption.Error()},
		{"so is a parameter that changes something", Required, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + theirKey + " UNENCRYPTED_SRTP\n", ErrEncryption.Error()},
		{"a hint changes nothing", Required, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + theirKey + " WSH=128\n", "m=audio 4000 RTP/SAVP 0 AES_CM_128_HMAC_SHA1_80"},
		{"a key too short", Required, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\n", ErrEncryption.Error()},
		{"keys of DTLS are none", Opportunistic, "m=audio 6000 UDP/TLS/RTP/SAVP 0\n", ErrEncryption.Error()},
	} {
		s := NewSession(keyed(c.mode), 1)
		body, r, err := s.Answer(offerOf(t, head+c.offer))
		got := ""
		switch {
		case err != nil:
			got = errors.Unwrap(fmt.Errorf("%w", err)).Error()
		case r.SRTP.Suite == "":
			got = mediaLines(body) + " plain"
		default:
			got = mediaLines(body) + " " + r.SRTP.Suite
			if r.SRTP.Receive != Key(make([]byte, 30)) || len(r.SRTP.Send) != 30 || r.SRTP.Send == r.SRTP.Receive {
				t.Errorf("%s: keys of %d and %d octets", c.name, len(r.SRTP.Send), len(r.SRTP.Receive))
			}
			if l := lines(body, "a=crypto:"); len(l) != 1 {
				t.Errorf("%s: answered %q", c.name, l)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestOurOffersCarryKeysAndAnswersAreHeldToThem(t *testing.T) {
	for mode, want := range map[Encryption]string{NoEncryption: "RTP/AVP 0", Opportunistic: "RTP/AVP 2", Required: "RTP/SAVP 2"} {
		s := NewSession(keyed(mode), 1)
		b, err := s.Offer()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %d", strings.Fields(mediaLines(b))[2], len(lines(b, "a=crypto:"))); got != want {
			t.Errorf("mode %d offers %s, want %s", mode, got, want)
		}
		again, _ := s.Offer()
		if string(again) != string(b) {
			t.Errorf("mode %d: an offer that changes nothing differs\n%s\n%s", mode, b, again)
		}
	}
	answer := func(mode Encryption, crypto string) (Result, error) {
		s := NewSession(keyed(mode), 1)
		s.Offer()
		proto := "RTP/AVP"
		if mode == Required {
			proto = "RTP/SAVP"
		}
		return s.SetAnswer(offerOf(t, head+"m=audio 6000 "+proto+" 0\n"+crypto))
	}
	if r, err := answer(Opportunistic, ""); err != nil || r.SRTP != (SRTP{}) {
		t.Errorf("a peer without keys: %+v %v", r.SRTP, err)
	}
	if r, err := answer(Opportunistic, "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:"+theirKey+"\n"); err != nil || r.SRTP.Suite != "AES_CM_128_HMAC_SHA1_32" {
		t.Errorf("a peer with keys: %+v %v", r.SRTP, err)
	}
	if _, err := answer(Required, ""); !errors.Is(err, ErrEncryption) {
		t.Errorf("a peer without keys where we insist: %v", err)
	}
	if _, err := answer(Required, "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:"+theirKey+"\n"); !errors.Is(err, ErrEncryption) {
		t.Errorf("the key of another line: %v", err)
	}
}

func TestBothSidesHaveEachOthersKeys(t *testing.T) {
	a, b := NewSession(keyed(Required), 1), NewSession(keyed(Opportunistic), 2)
	b.local.Seed = [32]byte{9}
	offer, err := a.Offer()
	if err != nil {
		t.Fatal(err)
	}
	body, rb, err := b.Answer(offerOf(t, string(offer)))
	if err != nil {
		t.Fatal(err)
	}
	ra, err := a.SetAnswer(offerOf(t, string(body)))
	if err != nil || ra.SRTP.Send != rb.SRTP.Receive || ra.SRTP.Receive != rb.SRTP.Send || ra.SRTP.Suite != rb.SRTP.Suite {
		t.Errorf("%v: the two sides do not have each other's keys", err)
	}
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "media", ra)
	text := fmt.Sprintf("%v %+v %#v %s", ra, ra, ra, out.String())
	if strings.Contains(text, string(ra.SRTP.Send)) || strings.Contains(text, fmt.Sprintf("%q", string(ra.SRTP.Send))[1:10]) {
		t.Error("a key was printed")
	}
}

func TestEventsGoAtTheClockOfTheCodec(t *testing.T) {
	l := local
	l.Codecs = []string{"OPUS", "G722", "PCMU"}
	s := NewSession(l, 1)
	b, err := s.Offer()
	if err != nil {
		t.Fatal(err)
	}
	if got := mediaLines(b); got != "m=audio 4000 RTP/AVP 96 9 0 101 102" {
		t.Error(got)
	}
	if got := strings.Join(lines(b, "a=rtpmap:"), " "); got != "a=rtpmap:96 opus/48000/2 a=rtpmap:9 G722/8000 a=rtpmap:0 PCMU/8000 a=rtpmap:101 telephone-event/8000 a=rtpmap:102 telephone-event/48000" {
		t.Error(got)
	}
	r, err := s.SetAnswer(offerOf(t, head+"m=audio 6000 RTP/AVP 111 110 126\na=rtpmap:111 opus/48000/2\na=fmtp:111 useinbandfec=1; maxaveragebitrate=20000\n"+
		"a=rtpmap:110 telephone-event/48000\na=rtpmap:126 telephone-event/8000\n"))
	if err != nil || words(r) != "198.51.100.7:6000 OPUS 111/96 ev 110/102 20ms sr" {
		t.Errorf("%s %v", words(r), err)
	}
	if r.Fmtp != "useinbandfec=1; maxaveragebitrate=20000" {
		t.Errorf("fmtp %q", r.Fmtp)
	}
}

// TestNumbersOfThePeerAreNotUsedForOtherThings: 96 is the peer's own codec, 101
// its Opus.
func TestNumbersOfThePeerAreNotUsedForOtherThings(t *testing.T) {
	l := local
	l.Codecs = []string{"PCMU", "OPUS"}
	s := NewSession(l, 1)
	if _, _, err := s.Answer(offerOf(t, head+"m=audio 6000 RTP/AVP 0 96 101 127\na=rtpmap:96 speex/16000\na=rtpmap:101 opus/48000/2\na=rtpmap:127 iLBC/8000\n")); err != nil {
		t.Fatal(err)
	}
	b, err := s.Offer()
	if err != nil {
		t.Fatal(err)
	}
	if got := mediaLines(b); got != "m=audio 4000 RTP/AVP 0 101 126 102" {
		t.Error(got)
	}
}

func TestWhereReportsGo(t *testing.T) {
	for attributes, want := range map[string]string{
		"":                                     "198.51.100.7:6001",
		"a=rtcp:7777\n":                        "198.51.100.7:7777",
		"a=rtcp:7777 IN IP4 203.0.113.5\n":     "203.0.113.5:7777",
		"a=rtcp:7777 IN IP4 host.example\n":    "198.51.100.7:7777",
		"a=rtcp:x\n":                           "198.51.100.7:6001",
		"a=rtcp:7777\na=rtcp-mux\n":            "198.51.100.7:6000 mux",
		"c=IN IP6 2001:db8::1\na=rtcp:70000\n": "[2001:db8::1]:6001",
	} {
		l := local
		l.RTCPMux = true
		b, r, err := NewSession(l, 1).Answer(offerOf(t, head+"m=audio 6000 RTP/AVP 0\n"+attributes))
		got := r.RTCP.String()
		if r.RTCPMux {
			got += " mux"
		}
		if err != nil || got != want || r.RTCPMux != (len(lines(b, "a=rtcp-mux")) == 1) {
			t.Errorf("%q: %s %v, want %s", attributes, got, err, want)
		}
	}
}

func FuzzCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:" + theirKey + "|2^20|1:4")
	f.Add("1 AES_256_CM_HMAC_SHA1_32 inline:AA WSH=1")
	f.Fuzz(func(t *testing.T, v string) {
		if c, ok := parseCrypto(v); ok && (len(c.key) != keySize(c.suite) || c.tag < 0) {
			t.Errorf("%q: %d octets for %s", v, len(c.key), c.suite)
		}
	})
}
