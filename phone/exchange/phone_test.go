package exchange

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
)

// rig is an exchange on a memory network with test phones around it.
type rig struct {
	t   *testing.T
	net *memNet
	ex  *Exchange
}

// bubble runs f with a started exchange in virtual time. synctest itself
// fails the test when a goroutine of the exchange outlives Close.
func bubble(t *testing.T, cfg Config, f func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, net: newMemNet()}
		cfg.Listen, cfg.Network = "127.0.0.1:5060", r.net
		ex, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := ex.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.ex = ex
		defer func() {
			ex.Close()
			synctest.Wait()
		}()
		f(r)
	})
}

// testPhone speaks SIP by hand: one socket, messages as text.
type testPhone struct {
	r      *rig
	user   string
	conn   *memConn
	branch int
	seq    int
	// the call it is in
	callID, tag, toTag string
}

func (r *rig) phone(user string, port uint16) *testPhone {
	p := &testPhone{r: r, user: user, conn: r.net.mustOpen(r.t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())}
	r.t.Cleanup(func() { p.conn.Close() })
	p.newCall()
	return p
}

func (p *testPhone) newCall() {
	p.callID, p.tag, p.toTag = token(), token()[:8], ""
}

const exchangeAddr = "127.0.0.1:5060"

func (p *testPhone) contact() string { return fmt.Sprintf("sip:%s@%s", p.user, p.conn.addr) }

func (p *testPhone) raw(to, text string) {
	ap := netip.MustParseAddrPort(to)
	p.conn.WriteTo([]byte(strings.ReplaceAll(text, "\n", "\r\n")), net.UDPAddrFromAddrPort(ap))
}

// request builds and sends a request; branch 0 means a new transaction.
func (p *testPhone) request(method, uri, to, body string, extra ...string) string {
	p.branch++
	p.seq++
	text := p.build(method, uri, to, body, p.branch, p.seq, extra...)
	p.raw(exchangeAddr, text)
	return text
}

func (p *testPhone) build(method, uri, to, body string, branch, seq int, extra ...string) string {
	if p.toTag != "" {
		to += ";tag=" + p.toTag
	}
	s := fmt.Sprintf("%s %s SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s-%d\nFrom: <sip:%s@%s>;tag=%s\nTo: %s\nCall-ID: %s\nCSeq: %d %s\nContact: <%s>\n",
		method, uri, p.conn.addr, p.user, branch, p.user, exchangeAddr, p.tag, to, p.callID, seq, method, p.contact())
	if !strings.Contains(strings.Join(extra, "\n"), "Max-Forwards") {
		s += "Max-Forwards: 70\n"
	}
	for _, h := range extra {
		s += h + "\n"
	}
	if body != "" && !strings.Contains(s, "Content-Type") {
		s += "Content-Type: application/sdp\n"
	}
	return s + fmt.Sprintf("Content-Length: %d\n\n%s", len(strings.ReplaceAll(body, "\n", "\r\n")), body)
}

func (p *testPhone) register(extra ...string) *sip.Response {
	p.r.t.Helper()
	call, tag := p.callID, p.tag
	p.callID, p.tag = "reg-"+p.conn.addr.String(), "reg"
	p.request("REGISTER", "sip:"+exchangeAddr, fmt.Sprintf("<sip:%s@%s>", p.user, exchangeAddr), "", extra...)
	p.callID, p.tag = call, tag
	return p.response()
}

// invite sends an INVITE to an extension.
func (p *testPhone) invite(ext, body string, extra ...string) string {
	return p.request("INVITE", "sip:"+ext+"@"+exchangeAddr, "<sip:"+ext+"@"+exchangeAddr+">", body, extra...)
}

// next returns the next message this phone gets; it fails after wait.
func (p *testPhone) next(wait time.Duration) sip.Message {
	p.r.t.Helper()
	select {
	case m := <-p.conn.in:
		msg, err := sip.ParseMessage(m.data)
		if err != nil {
			p.r.t.Fatalf("%s got an unreadable message: %v\n%s", p.user, err, m.data)
		}
		return msg
	case <-time.After(wait):
		p.r.t.Fatalf("%s got nothing for %v", p.user, wait)
		return nil
	}
}

// response skips 100 Trying and repeated requests.
func (p *testPhone) response() *sip.Response {
	p.r.t.Helper()
	for range 20 {
		if res, ok := p.next(10 * time.Second).(*sip.Response); ok && res.StatusCode != 100 {
			return res
		}
	}
	p.r.t.Fatalf("%s: no response", p.user)
	return nil
}

func (p *testPhone) expect(code int) *sip.Response {
	p.r.t.Helper()
	res := p.response()
	if res.StatusCode != code {
		p.r.t.Fatalf("%s got %d %s, want %d", p.user, res.StatusCode, res.Reason, code)
	}
	return res
}

func (p *testPhone) expectRequest(method sip.RequestMethod, wait time.Duration) *sip.Request {
	p.r.t.Helper()
	msg := p.next(wait)
	req, ok := msg.(*sip.Request)
	if !ok || req.Method != method {
		p.r.t.Fatalf("%s got\n%s\nwant %s", p.user, msg, method)
	}
	return req
}

// silent fails when something arrives within d.
func (p *testPhone) silent(d time.Duration) {
	p.r.t.Helper()
	select {
	case m := <-p.conn.in:
		p.r.t.Fatalf("%s got, unasked:\n%s", p.user, m.data)
	case <-time.After(d):
	}
}

// drain forgets what has arrived.
func (p *testPhone) drain() {
	synctest.Wait()
	for len(p.conn.in) > 0 {
		<-p.conn.in
	}
}

// answer responds to a request the phone received.
func (p *testPhone) answer(req *sip.Request, code int, tag, body string) {
	res := reply(req, code, "Whatever", tag, &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: p.user, Host: "127.0.0.1", Port: int(p.conn.addr.Port())}})
	if body != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody([]byte(strings.ReplaceAll(body, "\n", "\r\n")))
	}
	p.raw(exchangeAddr, strings.ReplaceAll(res.String(), "\r\n", "\n"))
}

// ack acknowledges res: end to end for 2xx, else in the INVITE's transaction.
func (p *testPhone) ack(res *sip.Response, to, uri string) {
	branch := p.branch
	if res.StatusCode < 300 {
		branch += 1000
	}
	tag, _ := res.To().Params.Get("tag")
	old := p.toTag
	p.toTag = tag
	p.raw(to, p.build("ACK", uri, "<"+res.To().Address.String()+">", "", branch, int(res.CSeq().SeqNo)))
	p.toTag = old
}

func toTag(m sip.Message) string {
	tag, _ := m.To().Params.Get("tag")
	return tag
}

func sdpFor(port int, formats, rest string) string {
	return fmt.Sprintf("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio %d RTP/AVP %s\n%s", port, formats, rest)
}
