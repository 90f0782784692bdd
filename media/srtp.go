package media

import (
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"offhook/media/keying"
)

// Secret is a master key and its salt. It never prints.
type Secret = keying.Secret

// SRTP is how the packets of a call are encrypted and authenticated (RFC
// 3711); the zero value is plain RTP. It is comparable: the same keys set again
// go on where they were, counters and all.
type SRTP struct {
	Suite   string // as in SDP: "AES_CM_128_HMAC_SHA1_80"
	Send    Secret // master key and salt of what we send, 28 to 46 octets by the suite
	Receive Secret // the same of what the peer sends
}

// replayWindow is how far back, in packets, what comes late is still taken; each
// packet is taken once (RFC 3711 section 3.3.2).
const replayWindow = 128

// srtpOverhead is what a suite adds to a packet at most.
const srtpOverhead = 16

type srtpSuite struct {
	profile   srtp.ProtectionProfile
	key, salt int // octets
}

var srtpSuites = map[string]srtpSuite{
	"AES_CM_128_HMAC_SHA1_80": {srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
	"AES_CM_128_HMAC_SHA1_32": {srtp.ProtectionProfileAes128CmHmacSha1_32, 16, 14},
	"AES_256_CM_HMAC_SHA1_80": {srtp.ProtectionProfileAes256CmHmacSha1_80, 32, 14},
	"AES_256_CM_HMAC_SHA1_32": {srtp.ProtectionProfileAes256CmHmacSha1_32, 32, 14},
	"AEAD_AES_128_GCM":        {srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
	"AEAD_AES_256_GCM":        {srtp.ProtectionProfileAeadAes256Gcm, 32, 12},
}

// armour encrypts one direction of a call, or decrypts it. Nil is plain RTP. It
// belongs to the half of the session it is in, under that one's lock.
type armour struct {
	ctx    *srtp.Context
	header rtp.Header // of the packet at hand
	buf    []byte
}

// newArmour makes the armour of one direction; nil for plain RTP.
func newArmour(suite string, secret Secret) (*armour, error) {
	if suite == "" {
		return nil, nil
	}
	s, ok := srtpSuites[suite]
	if !ok {
		return nil, fmt.Errorf("SRTP suite %q is not known", suite)
	}
	if len(secret) != s.key+s.salt {
		return nil, fmt.Errorf("an SRTP key of %d octets: %s takes %d", len(secret), suite, s.key+s.salt)
	}
	raw := []byte(secret)
	ctx, err := srtp.CreateContext(raw[:s.key:s.key], raw[s.key:], s.profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("set up SRTP: %w", err)
	}
	return &armour{ctx: ctx, buf: make([]byte, 0, 2048+srtpOverhead)}, nil
}

// seal encrypts an RTP packet. The result is good until the next call.
func (a *armour) seal(packet []byte) ([]byte, error) {
	if a == nil {
		return packet, nil
	}
	out, err := a.ctx.EncryptRTP(a.buf[:0], packet, &a.header)
	if err != nil {
		return nil, fmt.Errorf("encrypt RTP: %w", err)
	}
	return out, nil
}

// sealRTCP encrypts a compound packet of RTCP. It allocates.
func (a *armour) sealRTCP(packet []byte) ([]byte, error) {
	if a == nil {
		return packet, nil
	}
	out, err := a.ctx.EncryptRTCP(nil, packet, nil)
	if err != nil {
		return nil, fmt.Errorf("encrypt RTCP: %w", err)
	}
	return out, nil
}

// openRTCP decrypts a compound packet of RTCP, as open does RTP. It allocates.
func (a *armour) openRTCP(packet []byte) ([]byte, error) {
	if a == nil {
		return packet, nil
	}
	out, err := a.ctx.DecryptRTCP(nil, packet, nil)
	if err != nil {
		return nil, fmt.Errorf("decrypt RTCP: %w", err)
	}
	return out, nil
}

// open decrypts an RTP packet; an error says that it is forged, was seen
// before, or is no RTP. The result is good until the next call.
func (a *armour) open(packet []byte) ([]byte, error) {
	if a == nil {
		return packet, nil
	}
	out, err := a.ctx.DecryptRTP(a.buf[:0], packet, &a.header)
	if err != nil {
		return nil, fmt.Errorf("decrypt RTP: %w", err)
	}
	return out, nil
}
