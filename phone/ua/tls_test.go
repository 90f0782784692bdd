package ua

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, cert, key}
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// issue makes a certificate for a name, good for life from now (or, negative, no more).
func (a *authority) issue(name string, life time.Duration) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(life), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// streamServer is a registrar on TCP, or TLS with a certificate. It says yes
// to everything and keeps the last connection.
type streamServer struct {
	t    *testing.T
	conf *tls.Config // nil: TCP

	conns chan net.Conn         // those accepted
	reqs  chan *sip.Request     // those received
	resps chan *sip.Response    // those received
	names chan string           // server names asked for (TLS)
	extra func(r *sip.Response) // changes the answer to a REGISTER
	raw   chan []byte           // what is no message
}

func newStreamServer(t *testing.T, n *uatest.Network, addr string, conf *tls.Config) *streamServer {
	t.Helper()
	host, _, _ := net.SplitHostPort(addr)
	l, err := n.Host(host).Listen(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &streamServer{t: t, conf: conf, conns: make(chan net.Conn, 100), reqs: make(chan *sip.Request, 1000),
		resps: make(chan *sip.Response, 1000), names: make(chan string, 100), raw: make(chan []byte, 1000)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *streamServer) serve(c net.Conn) {
	defer c.Close()
	if s.conf != nil {
		conf := s.conf.Clone()
		conf.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			s.names <- h.ServerName
			return nil, nil
		}
		t := tls.Server(c, conf)
		if err := t.Handshake(); err != nil {
			return
		}
		c = t
	}
	s.conns <- c
	buf := make([]byte, 65536)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if len(strings.TrimSpace(string(buf[:n]))) == 0 {
			s.raw <- append([]byte(nil), buf[:n]...)
			continue
		}
		m, err := sip.ParseMessage(append([]byte(nil), buf[:n]...))
		if err != nil {
			s.t.Errorf("%v in %q", err, buf[:n])
			return
		}
		switch m := m.(type) {
		case *sip.Response:
			s.resps <- m
		case *sip.Request:
			s.reqs <- m
			if m.IsAck() {
				continue
			}
			res := sip.NewResponseFromRequest(m, 200, "OK", nil)
			if m.Method == sip.REGISTER {
				res.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<%s>;expires=600", m.Contact().Address.String())))
				if s.extra != nil {
					s.extra(res)
				}
			}
			c.Write([]byte(res.String()))
		}
	}
}

// tlsPhone is a phone with an account at domain over TLS.
func tlsPhone(t *testing.T, n *uatest.Network, settings *TLS) *phone {
	return newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@" + domain, Transport: "tls", Register: true, TLS: settings}}})
}

func TestTLSVerifiesTheServer(t *testing.T) {
	for _, c := range []struct {
		name   string
		server func(a *authority) *tls.Config
		phone  func(a *authority) *TLS
		want   string // a word of the reason; empty: it registers
	}{
		{"right", func(a *authority) *tls.Config { return serverConfig(a.issue(domain, time.Hour)) }, func(a *authority) *TLS { return &TLS{Authorities: a.pool()} }, ""},
		{"unknown authority", func(a *authority) *tls.Config { return serverConfig(a.issue(domain, time.Hour)) }, func(*authority) *TLS { return &TLS{Authorities: x509.NewCertPool()} }, "tls_ca"},
		{"another's name", func(a *authority) *tls.Config { return serverConfig(a.issue("other.test", time.Hour)) }, func(a *authority) *TLS { return &TLS{Authorities: a.pool()} }, "is for other.test, not for " + domain},
		{"another's name, unverified", func(a *authority) *tls.Config { return serverConfig(a.issue("other.test", time.Hour)) }, func(*authority) *TLS { return &TLS{Unverified: true} }, ""},
		{"run out", func(a *authority) *tls.Config { return serverConfig(a.issue(domain, -time.Hour)) }, func(a *authority) *TLS { return &TLS{Authorities: a.pool()} }, "clock"},
		{"wants ours", func(a *authority) *tls.Config {
			s := serverConfig(a.issue(domain, time.Hour))
			s.ClientAuth, s.ClientCAs, s.MaxVersion = tls.RequireAndVerifyClientCert, a.pool(), tls.VersionTLS12
			return s
		}, func(a *authority) *TLS { return &TLS{Authorities: a.pool()} }, "tls_cert"},
		{"gets ours", func(a *authority) *tls.Config {
			s := serverConfig(a.issue(domain, time.Hour))
			s.ClientAuth, s.ClientCAs = tls.RequireAndVerifyClientCert, a.pool()
			return s
		}, func(a *authority) *TLS {
			ours := a.issue("x", time.Hour)
			return &TLS{Authorities: a.pool(), Certificate: &ours}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				a := newAuthority(t)
				n.SetName(domain, n.Host("10.0.0.50").Addr())
				s := newStreamServer(t, n, "10.0.0.50:5061", c.server(a))
				p := tlsPhone(t, n, c.phone(a))
				if c.want == "" {
					registered(p)
					req := <-s.reqs
					if u := req.Contact().Address; u.UriParams.GetOr("transport", "") != "tls" || req.Via().Transport != "TLS" {
						t.Errorf("Contact %v, Via %v", u.String(), req.Via())
					}
				} else {
					expect[Registration](p)
					if e := expect[Registration](p); e.State != Failed || e.Step != StepTLS || !strings.Contains(e.Reason, c.want) {
						t.Errorf("%+v", e)
					}
				}
				if name := <-s.names; name != domain {
					t.Errorf("the server was asked for %q", name)
				}
				p.Close(t.Context())
			})
		})
	}
}

