package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"os"
	"strings"
)

// TLS is how an account's server proves who it is, and how the phone does. The zero value: by the system's authorities,
// and not at all.
type TLS struct {
	Authorities *x509.CertPool   // tls_ca; nil: the system's
	Certificate *tls.Certificate // tls_cert and tls_key; nil: none
	Unverified  bool             // tls_verify = false
}

// maxPEM bounds a file of certificates or keys, in bytes: all authorities of a system fit in.
const maxPEM = 1 << 20

// readServer reads where an account's server is and how it is talked to.
func readServer(t *table, a *Account) {
	t.server("registrar", &a.Registrar)
	t.server("outbound_proxy", &a.OutboundProxy)
	t.choice("transport", &a.Transport, []string{"udp", "tcp", "tls", "auto"}, "ws", "wss")
	if _, scheme := cutScheme(a.URI); scheme == "sips" { // TLS, and nothing less
		if _, named := t.values["transport"]; named && (a.Transport == "udp" || a.Transport == "tcp") {
			t.fail("transport", `transport = %q, but uri begins with sips:, which asks for TLS: write "tls", or sip: in uri`, a.Transport)
		}
		a.Transport = "tls"
	}
	readTLS(t, a)
	var public string
	if t.text("public_address", &public) && public != "" {
		ip, err := netip.ParseAddr(public)
		switch {
		case err != nil || ip.Zone() != "":
			t.fail("public_address", "public_address = %q is not an IP address: write that of the router, such as 203.0.113.7", clip(public))
		case ip.IsUnspecified() || ip.IsMulticast() || ip.IsLoopback():
			t.fail("public_address", "public_address = %q is no address that others could send to", clip(public))
		default:
			a.PublicAddress = ip.Unmap()
		}
	}
	t.server("stun", &a.STUN)
	switch {
	case a.STUN != "" && a.PublicAddress.IsValid():
		t.fail("stun", "public_address and stun both say what the public address is: take one out")
	case a.STUN != "" && a.Transport != "udp" && a.Transport != "auto":
		t.warn("stun", `stun is of use with transport = "udp" only`)
	}
	var networks []string
	t.texts("trusted_servers", &networks)
	for _, s := range networks {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var ip netip.Addr
			if ip, err = netip.ParseAddr(s); err == nil && ip.Zone() == "" {
				p = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
			}
		}
		if err != nil {
			t.fail("trusted_servers", `trusted_servers has %q, which is no address and no network: write "198.51.100.7" or "198.51.100.0/24"`, clip(s))
			continue
		}
		a.TrustedServers = append(a.TrustedServers, p.Masked())
	}
}

// readTLS reads the tls_ keys.
func readTLS(t *table, a *Account) {
	var ca, cert, key string
	verify := true
	named := t.text("tls_ca", &ca)
	named = t.text("tls_cert", &cert) || named
	named = t.text("tls_key", &key) || named
	if t.boolean("tls_verify", &verify) && !verify {
		a.TLS.Unverified, named = true, true
		t.warn("tls_verify", "tls_verify = false: whoever is on the way can pretend to be the server; for a server of your own, name its certificate in tls_ca instead")
	}
	if named && a.Transport != "tls" && a.Transport != "auto" {
		t.warn(first(t, "tls_ca", "tls_cert", "tls_key", "tls_verify"), `the tls_ keys have no effect with transport = %q: use "tls"`, a.Transport)
	}
	if ca != "" {
		if data, ok := t.pemFile("tls_ca", ca); ok {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(data) {
				t.fail("tls_ca", "%s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", clip(ca))
			}
			a.TLS.Authorities = pool
		}
	}
	a.TLS.Certificate = t.certificate(cert, key)
}

// readCertificate reads tls_cert and tls_key of a table.
func readCertificate(t *table) *tls.Certificate {
	var cert, key string
	t.text("tls_cert", &cert)
	t.text("tls_key", &key)
	return t.certificate(cert, key)
}

// certificate reads the files that tls_cert and tls_key name; nil when none is named, or one is no good.
func (t *table) certificate(cert, key string) *tls.Certificate {
	switch {
	case cert == "" && key == "":
		return nil
	case cert == "":
		t.fail("tls_key", "tls_key without tls_cert: name the certificate that the key belongs to")
		return nil
	case key == "":
		key = cert // one file may hold both
	}
	data, ok := t.pemFile("tls_cert", cert)
	secret, ok2 := t.pemFile("tls_key", key)
	if !ok || !ok2 {
		return nil
	}
	pair, err := tls.X509KeyPair(data, secret)
	if err != nil {
		t.fail("tls_cert", "%s and its key cannot be used: %s", clip(cert), pairProblem(data, secret, err))
		return nil
	}
	if info, err := os.Stat(t.absolute(key)); err == nil && othersRead(info) {
		t.warn(first(t, "tls_key", "tls_cert"), "the private key in %s can be read by others: chmod 600 it", clip(key))
	}
	return &pair
}

// pairProblem says what is wrong with a certificate and a key, without a word of their contents.
func pairProblem(cert, key []byte, err error) string {
	if !hasPEM(cert, "CERTIFICATE") {
		return "there is no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
	}
	if !hasPEM(key, "PRIVATE KEY") {
		return "there is no private key in PEM form; when it stands in a file of its own, name that in tls_key"
	}
	if hasPEM(key, "ENCRYPTED PRIVATE KEY") {
		return "the private key asks for a password: write it without one (openssl pkey), readable by you alone"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}

// hasPEM says whether there is a block whose type ends so.
func hasPEM(data []byte, kind string) bool {
	for range 1000 {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return false
		}
		if strings.HasSuffix(b.Type, kind) {
			return true
		}
	}
	return false
}

// pemFile reads the file that a key names.
func (t *table) pemFile(key, name string) ([]byte, bool) {
	path := t.absolute(name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		t.fail(key, "%s = %q cannot be read: %v", key, clip(name), cause(err))
		return nil, false
	case !info.Mode().IsRegular(), info.Size() > maxPEM:
		t.fail(key, "%s = %q is not a file of certificates or keys", key, clip(name))
		return nil, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.fail(key, "%s = %q cannot be read: %v", key, clip(name), cause(err))
		return nil, false
	}
	return data, true
}

// first gives the first of the keys that is there.
func first(t *table, keys ...string) string {
	for _, k := range keys {
		if _, ok := t.values[k]; ok {
			return k
		}
	}
	return keys[0]
}
