package ua

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// overTLS checks that a phone sent and received nothing but by TLS.
func (p *phone) overTLS() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.trace {
		if m.Transport != "tls" {
			p.t.Errorf("%s by %s", short(m), m.Transport)
		}
	}
	if len(p.trace) == 0 {
		p.t.Error("nothing was sent")
	}
}

// TestCallToAPhoneThatListensOnTLS: a sips: call, answered, held and ended by
// the one who was called, on one connection.
func TestCallToAPhoneThatListensOnTLS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		ca := newAuthority(t)
		cert := ca.issue("phone.test", time.Hour)
		n.SetName("phone.test", n.Host("10.0.0.2").Addr())
		a := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@home.test", Transport: "tls", TLS: &TLS{Authorities: ca.pool()}}}})
		b := newPhone(t, n.Host("10.0.0.2"), Config{DirectCalls: true, Listen: []string{"tls:10.0.0.2:5061"}, Certificate: &cert})
		_, in := connect(t, a, b, "sips:bob@phone.test")
		for _, line := range []string{"> INVITE", "> ACK"} {
			if m := a.last(line); !strings.HasPrefix(m, line[2:]+" sips:") {
				t.Errorf("%s", m)
			}
		}
		for _, m := range []string{a.last("> INVITE"), a.last("< 200 INVITE")} {
			if _, c, _ := strings.Cut(m, "Contact: "); !strings.HasPrefix(c, "<sips:") {
				t.Errorf("a Contact that is not sips: in\n%s", m)
			}
		}
		b.Hold(in)
		if e := expect[MediaChanged](b); !e.LocalHold {
			t.Errorf("%+v", e)
		}
		expect[MediaChanged](a)
		b.HangUp(in)
		expect[Ended](b)
		expect[Ended](a)
		time.Sleep(time.Second)
		a.overTLS()
		b.overTLS()
		if len(b.stack.accepted) != 1 || len(b.stack.streams) != 1 {
			t.Errorf("%d connections were taken, there are %d", len(b.stack.accepted), len(b.stack.streams))
		}
	})
}

// tlsWire is a peer on TLS that says exactly what a test tells it to.
type tlsWire struct {
	t    *testing.T
	conn net.Conn
}

// acceptTLS gives the next connection to l.
func acceptTLS(t *testing.T, l net.Listener, conf *tls.Config) *tlsWire {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	w := &tlsWire{t, tls.Server(c, conf)}
	t.Cleanup(func() { w.conn.Close() })
	return w
}

// request gives the next request, which must be a method.
func (w *tlsWire) request(method sip.RequestMethod) *sip.Request {
	w.t.Helper()
	buf := make([]byte, 64<<10)
	n, err := w.conn.Read(buf)
	if err != nil {
		w.t.Fatal(err)
	}
	m, err := sip.ParseMessage(buf[:n])
	r, ok := m.(*sip.Request)
	if err != nil || !ok || r.Method != method {
		w.t.Fatalf("%v, want %s, got\n%s", err, method, buf[:n])
	}
	return r
}

func (w *tlsWire) answer(req *sip.Request, code int, contact, body string) {
	res := sip.NewResponseFromRequest(req, code, reasonPhrase(code), nil)
	if contact != "" {
		res.AppendHeader(sip.NewHeader("Contact", contact))
	}
	if body != "" {
		setSDP(res, []byte(crlfs(body)))
	}
	w.conn.Write([]byte(res.String()))
}

