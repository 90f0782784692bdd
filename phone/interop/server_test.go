//go:build peers && linux

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/phone/control"
)

const siteDomain = "site.test"

// TestSecondServerTakesOver: two kamailios behind one name. The first is killed; the phone goes on with the second, and
// calls come through there.
func TestSecondServerTakesOver(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	users := map[string]string{"alice": "one", "bob": "two"}
	first, second := l.kamailio(users), l.kamailio(users)
	l.ownNames("_sip._udp."+siteDomain+" SRV 1 5060 a."+siteDomain, "_sip._udp."+siteDomain+" SRV 2 5060 b."+siteDomain,
		"a."+siteDomain+" A "+first.addr, "b."+siteDomain+" A "+second.addr)
	off := l.offhook(first, "alice", offhookOptions{password: "one", domain: siteDomain, anywhere: true, account: "expires = 30"})
	if !first.saw("request REGISTER", time.Second) || strings.Contains(second.tail(1000), "request REGISTER") {
		t.Fatal("not registered with the first server alone")
	}
	first.stop()
	// A refresh is due after 22 to 26 s, the first server is given up 8 s later.
	second.await("request REGISTER", 40*time.Second)
	off.eventually("registered", 5*time.Second, func() bool { return off.status().Accounts[0].State == control.AccountRegistered })
	bare := l.baresip(second, "bob", "two", baresipOptions{})
	from := off.mark()
	bare.do("dial", "sip:alice@"+second.addr)
	off.awaitCall(from, control.CallIncoming, 10*time.Second)
	bare.do("hangup", "")
	off.awaitCall(from, control.CallEnded, 10*time.Second)
}

// TestServerThatComesBackIsRegisteredWith: it was killed, and lost every registration.
func TestServerThatComesBackIsRegisteredWith(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one"})
	off := l.offhook(k, "alice", offhookOptions{password: "one", transport: "tcp", anywhere: true})
	from := off.mark()
	k.stop()
	// The connection is gone, which is known at once; the next ones are refused.
	e := off.await(from, "account failed", 20*time.Second, func(e control.Event) bool { return e.Type == control.EventAccount && e.State == control.AccountFailed })
	if e.Step != "route" || e.Reason == "" {
		t.Errorf("%+v", e)
	}
	from = off.mark()
	l.restart(k)
	off.await(from, "account registered", 60*time.Second, func(e control.Event) bool {
		return e.Type == control.EventAccount && e.State == control.AccountRegistered
	})
}

// TestNewAddressIsRegistered: the machine gets another address, as on another network.
func TestNewAddressIsRegistered(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one"})
	off := l.offhook(k, "alice", offhookOptions{password: "one", anywhere: true})
	start := time.Now()
	after := l.move(off)
	k.await("request REGISTER sip:"+k.addr+" from "+after+":", 20*time.Second)
	t.Logf("registered from the new address after %v", time.Since(start).Round(time.Millisecond))
	off.eventually("registered", 10*time.Second, func() bool { return off.status().Accounts[0].State == control.AccountRegistered })
}

// TestCallGoesOnFromANewAddress: the machine changes networks in a call; the other side is told, and both are heard.
func TestCallGoesOnFromANewAddress(t *testing.T) {
	l := newLab(t)
	w := l.two(offhookOptions{anywhere: true}, baresipOptions{answer: "auto"})
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.bare.await(bareEstablished, 5*time.Second)
	w.off.speaks()
	after := l.move(w.off)
	w.k.await("from "+after+":", 20*time.Second)
	media := func() (sent, received int) {
		if c := w.off.status().Calls; len(c) == 1 && c[0].Media != nil {
			return c[0].Media.PacketsSent, c[0].Media.PacketsReceived
		}
		return 0, 0
	}
	// What was on its way to the old address is lost; that packets come again shows that baresip knows the new one.
	sent, received := media()
	w.off.eventually("speaking from the new address", 20*time.Second, func() bool {
		s, r := media()
		return s >= sent+100 && r >= received+100
	})
	w.off.do("handset", "hang-up")
	w.bare.await(bareClosed, 10*time.Second)
}

// move gives the machine of a phone another address, and returns it.
func (l *lab) move(off *offhook) (after string) {
	l.t.Helper()
	before := off.host.addr
	after = before[:strings.LastIndexByte(before, '.')+1] + "77"
	l.ip("-n", off.host.space, "addr", "del", before+"/24", "dev", off.host.iface)
	l.ip("-n", off.host.space, "addr", "add", after+"/24", "dev", off.host.iface)
	return after
}

