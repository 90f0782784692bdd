package sdp

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"net/netip"
	"strings"
)

// DTLS is what was agreed on of a DTLS association; the zero value is none. A
// value that differs asks for a new association (RFC 8842 section 3).
type DTLS struct {
	// Fingerprints are what the peer's certificate must fit one of: values of
	// a=fingerprint, "sha-256 AB:CD…", with commas between them.
	Fingerprints string
	ID           string // the peer's a=tls-id; "" when it has none
	Client       bool   // we send the ClientHello: our a=setup is active
}

// hashes are those of fingerprints that are known, the preferred first, with
// their length in octets. Of one peer those of one hash count (RFC 8122
// section 5.1); what is weaker than sha-256 is passed over.
var hashes = []struct {
	name string
	size int
}{{"sha-512", 64}, {"sha-384", 48}, {"sha-256", 32}}

// maxFingerprints bounds the a=fingerprint lines of a stream that are looked at.
const maxFingerprints = 8

// readFingerprint reads a value of a=fingerprint; false: it is none of those
// that are known.
func readFingerprint(v string) (string, bool) {
	name, digits, _ := strings.Cut(strings.TrimSpace(v), " ")
	name, digits = strings.ToLower(name), strings.ToUpper(strings.TrimSpace(digits))
	for _, h := range hashes {
		if h.name != name {
			continue
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
		return name + " " + digits, err == nil && len(raw) == h.size && len(digits) == 3*h.size-1
	}
	return "", false
}

// joinFingerprints gives those of the preferred hash, as DTLS has them.
func joinFingerprints(values []string) string {
	var list []string
	for _, h := range hashes {
		for _, v := range values[:min(len(values), maxFingerprints)] {
			if p, ok := readFingerprint(v); ok && strings.HasPrefix(p, h.name+" ") {
				list = append(list, p)
			}
		}
		if list != nil {
			break
		}
	}
	return strings.Join(list, ",")
}

// Values of a=setup (RFC 4145 section 4).
const (
	setupActive   = "active"
	setupPassive  = "passive"
	setupEither   = "actpass"
	setupHoldconn = "holdconn"
)

// tlsID says whether a value of a=tls-id can be one (RFC 8842 section 4); what
// is not counts as absent.
func tlsID(v string) bool {
	return len(v) >= 20 && len(v) <= 255 && !strings.ContainsFunc(v, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+/-_", r))
	})
}

// association is what a description of the peer settles, when it is ours to
// choose who begins: those who listen already go on so.
func (s *Session) association(m *media, chosen bool) DTLS {
	d := DTLS{Fingerprints: m.prints, ID: m.tlsID, Client: chosen}
	switch m.setup {
	case setupActive:
		d.Client = false
	case setupPassive:
		d.Client = true
	default:
		if was := s.agreed.DTLS; s.have && was.Fingerprints == d.Fingerprints && was.ID == d.ID {
			d.Client = was.Client
		}
	}
	return d
}

// answerDTLS settles the association for an answer of ours, and gives the
// value of its a=setup.
func (s *Session) answerDTLS(m *media, r *Result) (setup string) {
	switch m.setup {
	case setupHoldconn:
		r.rest(s.association(m, true))
		return setupHoldconn
	case "": // who offers nothing else is active (RFC 4145 section 4)
		r.DTLS = s.association(m, false)
	default:
		r.DTLS = s.association(m, true)
	}
	if r.DTLS.Client {
		return setupActive
	}
	return setupPassive
}

// answeredDTLS settles the association by an answer of the peer. Who does not
// say, or says what only an offer may, is passive.
func (s *Session) answeredDTLS(m *media, r *Result) {
	switch m.setup {
	case setupHoldconn:
		r.rest(s.association(m, true))
	default:
		r.DTLS = s.association(m, true)
	}
}

// rest keeps an agreement for later: the peer does not want a connection now
// (a=setup:holdconn).
func (r *Result) rest(d DTLS) {
	r.DTLS = d
	r.Remote = netip.AddrPortFrom(netip.IPv4Unspecified(), r.Remote.Port())
}

// ourTLSID is our a=tls-id where the peer has one: another one for each of the
// peer's, so that both ends want a new association at the same time.
func (s *Session) ourTLSID(theirs string) string {
	if theirs == "" {
		return ""
	}
	h := hmac.New(sha512.New, s.local.Seed[:])
	h.Write([]byte("tls-id " + theirs))
	return hex.EncodeToString(h.Sum(nil)[:16])
}
