package ua

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// wire is a peer that says exactly what a test tells it to, over UDP.
type wire struct {
	t    *testing.T
	conn net.PacketConn
	addr netip.AddrPort
	in   chan sip.Message
	cseq uint32
}

func newWire(t *testing.T, n *uatest.Network, host string) *wire {
	return newWireAt(t, n, host, 5060)
}

func newWireAt(t *testing.T, n *uatest.Network, host string, port int) *wire {
	t.Helper()
	c, err := n.Host(host).ListenPacket(context.Background(), fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, conn: c, addr: addrPort(c.LocalAddr()), in: make(chan sip.Message, 1000)}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			m, err := sip.ParseMessage(append([]byte(nil), buf[:n]...))
			if err != nil {
				t.Errorf("unreadable: %v\n%s", err, buf[:n])
				continue
			}
			m.SetSource(from.String())
			w.in <- m
		}
	}()
	return w
}

// raw sends text with its line ends made CRLF.
func (w *wire) raw(to, text string) {
	a := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	w.conn.WriteTo([]byte(text), a)
}

// next gives the next message; it must come within d.
func (w *wire) next(d time.Duration) sip.Message {
	w.t.Helper()
	select {
	case m := <-w.in:
		return m
	case <-time.After(d):
		w.t.Fatal("nothing came")
		return nil
	}
}

// request gives the next request, which must be a method.
func (w *wire) request(method sip.RequestMethod) *sip.Request {
	w.t.Helper()
	m := w.next(patience)
	r, ok := m.(*sip.Request)
	if !ok || r.Method != method {
		w.t.Fatalf("want %s, got\n%s", method, m.String())
	}
	return r
}

// response gives the next response, which must have the status.
func (w *wire) response(code int) *sip.Response {
	w.t.Helper()
	m := w.next(patience)
	r, ok := m.(*sip.Response)
	if !ok || r.StatusCode != code {
		w.t.Fatalf("want %d, got\n%s", code, m.String())
	}
	return r
}

// silent checks that nothing comes for d.
func (w *wire) silent(d time.Duration) {
	w.t.Helper()
	select {
	case m := <-w.in:
		w.t.Fatalf("unexpected\n%s", m.String())
	case <-time.After(d):
	}
}

// drain throws away what waits.
func (w *wire) drain() {
	for {
		select {
		case <-w.in:
		default:
			return
		}
	}
}

const testSDP = `v=0
o=- 1 1 IN IP4 10.0.0.9
s=-
c=IN IP4 10.0.0.9
t=0 0
m=audio 7000 RTP/AVP 8 0 96
a=rtpmap:96 telephone-event/8000
`

// answer sends a response to req. tag is the To-tag; headers are whole lines.
func (w *wire) answer(req *sip.Request, code int, tag, body string, headers ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\n", code, reasonPhrase(code))
	for _, h := range req.GetHeaders("Via") {
		b.WriteString(h.String() + "\n")
	}
	to := req.To().Value()
	if tag != "" && !req.To().Params.Has("tag") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "%s\nTo: %s\n%s\n%s\n", req.From().String(), to, req.CallID().String(), req.CSeq().String())
	if code >= 180 && code < 300 && req.Method == sip.INVITE {
		fmt.Fprintf(&b, "Contact: <sip:%s@%s>\n", tag, w.addr)
	}
	w.finish(&b, body, headers)
	w.raw(req.Source(), b.String())
}

func (w *wire) finish(b *strings.Builder, body string, headers []string) {
	for _, h := range headers {
		b.WriteString(h + "\n")
	}
	body = strings.ReplaceAll(body, "\n", "\r\n")
	if body != "" && !strings.Contains(b.String(), "\nContent-Type: message/sipfrag") {
		b.WriteString("Content-Type: application/sdp\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\n\n" + body)
}

// leg is a dialog the wire has with a phone.
type wireLeg struct {
	w                  *wire
	to                 string // host:port
	uri, local, remote string // Request-URI, From and To with tags
	callID, branch     string
}

// invite begins a call to a phone and gives its leg; to is host:port.
func (w *wire) invite(to, uri, body string, headers ...string) *wireLeg {
	l := &wireLeg{w: w, to: to, uri: uri, local: fmt.Sprintf("<sip:wire@%s>;tag=%s", w.addr, token()),
		remote: "<" + uri + ">", callID: token()}
	l.send("INVITE", body, headers...)
	return l
}

// send sends a request of the leg in a new transaction.
func (l *wireLeg) send(method, body string, headers ...string) {
	if method != "ACK" && method != "CANCEL" {
		l.w.cseq++
	}
	if method != "CANCEL" {
		l.branch = sip.GenerateBranch()
	}
	l.again(method, body, headers...)
}

// again sends a request with the branch and number of the last.
func (l *wireLeg) again(method, body string, headers ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\nVia: SIP/2.0/UDP %s;branch=%s;rport\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %d %s\nMax-Forwards: 70\nContact: <sip:wire@%s>\n",
		method, l.uri, l.w.addr, l.branch, l.local, l.remote, l.callID, l.w.cseq, method, l.w.addr)
	l.w.finish(&b, body, headers)
	l.w.raw(l.to, b.String())
}

// learn takes the phone's tag and Contact from a response.
func (l *wireLeg) learn(res *sip.Response) {
	l.remote = res.To().Value()
	if c := res.Contact(); c != nil {
		l.uri = c.Address.String()
	}
}

// answering takes the leg of a request the wire received.
func (w *wire) answering(req *sip.Request, tag string) *wireLeg {
	to := req.To().Value()
	if !req.To().Params.Has("tag") {
		to += ";tag=" + tag
	}
	return &wireLeg{w: w, to: req.Source(), uri: req.Contact().Address.String(), local: to,
		remote: req.From().Value(), callID: req.CallID().Value()}
}
