package sdp

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
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

// offerKeys writes what an offer says of keys.
func (s *Session) offerKeys(c *content, k keying) {
	c.cryptos, c.fingerprint, c.setup, c.tlsID = nil, "", "", ""
	switch k {
	case bySDES:
		for i, suite := range suites[:offeredSuites] {
			c.cryptos = append(c.cryptos, s.cryptoLine(i+1, suite.name))
		}
	case byDTLS:
		c.fingerprint, c.setup, c.tlsID = s.local.Fingerprint, setupEither, s.ourTLSID(s.agreed.DTLS.ID)
	}
}

// answerKeys chooses the keys for an offer of the peer, and writes what our
// answer says of them.
func (s *Session) answerKeys(m *media, c *content, r *Result) {
	switch s.keying(m) {
	case bySDES:
		theirs := m.cryptos[0] // in the offerer's order (RFC 4568 section 5.1.2)
		r.SRTP = SRTP{Suite: theirs.suite, Send: s.ourKey(theirs.suite), Receive: theirs.key}
		c.cryptos = []string{s.cryptoLine(theirs.tag, theirs.suite)}
	case byDTLS:
		c.setup = s.answerDTLS(m, r)
		c.fingerprint, c.tlsID = s.local.Fingerprint, s.ourTLSID(m.tlsID)
	}
}

// answeredKeys takes what the peer's answer says of the keys that were offered.
func (s *Session) answeredKeys(m *media, offered keying, r *Result) error {
	switch {
	case offered == bySDES && len(m.cryptos) > 0:
		c := m.cryptos[0]
		if c.tag < 1 || c.tag > offeredSuites || suites[c.tag-1].name != c.suite {
			return fmt.Errorf("%w: the answer has a key that does not fit the offer", ErrEncryption)
		}
		r.SRTP = SRTP{Suite: c.suite, Send: s.ourKey(c.suite), Receive: c.key}
	case offered == byDTLS && m.prints != "":
		s.answeredDTLS(m, r)
	case !plainProto(s.lines[s.audio].proto):
		return fmt.Errorf("%w: the answer has no %s", ErrEncryption, offered.token())
	}
	return nil
}

// token is what a description shows that a peer takes part in a keying.
func (k keying) token() string {
	if k == byDTLS {
		return "fingerprint"
	}
	return "key"
}