// TestSIPSIsNeverLess: whatever a peer says, a sips: call stays on TLS.
func TestSIPSIsNeverLess(t *testing.T) {
	with := func(name, dial string, f func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire)) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{})
				ca := newAuthority(t)
				n.SetName(domain, n.Host("10.0.0.50").Addr())
				l, err := n.Host("10.0.0.50").Listen(t.Context(), "10.0.0.50:5061")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				plain := newWire(t, n, "10.0.0.50")
				p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@" + domain, Transport: "tls", Redirects: "any", TLS: &TLS{Authorities: ca.pool()}}}})
				if err := p.Dial("1", "x", dial, lm); err != nil {
					t.Fatal(err)
				}
				f(t, p, l, serverConfig(ca.issue(domain, time.Hour)), plain)
				plain.silent(time.Minute)
				p.overTLS()
				p.Close(t.Context())
			})
		})
	}
	with("a Contact that is not", "sips:b@"+domain, func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire) {
		w := acceptTLS(t, l, conf)
		w.answer(w.request(sip.INVITE), 200, "<sip:b@10.0.0.50:5061;transport=udp>", testSDP)
		expect[Answered](p)
		if ack := w.request(sip.ACK); ack.Recipient.String() != "sips:b@10.0.0.50:5061" {
			t.Errorf("ACK to %v", ack.Recipient.String())
		}
		p.HangUp("1")
		w.answer(w.request(sip.BYE), 200, "", "")
		expect[Ended](p)
	})
	with("a redirection to less", "sips:b@"+domain, func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire) {
		w := acceptTLS(t, l, conf)
		w.answer(w.request(sip.INVITE), 302, "<sip:c@"+domain+">", "")
		if e := expect[Ended](p); e.Code != 302 {
			t.Errorf("%+v", e)
		}
	})
	with("a redirection to as much", "sips:b@"+domain, func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire) {
		w := acceptTLS(t, l, conf)
		w.answer(w.request(sip.INVITE), 302, "<sips:c@"+domain+">", "")
		w.request(sip.ACK)
		inv := w.request(sip.INVITE)
		if inv.Recipient.String() != "sips:c@"+domain || inv.CSeq().SeqNo != 2 {
			t.Errorf("%v", inv.String())
		}
		w.answer(inv, 486, "", "")
		expect[Progress](p)
		expect[Ended](p)
	})
	with("a redirection to more", "sip:b@"+domain, func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire) {
		w := acceptTLS(t, l, conf)
		w.answer(w.request(sip.INVITE), 302, "<sips:c@"+domain+">", "")
		w.request(sip.ACK)
		if inv := w.request(sip.INVITE); inv.Contact().Address.Scheme != "sips" || len(inv.GetHeaders("Contact")) != 1 {
			t.Errorf("%v", inv.String())
		}
	})
	with("a transfer to less", "sips:b@"+domain, func(t *testing.T, p *phone, l net.Listener, conf *tls.Config, plain *wire) {
		w := acceptTLS(t, l, conf)
		inv := w.request(sip.INVITE)
		w.answer(inv, 200, "<sips:b@10.0.0.50:5061>", testSDP)
		expect[Answered](p)
		ack := w.request(sip.ACK)
		refer := sip.NewRequest(sip.REFER, inv.Contact().Address)
		for _, h := range []string{"Via: SIP/2.0/TLS 10.0.0.50;branch=z9hG4bKr", "From: " + ack.To().Value(), "To: " + ack.From().Value(),
			"Call-ID: " + ack.CallID().Value(), "CSeq: 7 REFER", "Refer-To: <sip:c@" + domain + ">", "Content-Length: 0"} {
			k, v, _ := strings.Cut(h, ": ")
			refer.AppendHeader(sip.NewHeader(k, v))
		}
		w.conn.Write([]byte(refer.String()))
		buf := make([]byte, 64<<10)
		k, _ := w.conn.Read(buf)
		if !bytes.HasPrefix(buf[:k], []byte("SIP/2.0 403")) {
			t.Errorf("%s", buf[:k])
		}
	})
}

