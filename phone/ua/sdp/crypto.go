package sdp

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Encryption is what we do about SRTP with keys in the description (SDES,
// RFC 4568).
type Encryption uint8

const (
	// NoEncryption: plain RTP only; RTP/SAVP is refused.
	NoEncryption Encryption = iota
	// Opportunistic: our offers are RTP/AVP and carry a=crypto, so a peer that
	// knows nothing of it talks plainly and one that does answers with its
	// key. Offers with keys, RTP/SAVP or not, are answered encrypted; others
	// plainly.
	Opportunistic
	// Required: our offers are RTP/SAVP, and what is not encrypted is refused.
	Required
)

// suites are the transforms we know, the preferred first, with the length of
// master key and salt together, octets (RFC 4568 section 6.2, RFC 6188,
// RFC 7714). Only the first two are offered: each takes 100 octets of an
// INVITE that has to fit into a datagram.
var suites = []struct {
	name string
	size int
}{
	{"AES_CM_128_HMAC_SHA1_80", 30},
	{"AES_CM_128_HMAC_SHA1_32", 30},
	{"AES_256_CM_HMAC_SHA1_80", 46},
	{"AES_256_CM_HMAC_SHA1_32", 46},
	{"AEAD_AES_128_GCM", 28},
	{"AEAD_AES_256_GCM", 44},
}

const offeredSuites = 2

// maxCryptos bounds the a=crypto lines of a stream that are looked at.
const maxCryptos = 16

// Key is a master key and its salt. It never prints.
type Key string

// String hides the key, from %v and slog too.
func (Key) String() string { return "[redacted]" }

// GoString hides the key.
func (Key) GoString() string { return "[redacted]" }

// SRTP is what was agreed on; the zero value is plain RTP.
type SRTP struct {
	Suite         string // "AES_CM_128_HMAC_SHA1_80"
	Send, Receive Key    // what we encrypt with, what the peer encrypts with
}

// crypto is an a=crypto attribute.
type crypto struct {
	tag   int
	suite string
	key   Key
}

// parseCrypto reads the value of a=crypto. false: something in it is not
// known here, so that the line must be passed over (RFC 4568 section 7.1.2).
func parseCrypto(v string) (crypto, bool) {
	f := strings.Fields(v)
	if len(f) < 3 {
		return crypto{}, false
	}
	tag, err := strconv.ParseUint(f[0], 10, 30)
	if err != nil {
		return crypto{}, false
	}
	for _, p := range f[3:] { // a window size hint changes nothing; all else would
		if !strings.HasPrefix(strings.ToUpper(p), "WSH=") {
			return crypto{}, false
		}
	}
	size := keySize(f[1])
	method, key, ok := strings.Cut(f[2], ":")
	if size == 0 || !ok || !strings.EqualFold(method, "inline") || strings.Contains(key, ";") {
		return crypto{}, false
	}
	key, rest, _ := strings.Cut(key, "|")
	if strings.Contains(rest, ":") {
		return crypto{}, false // a master key identifier is carried in every packet
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		if raw, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(key, "=")); err != nil {
			return crypto{}, false
		}
	}
	if len(raw) != size {
		return crypto{}, false
	}
	return crypto{tag: int(tag), suite: strings.ToUpper(f[1]), key: Key(raw)}, true
}

func keySize(suite string) int {
	for _, s := range suites {
		if strings.EqualFold(s.name, suite) {
			return s.size
		}
	}
	return 0
}

// ourKey is the key we encrypt with under a suite in this session. It stays
// for the session's life, so that a re-offer that changes nothing is the same
// text; each suite has its own (RFC 4568 section 6.1).
func (s *Session) ourKey(suite string) Key {
	h := hmac.New(sha512.New, s.local.Seed[:])
	h.Write([]byte(suite))
	return Key(h.Sum(nil)[:keySize(suite)])
}

func (s *Session) cryptoLine(tag int, suite string) string {
	return fmt.Sprintf("%d %s inline:%s", tag, suite, base64.StdEncoding.EncodeToString([]byte(s.ourKey(suite))))
}

// offeredCryptos are the a=crypto of an offer.
func (s *Session) offeredCryptos() []string {
	if s.local.Encryption == NoEncryption {
		return nil
	}
	var lines []string
	for i, suite := range suites[:offeredSuites] {
		lines = append(lines, s.cryptoLine(i+1, suite.name))
	}
	return lines
}

// secure proto: RTP over SRTP.
func secureProto(proto string) bool { return proto == "RTP/SAVP" || proto == "RTP/SAVPF" }

// plainProto: RTP as such.
func plainProto(proto string) bool { return proto == "RTP/AVP" || proto == "RTP/AVPF" }

// speaks says whether the transport of a media line can be agreed to.
func (e Encryption) speaks(m *media) bool {
	keyed := len(m.cryptos) > 0 && e != NoEncryption
	return keyed && (secureProto(m.proto) || plainProto(m.proto)) || plainProto(m.proto) && e != Required
}
