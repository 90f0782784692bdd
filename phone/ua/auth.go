package ua

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// Errors of authentication.
var (
	errRefused     = errors.New("the password was refused")
	errNoPassword  = errors.New("the server asks for a password and the account has none")
	errNoChallenge = errors.New("the server asks for a password in no way we know")
)

// maxRounds bounds how often one request is sent again for challenges: a
// proxy and a server, each once and once more for a stale nonce.
const maxRounds = 4

// auth answers the challenges of one request and its repetitions. The zero
// round is the request without credentials.
type auth struct {
	user     string
	password func() (string, error)
	rounds   int
	// answered is every realm that got credentials made from a challenge of
	// this very exchange: another challenge of it that is not stale means the
	// password is wrong.
	answered map[string]bool
	// keep, when set, receives the challenges for use in later requests.
	keep *challenges
}

// challenges remembers the last challenges of a server so that a refresh need
// not be refused first. Owned by the account's serial.
type challenges struct {
	header []string // "Authorization" or "Proxy-Authorization"
	chal   []*digest.Challenge
	count  []int
}

// again makes the repetition of req (a clone with credentials and the next
// CSeq) that answers the challenges in res.
func (a *auth) again(req *sip.Request, res *sip.Response) (*sip.Request, error) {
	if a.rounds++; a.rounds > maxRounds {
		return nil, errRefused
	}
	type reply struct {
		header string
		chal   *digest.Challenge
	}
	var replies []reply
	for _, h := range [...][2]string{{"WWW-Authenticate", "Authorization"}, {"Proxy-Authenticate", "Proxy-Authorization"}} {
		realms := map[string]bool{}
		for i, raw := range res.GetHeaders(h[0]) {
			if i >= 16 {
				break
			}
			c, err := digest.ParseChallenge(raw.Value())
			if err != nil || !usable(c) || realms[c.Realm] {
				continue // the topmost we can do of each realm (RFC 8760 section 2.4)
			}
			realms[c.Realm] = true
			replies = append(replies, reply{h[1], c})
		}
	}
	if len(replies) == 0 {
		return nil, errNoChallenge
	}
	if a.password == nil {
		return nil, errNoPassword
	}
	if a.answered == nil {
		a.answered = map[string]bool{}
	}
	for _, r := range replies {
		key := r.header + " " + r.chal.Realm
		if a.answered[key] && !r.chal.Stale {
			return nil, errRefused
		}
		a.answered[key] = true
	}
	password, err := a.password()
	if err != nil {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	next := repeat(req)
	for _, r := range replies {
		v, err := credentials(next, r.chal, 1, a.user, password)
		if err != nil {
			return nil, err
		}
		// Credentials for other realms stay; those for this realm are replaced.
		dropCredentials(next, r.header, r.chal.Realm)
		next.AppendHeader(sip.NewHeader(r.header, v))
		if _, inSession := session(r.chal.Algorithm); a.keep != nil && !inSession {
			// A session's key holds the cnonce of its first request: begin anew.
			a.keep.put(r.header, r.chal)
		}
	}
	return next, nil
}

// repeat is req for a new transaction: next CSeq, and sipgo's marks gone.
func repeat(req *sip.Request) *sip.Request {
	next := req.Clone()
	if c := next.CSeq(); c != nil {
		c.SeqNo++
	}
	return next
}

func (c *challenges) put(header string, chal *digest.Challenge) {
	for i := range c.header {
		if c.header[i] == header && c.chal[i].Realm == chal.Realm {
			c.chal[i], c.count[i] = chal, 1
			return
		}
	}
	if len(c.header) < 4 {
		c.header, c.chal, c.count = append(c.header, header), append(c.chal, chal), append(c.count, 1)
	}
}

// apply adds credentials for the remembered challenges.
func (c *challenges) apply(req *sip.Request, user string, password func() (string, error)) {
	if len(c.header) == 0 || password == nil {
		return
	}
	p, err := password()
	if err != nil {
		return // the challenge that follows says it to the user
	}
	for i := range c.header {
		c.count[i]++
		if v, err := credentials(req, c.chal[i], c.count[i], user, p); err == nil {
			req.AppendHeader(sip.NewHeader(c.header[i], v))
		}
	}
}

// renew takes the nonce that a server wants to see next (RFC 7616 section 3.5):
// the next request need not be refused first.
func (c *challenges) renew(res *sip.Response) {
	for _, h := range [...][2]string{{"Authentication-Info", "Authorization"}, {"Proxy-Authentication-Info", "Proxy-Authorization"}} {
		nonce := parameter(headerValue(res, h[0]), "nextnonce")
		if nonce == "" {
			continue
		}
		for i := range c.header {
			if c.header[i] == h[1] {
				next := *c.chal[i]
				next.Nonce = nonce
				c.chal[i], c.count[i] = &next, 0
				break
			}
		}
	}
}

// parameter reads name="value" or name=value out of a list of them; empty when
// it is not there or longer than a nonce ever is.
func parameter(list, name string) string {
	for list != "" {
		var key, value string
		key, list, _ = strings.Cut(list, "=")
		if list = strings.TrimLeft(list, " \t"); strings.HasPrefix(list, `"`) {
			var ok bool
			if value, list, ok = strings.Cut(list[1:], `"`); !ok {
				return ""
			}
			_, list, _ = strings.Cut(list, ",")
		} else {
			value, list, _ = strings.Cut(list, ",")
			value = strings.TrimSpace(value)
		}
		if strings.EqualFold(strings.TrimSpace(key), name) && len(value) <= 512 {
			return value
		}
	}
	return ""
}

func (c *challenges) forget() { *c = challenges{} }

func dropCredentials(req *sip.Request, header, realm string) {
	var keep []sip.Header
	for _, h := range req.GetHeaders(header) {
		if c, err := digest.ParseCredentials(h.Value()); err == nil && c.Realm != realm {
			keep = append(keep, h)
		}
	}
	for req.RemoveHeader(header) {
	}
	for _, h := range keep {
		req.AppendHeader(h)
	}
}

// usable brings a challenge into the form digest.Digest takes and says
// whether it can answer it.
func usable(c *digest.Challenge) bool {
	for i, q := range c.QOP {
		c.QOP[i] = strings.ToLower(strings.TrimSpace(q))
	}
	plain := *c
	var inSession bool
	if plain.Algorithm, inSession = session(c.Algorithm); inSession && (hashes[plain.Algorithm] == nil || len(c.QOP) == 0) {
		return false // without qop the server is not told our cnonce
	}
	return digest.CanDigest(&plain)
}

// session cuts "-sess" off the name of an algorithm, and says whether it was
// there.
func session(algorithm string) (string, bool) {
	return strings.CutSuffix(strings.ToUpper(algorithm), "-SESS")
}

// hashes are what the credentials of a session are made with (RFC 8760 section
// 2.1).
var hashes = map[string]func() hash.Hash{"MD5": md5.New, "SHA-256": sha256.New, "SHA-512-256": sha512.New512_256}

// credentials computes the value of an Authorization header. The URI is the
// Request-URI as written.
func credentials(req *sip.Request, c *digest.Challenge, count int, user, password string) (string, error) {
	o := digest.Options{
		Method: req.Method.String(), URI: req.Recipient.String(), Count: count, Username: user, Password: password,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body())), nil },
	}
	chal := *c
	plain, inSession := session(c.Algorithm)
	if h := hashes[plain]; inSession && h != nil {
		// RFC 7616 section 3.4.2: H(H(user:realm:password):nonce:cnonce).
		o.Cnonce = rand.Text()
		chal.Algorithm = plain
		o.A1 = hexOf(h(), hexOf(h(), user+":"+c.Realm+":"+password)+":"+c.Nonce+":"+o.Cnonce)
	}
	cred, err := digest.Digest(&chal, o)
	if err != nil {
		return "", fmt.Errorf("answer the challenge: %w", err)
	}
	cred.Algorithm = c.Algorithm
	if inSession {
		cred.Cnonce = o.Cnonce
	}
	return cred.String(), nil
}

func hexOf(h hash.Hash, s string) string {
	io.WriteString(h, s)
	return hex.EncodeToString(h.Sum(nil))
}

// challenged says whether res asks for credentials.
func challenged(res *sip.Response) bool { return res.StatusCode == 401 || res.StatusCode == 407 }