// TestSIPSAccount: everything of an account with a sips: address is sips:.
func TestSIPSAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		ca := newAuthority(t)
		n.SetName(domain, n.Host("10.0.0.50").Addr())
		s := newStreamServer(t, n, "10.0.0.50:5061", serverConfig(ca.issue(domain, time.Hour)))
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sips:x@" + domain, Register: true, TLS: &TLS{Authorities: ca.pool()}}}})
		registered(p)
		conn := <-s.conns
		reg := <-s.reqs
		for _, u := range []sip.Uri{reg.Recipient, reg.To().Address, reg.From().Address, reg.Contact().Address} {
			if u.Scheme != "sips" || u.UriParams.Has("transport") {
				t.Errorf("%v in\n%s", u.String(), reg)
			}
		}
		// A call that is sip: is not for it.
		if _, err := io.WriteString(conn, "INVITE sip:"+reg.Contact().Address.User+"@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 10.0.0.50;branch=z9hG4bK1;rport\r\nFrom: <sip:b@b>;tag=1\r\n"+
			"To: <sip:x@"+domain+">\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:b@10.0.0.50;transport=tls>\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if res := <-s.resps; res.StatusCode != 480 || !strings.HasPrefix(headerValue(res, "Warning"), "381 ") {
			t.Errorf("%s", res)
		}
		p.Dial("1", "", "600", lm)
		if inv := <-s.reqs; inv.Recipient.String() != "sips:600@"+domain || inv.Contact().Address.Scheme != "sips" {
			t.Errorf("%s", inv)
		}
		p.overTLS()
		p.Close(t.Context())
	})
}

// TestSIPSThatCannotBe is refused before anything is sent.
func TestSIPSThatCannotBe(t *testing.T) {
	for _, acc := range []Account{
		{Name: "x", URI: "sips:x@" + domain, Transport: "udp"},
		{Name: "x", URI: "sips:x@" + domain, OutboundProxy: "sip:10.0.0.1;transport=tcp"},
	} {
		if _, err := New(Config{Accounts: []Account{acc}}); err == nil || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%+v: %v", acc, err)
		}
	}
	if _, err := New(Config{Listen: []string{"tls:127.0.0.1:0"}}); err == nil || !strings.Contains(err.Error(), "tls_cert") {
		t.Errorf("TLS without a certificate: %v", err)
	}
	a, err := New(Config{Accounts: []Account{{Name: "x", URI: "sip:x@" + domain}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.CheckTarget("x", "sips:b@"+domain); !errors.Is(err, ErrBadTarget) || !strings.Contains(err.Error(), "transport") {
		t.Errorf("%v", err)
	}
	if err := a.CheckTarget("x", "sips:b@other.test"); err != nil {
		t.Errorf("to somebody else directly: %v", err)
	}
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		w.invite(phoneAt, "sips:p@10.0.0.1", testSDP)
		if res := w.response(480); headerValue(res, "Warning") == "" {
			t.Errorf("%s", res)
		}
		p.quietFor(time.Minute)
	})
}

// TestTLSHandshakesOfStrangers: who does not shake hands is not waited for, and
// nobody makes us shake hands as fast as he likes.
func TestTLSHandshakesOfStrangers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		ca := newAuthority(t)
		cert := ca.issue("phone.test", time.Hour)
		p := newPhone(t, n.Host("10.0.0.2"), Config{DirectCalls: true, Listen: []string{"tls:10.0.0.2:5061"}, Certificate: &cert})
		dial := func(from string) net.Conn {
			c, err := n.Host(from).Dial(context.Background(), n.Host(from).Addr(), "10.0.0.2:5061")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		mute := dial("10.0.0.8")
		time.Sleep(connectTimeout + time.Second)
		if _, err := io.ReadAll(mute); err != nil {
			t.Errorf("the connection without a word: %v", err)
		}
		plain := dial("10.0.0.8")
		plain.Write(strangersInvite(1, "10.0.0.8", "10.0.0.2:5061"))
		if b, _ := io.ReadAll(plain); bytes.Contains(b, []byte("SIP/2.0")) {
			t.Errorf("SIP without TLS is answered: %q", b)
		}
		done := 0
		for range 100 {
			c := tls.Client(dial("10.0.0.9"), &tls.Config{RootCAs: ca.pool(), ServerName: "phone.test"})
			if c.Handshake() == nil {
				done++
			}
			c.Close()
		}
		if done == 0 || done > 2*eachRate {
			t.Errorf("%d handshakes at once", done)
		}
		p.quietFor(time.Second)
	})
}
