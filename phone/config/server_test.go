package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificates writes ca.pem, phone.pem, phone.key (0600) and both.pem (0644) to a folder.
func certificates(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	for name, data := range map[string][]byte{"ca.pem": cert, "phone.pem": cert, "phone.key": private, "both.pem": append(cert, private...), "empty.pem": []byte("nothing\n")} {
		mode := os.FileMode(0o600)
		if name == "both.pem" {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// parseIn parses an account in a folder; problems are told without the folder's name.
func parseIn(dir, lines string) (*Account, string) {
	name := filepath.Join(dir, "c.toml")
	cfg, warnings, err := Parse(name, []byte("[[account]]\nuri = \"sip:a@b.test\"\n"+lines))
	var out []string
	if err != nil {
		out = append(out, err.Error())
	}
	for _, w := range warnings {
		out = append(out, w.String())
	}
	text := strings.ReplaceAll(strings.Join(out, "\n"), dir+string(filepath.Separator), "")
	if cfg == nil {
		return nil, text
	}
	return &cfg.Accounts[0], text
}

func TestServerKeysAreRead(t *testing.T) {
	dir := certificates(t)
	a, problems := parseIn(dir, `transport = "tls"
registrar = "sip.b.test"
outbound_proxy = "edge.b.test:5063"
tls_ca = "ca.pem"
tls_cert = "phone.pem"
tls_key = "phone.key"
public_address = "203.0.113.7"
trusted_servers = ["198.51.100.0/24", "2001:db8::7", "192.0.2.1"]
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if a.Transport != "tls" || a.TLS.Authorities == nil || a.TLS.Certificate == nil || a.TLS.Unverified || a.PublicAddress != netip.MustParseAddr("203.0.113.7") {
		t.Errorf("%+v", a)
	}
	if got := a.TrustedServers; len(got) != 3 || got[0].String() != "198.51.100.0/24" || got[1].String() != "2001:db8::7/128" || got[2].Bits() != 32 {
		t.Errorf("%v", got)
	}
	if a, problems := parseIn(dir, "stun = \"stun.b.test:3478\"\ntransport = \"auto\"\n"); problems != "" || a.STUN != "stun.b.test:3478" || a.Transport != "auto" {
		t.Errorf("%+v %s", a, problems)
	}
}

// TestTLSOfThePhoneItself: a certificate for who comes by TLS, and accounts that
// know nothing less.
func TestTLSOfThePhoneItself(t *testing.T) {
	dir := certificates(t)
	const account = "[[account]]\nname = \"x\"\nuri = \"sips:x@b.test\"\n"
	parse := func(text string) (*Config, string) {
		cfg, warnings, err := Parse(filepath.Join(dir, "c.toml"), []byte(text))
		var out []string
		if err != nil {
			out = append(out, err.Error())
		}
		for _, w := range warnings {
			out = append(out, w.String())
		}
		return cfg, strings.ReplaceAll(strings.Join(out, "\n"), dir+string(filepath.Separator), "")
	}
	c, problems := parse(account + "tls_ca = \"ca.pem\"\n[sip]\nlisten = [\"tls:127.0.0.1:5061\"]\ntls_cert = \"phone.pem\"\ntls_key = \"phone.key\"\n")
	if problems != "" || c.SIP.Certificate == nil || c.Accounts[0].Transport != "tls" || c.Accounts[0].URI != "sips:x@b.test" {
		t.Fatalf("%+v %s", c, problems)
	}
	if _, problems = parse(account + "[sip]\ntls_cert = \"phone.pem\"\ntls_key = \"phone.key\"\n"); !strings.Contains(problems, "tls_cert has no effect in [sip]") {
		t.Errorf("%q", problems)
	}
	if _, problems = parse(account + "[sip]\nlisten = [\"tls:127.0.0.1:5061\"]\ntls_cert = \"empty.pem\"\n"); !strings.Contains(problems, "c.toml:6: empty.pem") {
		t.Errorf("%q", problems)
	}
}

func TestServerKeysThatAreWrongAreSaid(t *testing.T) {
	dir := certificates(t)
	for _, c := range []struct{ name, lines, want string }{
		{"no such authority", "transport = \"tls\"\ntls_ca = \"gone.pem\"", `c.toml:4: tls_ca = "gone.pem" cannot be read: no such file or directory`},
		{"no certificate in it", "transport = \"tls\"\ntls_ca = \"empty.pem\"", `c.toml:4: empty.pem holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`},
		{"key without certificate", "transport = \"tls\"\ntls_key = \"phone.key\"", `c.toml:4: tls_key without tls_cert: name the certificate that the key belongs to`},
		{"certificate without key", "transport = \"tls\"\ntls_cert = \"phone.pem\"", `c.toml:4: phone.pem and its key cannot be used: there is no private key in PEM form; when it stands in a file of its own, name that in tls_key`},
		{"both in one file, open to all", "transport = \"tls\"\ntls_cert = \"both.pem\"", `c.toml:4: the private key in both.pem can be read by others: chmod 600 it`},
		{"unverified", "transport = \"tls\"\ntls_verify = false", `c.toml:4: tls_verify = false: whoever is on the way can pretend to be the server; for a server of your own, name its certificate in tls_ca instead`},
		{"TLS keys without TLS", "tls_ca = \"ca.pem\"", `c.toml:3: the tls_ keys have no effect with transport = "udp": use "tls"`},
		{"a name for an address", "public_address = \"router.b.test\"", `c.toml:3: public_address = "router.b.test" is not an IP address: write that of the router, such as 203.0.113.7`},
		{"no address at all", "public_address = \"0.0.0.0\"", `c.toml:3: public_address = "0.0.0.0" is no address that others could send to`},
		{"both", "public_address = \"203.0.113.7\"\nstun = \"stun.b.test\"", `c.toml:4: public_address and stun both say what the public address is: take one out`},
		{"STUN over TCP", "transport = \"tcp\"\nstun = \"stun.b.test\"", `c.toml:4: stun is of use with transport = "udp" only`},
		{"no network", "trusted_servers = [\"b.test\"]", `c.toml:3: trusted_servers has "b.test", which is no address and no network: write "198.51.100.7" or "198.51.100.0/24"`},
		{"sips registrar", "registrar = \"sips:b.test\"", `c.toml:3: registrar: write it without sips:, and transport = "tls" beside it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, got := parseIn(dir, c.lines+"\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestInstanceStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	a, err := Instance(dir)
	if err != nil || !uuidForm.MatchString(a) {
		t.Fatalf("%q, %v", a, err)
	}
	if b, err := Instance(dir); err != nil || a != b {
		t.Errorf("%q then %q, %v", a, b, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "instance"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Instance(dir); err != nil || c == a || !uuidForm.MatchString(c) {
		t.Errorf("after damage %q, %v", c, err)
	}
	if d, err := Instance(filepath.Join(dir, "instance", "below")); err == nil || !uuidForm.MatchString(d) {
		t.Errorf("where nothing can be kept: %q, %v", d, err)
	}
}
