package keying

import (
	"crypto"
	_ "crypto/sha256" // the hashes below
	_ "crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrFingerprint says that the peer's certificate is not the one that its
// session description names: somebody else may be on the line.
var ErrFingerprint = errors.New("the certificate of the other side is not the one that its session description names")

// hashes are those of a=fingerprint that are taken (RFC 8122 section 5).
var hashes = map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512}

// maxFingerprints bounds those of one peer.
const maxFingerprints = 8

type fingerprint struct {
	hash crypto.Hash
	sum  []byte
}

// parseFingerprints reads values of a=fingerprint with commas between them.
func parseFingerprints(text string) ([]fingerprint, error) {
	var list []fingerprint
	for v := range strings.SplitSeq(text, ",") {
		name, digits, _ := strings.Cut(strings.TrimSpace(v), " ")
		hash, ok := hashes[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("fingerprint by %.20q: sha-256, sha-384 and sha-512 are known", name)
		}
		sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), ":", ""))
		if err != nil || len(sum) != hash.Size() {
			return nil, fmt.Errorf("fingerprint %.120q: want %d octets in hexadecimal", v, hash.Size())
		}
		if list = append(list, fingerprint{hash, sum}); len(list) > maxFingerprints {
			return nil, fmt.Errorf("more than %d fingerprints", maxFingerprints)
		}
	}
	return list, nil
}

// matches says whether a certificate, DER, is one of those meant.
func matches(list []fingerprint, certificate []byte) bool {
	for _, f := range list {
		h := f.hash.New()
		h.Write(certificate)
		if subtle.ConstantTimeCompare(h.Sum(nil), f.sum) == 1 {
			return true
		}
	}
	return false
}

// colons writes octets as a=fingerprint does.
func colons(sum []byte) string {
	var b strings.Builder
	for i, x := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02X", x)
	}
	return b.String()
}