// TestCallOverTLS: to and from, by a server whose certificate our own authority has signed.
func TestCallOverTLS(t *testing.T) {
	l := newLab(t)
	ca, cert, key := l.certificate(siteDomain, time.Hour)
	k := l.kamailioWith(map[string]string{"alice": "one", "bob": "two"}, kamailioOptions{cert: cert, key: key})
	l.names(siteDomain+" A "+k.addr, "_sips._tcp."+siteDomain+" SRV 1 5061 "+siteDomain)
	off := l.offhook(k, "alice", offhookOptions{password: "one", domain: siteDomain, here: true, anywhere: true, transport: "tls",
		account: fmt.Sprintf("tls_ca = %q", ca)})
	if !strings.Contains(k.tail(100), "over tls") {
		t.Errorf("kamailio saw no TLS:\n%s", k.tail(20))
	}
	bare := l.baresip(k, "bob", "two", baresipOptions{answer: "auto"})
	from := off.mark()
	off.do("handset", "lift")
	off.do("dial", "sip:bob@"+k.addr)
	off.awaitCall(from, control.CallActive, 15*time.Second)
	bare.await(bareEstablished, 10*time.Second)
	off.do("handset", "hang-up")
	off.awaitCall(from, control.CallEnded, 10*time.Second)
	bare.await(bareClosed, 10*time.Second)
	from = off.mark()
	bare.do("dial", "sip:alice@"+k.addr)
	off.awaitCall(from, control.CallIncoming, 10*time.Second)
	off.do("handset", "lift")
	off.awaitCall(from, control.CallActive, 10*time.Second)
	off.do("handset", "hang-up")
	off.awaitCall(from, control.CallEnded, 10*time.Second)
}

// TestWrongCertificateIsSaid: the account names what is wrong and what to do.
func TestWrongCertificateIsSaid(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, c := range []struct {
		name, domain, signed, want string
		trusted                    bool
		age                        time.Duration
	}{
		{"for another", "site.test", "other.test", "is for other.test", true, hour},
		{"of an unknown authority", "site.test", "site.test", "tls_ca", false, hour},
		{"run out", "site.test", "site.test", "valid from", true, 48 * hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			ca, cert, key := l.certificate(c.signed, c.age)
			k := l.kamailioWith(map[string]string{"alice": "one"}, kamailioOptions{cert: cert, key: key})
			l.ownNames(c.domain + " A " + k.addr)
			lines := ""
			if c.trusted {
				lines = fmt.Sprintf("tls_ca = %q", ca)
			}
			off := l.offhook(k, "alice", offhookOptions{password: "one", domain: c.domain, anywhere: true, transport: "tls", failing: true, account: lines})
			a := off.awaitAccount(control.AccountFailed)
			if a.Step != "tls" || !strings.Contains(a.Reason, c.want) {
				t.Errorf("%+v, want %q", a, c.want)
			}
			off.process.await(c.want, 10*time.Second) // in the log
			if _, err := off.verb("account", "test", "desk"); err == nil || !strings.Contains(err.Error(), "(tls)") {
				t.Errorf("account test: %v", err)
			}
		})
	}
}

// certificate writes an authority and a certificate for name, signed by it so long ago for a day, with its key, to PEM
// files.
func (l *lab) certificate(name string, age time.Duration) (ca, cert, key string) {
	l.t.Helper()
	make := func(tmpl, parent *x509.Certificate, signer *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			l.t.Fatal(err)
		}
		if signer == nil {
			signer = k
		}
		tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-age), time.Now().Add(24*time.Hour-age)
		if tmpl.IsCA {
			tmpl.NotAfter = time.Now().Add(24 * time.Hour)
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, k.Public(), signer)
		if err != nil {
			l.t.Fatal(err)
		}
		return der, k
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER, rootKey := make(root, root, nil)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, leafKey := make(leaf, root, rootKey)
	secret, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		l.t.Fatal(err)
	}
	dir := l.sub("tls")
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		l.write(path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
		return path
	}
	return file("ca.pem", "CERTIFICATE", rootDER), file("cert.pem", "CERTIFICATE", leafDER), file("key.pem", "PRIVATE KEY", secret)
}