func serverConfig(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}}
}

func TestServerThatSpeaksNoTLSIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		n.SetName(domain, n.Host("10.0.0.50").Addr())
		l, err := n.Host("10.0.0.50").Listen(t.Context(), "10.0.0.50:5061")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Write([]byte("SIP/2.0 400 Bad Request\r\n\r\n"))
			}
		}()
		p := tlsPhone(t, n, nil)
		expect[Registration](p)
		if e := expect[Registration](p); e.Step != StepTLS || !strings.Contains(e.Reason, "does not speak TLS") {
			t.Errorf("%+v", e)
		}
	})
}

// TestCallsComeOverTheRegisteredConnection: the server calls over the
// connection that the phone opened, and every message of the call stays on it.
func TestCallsComeOverTheRegisteredConnection(t *testing.T) {
	for _, transport := range []string{"tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				a := newAuthority(t)
				n.SetName(domain, n.Host("10.0.0.50").Addr())
				var s *streamServer
				if transport == "tls" {
					s = newStreamServer(t, n, "10.0.0.50:5061", serverConfig(a.issue(domain, time.Hour)))
				} else {
					s = newStreamServer(t, n, "10.0.0.50:5060", nil)
				}
				p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@" + domain, Transport: transport, Register: true, TLS: &TLS{Authorities: a.pool()}}}})
				registered(p)
				conn := <-s.conns
				contact := (<-s.reqs).Contact().Address
				up := strings.ToUpper(transport)
				fmt.Fprintf(conn, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/%s 10.0.0.50;branch=z9hG4bK1;rport\r\nFrom: <sip:b@b>;tag=1\r\nTo: <sip:x@%s>\r\n"+
					"Call-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:b@10.0.0.50;transport=%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
					contact.String(), up, domain, transport, len(crlfs(testSDP)), crlfs(testSDP))
				in := expect[Incoming](p)
				p.Answer(in.Call, lm)
				res := <-s.resps
				for res.StatusCode < 200 {
					res = <-s.resps
				}
				if c := res.Contact().Address; c.UriParams.GetOr("transport", "") != transport {
					t.Errorf("Contact %v", c.String())
				}
				fmt.Fprintf(conn, "ACK %s SIP/2.0\r\nVia: SIP/2.0/%s 10.0.0.50;branch=z9hG4bK2;rport\r\nFrom: <sip:b@b>;tag=1\r\nTo: <sip:x@%s>;tag=%s\r\n"+
					"Call-ID: c\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", res.Contact().Address.String(), up, domain, res.To().Params.GetOr("tag", ""))
				expect[Answered](p)
				synctest.Wait()
				p.HangUp(in.Call)
				expect[Ended](p)
				if bye := <-s.reqs; bye.Method != sip.BYE {
					t.Errorf("got %v", bye.Short())
				}
				if len(s.conns) != 0 {
					t.Error("a second connection was opened")
				}
				p.Close(t.Context())
			})
		})
	}
}

// crlfs makes the line ends of SDP what they are on the wire.
func crlfs(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}
