package ua

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/phone/ua/uatest"
)

// TestCredentials compares with the examples of RFC 7616 section 3.9.1 and RFC
// 2617 section 3.5 (HTTP, the same sums), and with the definition of a session.
func TestCredentials(t *testing.T) {
	sum := func(h hash.Hash, s string) string { h.Write([]byte(s)); return hex.EncodeToString(h.Sum(nil)) }
	for _, c := range []struct {
		algorithm string
		hash      func() hash.Hash
	}{{"", md5.New}, {"MD5", md5.New}, {"SHA-256", sha256.New}, {"SHA-512-256", sha512.New512_256}, {"MD5-sess", md5.New}, {"sha-256-SESS", sha256.New}, {"SHA-512-256-sess", sha512.New512_256}} {
		for _, qop := range []string{"", "auth", "auth-int"} {
			req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", Host: "b.test"})
			req.SetBody([]byte("body"))
			chal := &digest.Challenge{Realm: "r", Nonce: "n", Algorithm: c.algorithm}
			if qop != "" {
				chal.QOP = []string{qop}
			}
			if strings.HasSuffix(strings.ToLower(c.algorithm), "-sess") && qop == "" {
				if usable(chal) {
					t.Errorf("%s without qop is usable", c.algorithm)
				}
				continue
			}
			if !usable(chal) {
				t.Errorf("%s %s is not usable", c.algorithm, qop)
				continue
			}
			v, err := credentials(req, chal, 7, "user", "secret")
			if err != nil {
				t.Errorf("%s: %v", c.algorithm, err)
				continue
			}
			got, err := digest.ParseCredentials(v)
			if err != nil {
				t.Fatal(err)
			}
			a1 := sum(c.hash(), "user:r:secret")
			if strings.HasSuffix(strings.ToLower(c.algorithm), "-sess") {
				a1 = sum(c.hash(), a1+":n:"+got.Cnonce)
			}
			a2 := "INVITE:sip:b.test"
			if qop == "auth-int" {
				a2 += ":" + sum(c.hash(), "body")
			}
			want := sum(c.hash(), a1+":n:"+sum(c.hash(), a2))
			if qop != "" {
				want = sum(c.hash(), a1+":n:00000007:"+got.Cnonce+":"+qop+":"+sum(c.hash(), a2))
			}
			if got.Response != want || !strings.EqualFold(got.Algorithm, c.algorithm) || got.URI != "sip:b.test" || got.Username != "user" {
				t.Errorf("%s %s: %s", c.algorithm, qop, v)
			}
		}
	}
	for _, no := range []string{"AKAv1-MD5", "SHA-512-sess", "NOPE-sess"} {
		if usable(&digest.Challenge{Algorithm: no}) {
			t.Errorf("%s is usable", no)
		}
	}
}

func TestRegistersWithEveryDigest(t *testing.T) {
	for _, alg := range []string{"SHA-512-256", "MD5-sess", "SHA-256-sess"} {
		t.Run(alg, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				r := newRegistrar(t, n)
				r.set(func() { r.algs = []string{alg}; r.granted = 60 })
				p := member(t, n, "10.0.0.1", "alice", "secret-a")
				registered(p)
				p.quietFor(10 * time.Minute)
			})
		})
	}
}

// TestNextNonceIsUsed: a server that gives the next nonce is asked once for
// each refresh, not twice.
func TestNextNonceIsUsed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		r.set(func() {
			r.granted = 60
			r.once = true
			r.onReq = func(*sip.Request) {
				r.okay = []string{"Authentication-Info", fmt.Sprintf(`qop=auth, nextnonce="n%d"`, r.nonce+1)}
			}
		})
		p := member(t, n, "10.0.0.1", "alice", "secret-a")
		registered(p)
		before := len(r.requests("REGISTER"))
		p.quietFor(10 * time.Minute)
		r.set(func() {
			if r.challenged != 1 {
				t.Errorf("%d challenges", r.challenged)
			}
		})
		if n := len(r.requests("REGISTER")) - before; n < 11 || n > 14 {
			t.Errorf("%d refreshes", n)
		}
	})
}

func TestParameterOfAList(t *testing.T) {
	for list, want := range map[string]string{
		`nextnonce="abc"`: "abc", `qop=auth, nextnonce="a,b" , x=y`: "a,b", `rspauth="nextnonce=no", NextNonce = plain,z=1`: "plain",
		`nextnonce="open`: "", ``: "", `nextnonce`: "", `a=b`: "", `=,=,=`: "",
	} {
		if got := parameter(list, "nextnonce"); got != want {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
}

// TestEveryRequestOfACallIsAuthenticated: INVITE, re-INVITE and BYE.
func TestEveryRequestOfACallIsAuthenticated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		r := newRegistrar(t, n)
		a, b := member(t, n, "10.0.0.1", "alice", "secret-a"), member(t, n, "10.0.0.2", "bob", "secret-b")
		registered(a)
		registered(b)
		r.set(func() { r.inviteCh = true })
		out, _ := connect(t, a, b, "bob")
		if err := a.Hold(out); err != nil {
			t.Fatal(err)
		}
		if m := expect[MediaChanged](a); !m.LocalHold {
			t.Errorf("%+v", m)
		}
		expect[MediaChanged](b)
		a.HangUp(out)
		expect[Ended](a)
		if e := expect[Ended](b); !e.Remote || e.Code != 200 {
			t.Errorf("%+v", e)
		}
		for _, m := range []sip.RequestMethod{sip.INVITE, sip.BYE} {
			with := 0
			for _, q := range r.requests(m) {
				if headerValue(q, "Proxy-Authorization") != "" {
					with++
				}
			}
			if with == 0 {
				t.Errorf("no %s with credentials", m)
			}
		}
		a.Close(context.Background())
	})
}
