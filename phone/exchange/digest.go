package exchange

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// nonceLife is how long a nonce may be used. Within it a digest could be
// replayed by a program that can read loopback traffic; such a program can
// already do worse.
const nonceLife = 5 * time.Minute

// guard asks for passwords (RFC 3261 section 22, RFC 8760). Nonces carry
// their own time and seal, so a challenge stores nothing.
type guard struct {
	realm string
	users map[string]string
	key   [32]byte
}

func newGuard(realm string, users map[string]string) *guard {
	g := &guard{realm: realm, users: users}
	rand.Read(g.key[:])
	return g
}

// check lets req pass when it proves to come from user; otherwise it returns
// the challenge or refusal to send. challenge is 401 or 407. A nil guard lets
// everything pass.
func (g *guard) check(req *sip.Request, user string, challenge int, now time.Time) *refusal {
	if g == nil {
		return nil
	}
	ask, name := "WWW-Authenticate", "Authorization"
	if challenge == sip.StatusProxyAuthRequired {
		ask, name = "Proxy-Authenticate", "Proxy-Authorization"
	}
	stale := false
	for _, h := range req.GetHeaders(name) {
		cred, err := digest.ParseCredentials(h.Value())
		if err != nil || cred.Realm != g.realm {
			continue
		}
		if !g.fresh(cred.Nonce, now) {
			stale = true
			continue
		}
		password, known := g.users[cred.Username]
		if g.matches(cred, string(req.Method), password) && known && cred.Username == user {
			return nil
		}
		return refuse(sip.StatusForbidden, "Wrong User or Password")
	}
	reason := "Unauthorized"
	if challenge == sip.StatusProxyAuthRequired {
		reason = "Proxy Authentication Required"
	}
	nonce := g.nonce(now)
	no := refuse(challenge, reason)
	// Strongest first; a client takes the first it knows.
	for _, alg := range []string{"SHA-256", "MD5"} {
		v := `Digest realm="` + g.realm + `", nonce="` + nonce + `", algorithm=` + alg + `, qop="auth"`
		if stale {
			v += ", stale=true"
		}
		no.extra = append(no.extra, sip.NewHeader(ask, v))
	}
	return no
}

func (g *guard) matches(cred *digest.Credentials, method, password string) bool {
	switch strings.ToUpper(cred.Algorithm) {
	case "", "MD5", "SHA-256":
	default:
		return false
	}
	chal := &digest.Challenge{Realm: g.realm, Nonce: cred.Nonce, Algorithm: cred.Algorithm}
	if cred.QOP != "" {
		chal.QOP = []string{"auth"}
	}
	want, err := digest.Digest(chal, digest.Options{
		Method: method, URI: cred.URI, Count: cred.Nc, Username: cred.Username, Password: password, Cnonce: cred.Cnonce,
	})
	return err == nil && cred.Nc >= 0 && subtle.ConstantTimeCompare([]byte(want.Response), []byte(cred.Response)) == 1
}

func (g *guard) nonce(now time.Time) string {
	at := strconv.FormatInt(now.UnixMilli(), 16)
	return at + "." + g.seal(at)
}

func (g *guard) fresh(nonce string, now time.Time) bool {
	at, seal, ok := strings.Cut(nonce, ".")
	if !ok || subtle.ConstantTimeCompare([]byte(seal), []byte(g.seal(at))) != 1 {
		return false
	}
	ms, err := strconv.ParseInt(at, 16, 64)
	age := now.Sub(time.UnixMilli(ms))
	return err == nil && age >= 0 && age < nonceLife
}

func (g *guard) seal(at string) string {
	m := hmac.New(sha256.New, g.key[:])
	m.Write([]byte(at))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
