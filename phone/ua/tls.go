package ua

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// TLS is how an account's server proves who it is, and how we prove who we
// are.
type TLS struct {
	// Authorities signs the server's certificate; nil: those of the system.
	Authorities *x509.CertPool
	// Certificate is ours, for servers that ask for one; nil: none.
	Certificate *tls.Certificate
	// Unverified takes any certificate: talk is hidden from listeners, but
	// whoever sits on the way can pretend to be the server.
	Unverified bool
}

// config makes the settings; nil for none of our own.
func (t *TLS) config() *tls.Config {
	if t == nil || *t == (TLS{}) {
		return nil
	}
	c := &tls.Config{RootCAs: t.Authorities, InsecureSkipVerify: t.Unverified}
	if t.Certificate != nil {
		c.Certificates = []tls.Certificate{*t.Certificate}
	}
	return c
}

// equal says whether t and o ask for the same.
func (t *TLS) equal(o *TLS) bool {
	if t.Unverified != o.Unverified || (t.Authorities == nil) != (o.Authorities == nil) || (t.Certificate == nil) != (o.Certificate == nil) {
		return false
	}
	return (t.Authorities == nil || t.Authorities.Equal(o.Authorities)) &&
		(t.Certificate == nil || slices.EqualFunc(t.Certificate.Certificate, o.Certificate.Certificate, bytes.Equal))
}

// handshake makes a TLS connection of raw, and closes raw when it cannot. The
// certificate must be made for e.host, the domain that was looked up, not for
// what the name service says it leads to (RFC 5922 section 7): its answers are
// nobody's signature.
func handshake(ctx context.Context, raw net.Conn, e endpoint) (net.Conn, error) {
	conf := &tls.Config{}
	if e.tls != nil {
		conf = e.tls.Clone()
	}
	conf.ServerName = e.host
	c := tls.Client(raw, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, tlsError(e, err)
	}
	return c, nil
}

// welcomeTLS takes a connection from outside that begins with a TLS handshake.
// Handshakes are dear, so they are let in no faster than messages of strangers.
func (s *stack) welcomeTLS(raw net.Conn, conf *tls.Config) net.Conn {
	c := s.accept(&greeting{Conn: tls.Server(raw, conf), log: s.log}, "tls")
	if !s.door.admit(nil, false, addrPort(raw.RemoteAddr()).Addr()) {
		c.Close()
	}
	return c
}

// greeting is a TLS connection that others opened; its first Read, on the
// goroutine of its reader, makes the handshake, in the time that one of ours
// may take.
type greeting struct {
	*tls.Conn
	log  *slog.Logger
	once sync.Once
	err  error
}

func (c *greeting) Read(b []byte) (int, error) {
	c.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		if c.err = c.HandshakeContext(ctx); c.err != nil {
			c.log.Debug("a TLS connection from outside came to nothing", "from", c.RemoteAddr(), "error", c.err)
		}
	})
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(b)
}

// tlsError says in words what kept a handshake from ending well, and what to
// do about it.
func tlsError(e endpoint, err error) error {
	var (
		unknown *x509.UnknownAuthorityError
		byValue x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		header  tls.RecordHeaderError
		alert   *net.OpError
	)
	who := fmt.Sprintf("the server %s (%v)", e.host, e.addr)
	switch {
	case errors.As(err, &unknown), errors.As(err, &byValue):
		return fmt.Errorf("the certificate of %s is signed by nobody this machine trusts; if it is your own server, name its authority's certificate in tls_ca: %w", who, err)
	case errors.As(err, &name):
		return fmt.Errorf("the certificate of %s is for %s, not for %s; check the name in registrar or outbound_proxy: %w", who, namesOf(name.Certificate), e.host, err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate of %s is valid from %s to %s only; if that is now, check this machine's clock: %w", who,
			invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly), err)
	case errors.As(err, &header):
		return fmt.Errorf("%s does not speak TLS on this port; TLS is usually on port 5061: %w", who, err)
	case errors.As(err, &alert) && alert.Op == "remote error":
		return fmt.Errorf("%s ends the TLS handshake; it may want a certificate of ours (tls_cert): %w", who, err)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("%s closes the connection in the TLS handshake; it may want a certificate of ours (tls_cert), or not speak TLS on this port: %w", who, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s does not answer the TLS handshake: %w", who, err)
	}
	return fmt.Errorf("TLS with %s: %w", who, err)
}

// namesOf lists whom a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name at all"
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return cut(strings.Join(names, ", "))
}

// serves says whether an open connection may carry what is for e: it was
// opened with the same settings, and its certificate is for e.host too. A
// bare address in a route stands for the peer that we have verified by name. A
// connection that the peer opened is good for what goes to the very port it
// came from, which is in the Contact of nobody else.
func (c *streamConn) serves(e endpoint) error {
	if _, err := netip.ParseAddr(e.host); err == nil && c.door != nil {
		return nil
	}
	if c.endpoint.tls == e.tls {
		if _, err := netip.ParseAddr(e.host); err == nil || e.host == c.endpoint.host {
			return nil
		}
		if e.tls != nil && e.tls.InsecureSkipVerify {
			return nil
		}
		t, ok := c.Conn.(*tls.Conn) // not one of a greeting: strangers show no certificate
		if certs := certificates(t, ok); len(certs) > 0 && certs[0].VerifyHostname(e.host) == nil {
			return nil
		}
	}
	return &StepError{StepTLS, fmt.Errorf("%s (%v) is connected to already, as %s and with other TLS settings; give the accounts of one server the same registrar and tls_ keys",
		e.host, e.addr, c.endpoint.host)}
}

func certificates(t *tls.Conn, ok bool) []*x509.Certificate {
	if !ok {
		return nil
	}
	return t.ConnectionState().PeerCertificates
}
