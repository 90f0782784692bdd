package sdp

// Encryption is what we do about SRTP: whether it is wanted, and how its keys
// are agreed on: in the descriptions (SDES, RFC 4568) or by a DTLS handshake on
// the way of the sound (RFC 5763), whose certificates the descriptions name.
type Encryption uint8

const (
	// NoEncryption: plain RTP only; RTP/SAVP is refused.
	NoEncryption Encryption = iota
	// Opportunistic: our offers are RTP/AVP and carry a=crypto, so a peer that
	// knows nothing of it talks plainly and one that does answers with its
	// key. Offers with keys or a fingerprint, RTP/SAVP or not, are answered
	// encrypted, keys before fingerprints; others plainly.
	Opportunistic
	// Required: our offers are RTP/SAVP with a=crypto, and what has no a=crypto
	// is refused.
	Required
	// OpportunisticDTLS: our offers are UDP/TLS/RTP/SAVP with a=fingerprint,
	// since few servers take it in RTP/AVP; after Session.Lower they are
	// RTP/AVP with it (RFC 8643). Offers are answered as Opportunistic does,
	// but fingerprints before keys.
	OpportunisticDTLS
	// RequiredDTLS: our offers are UDP/TLS/RTP/SAVP, and what has no
	// a=fingerprint is refused.
	RequiredDTLS
)

// required: plain sound is refused.
func (e Encryption) required() bool { return e == Required || e == RequiredDTLS }

// dtls: our offers are for DTLS.
func (e Encryption) dtls() bool { return e == OpportunisticDTLS || e == RequiredDTLS }

// keying is how a stream's keys are agreed on.
type keying uint8

const (
	impossible keying = iota // nothing that we want can be agreed on
	plainly                  // no keys: plain RTP
	bySDES
	byDTLS
)

// keying chooses for a stream of the peer.
func (e Encryption) keying(m *media) keying {
	known := plainProto(m.proto) || secureProto(m.proto)
	sdes := len(m.cryptos) > 0 && known && e != NoEncryption && e != RequiredDTLS
	dtls := m.prints != "" && (known || dtlsProto(m.proto)) && e != NoEncryption && e != Required
	switch {
	case dtls && (e.dtls() || !sdes):
		return byDTLS
	case sdes:
		return bySDES
	case plainProto(m.proto) && !e.required():
		return plainly
	}
	return impossible
}

// keying is Encryption.keying for what this session can do.
func (s *Session) keying(m *media) keying {
	if s.local.Fingerprint == "" && m.prints != "" {
		c := *m
		c.prints, m = "", &c
	}
	return s.local.Encryption.keying(m)
}

// offers is the keying that our next offer is for: what was agreed on stays.
func (s *Session) offers() keying {
	e := s.local.Encryption
	switch {
	case e == NoEncryption:
		return plainly
	case s.have && s.agreed.SRTP != (SRTP{}):
		return bySDES
	case s.have && s.agreed.DTLS != (DTLS{}):
		return byDTLS
	case e.dtls() && s.have:
		return plainly // it was refused before
	case e.dtls():
		return byDTLS
	}
	return bySDES
}

// Lower makes the next offer, the first of the session to be answered, one that
// a peer can answer which knows no encryption. false: it cannot be lowered, or
// was.
func (s *Session) Lower() bool {
	switch {
	case s.local.Encryption != OpportunisticDTLS || s.have:
		return false
	case s.lines == nil:
		s.lines, s.audio = []line{{kind: "audio"}}, 0
	case len(s.lines) != 1 || !dtlsProto(s.lines[0].proto):
		return false
	}
	s.lines[0].proto = "RTP/AVP"
	return true
}

// proto is the transport of a first offer.
func (e Encryption) proto() string {
	switch {
	case e.dtls():
		return "UDP/TLS/RTP/SAVP"
	case e == Required:
		return "RTP/SAVP"
	}
	return "RTP/AVP"
}

// secureProto: RTP over SRTP.
func secureProto(proto string) bool { return proto == "RTP/SAVP" || proto == "RTP/SAVPF" }

// dtlsProto: RTP over SRTP whose keys are agreed on by DTLS (RFC 5764 section 8).
func dtlsProto(proto string) bool {
	return proto == "UDP/TLS/RTP/SAVP" || proto == "UDP/TLS/RTP/SAVPF"
}

// plainProto: RTP as such.
func plainProto(proto string) bool { return proto == "RTP/AVP" || proto == "RTP/AVPF" }
