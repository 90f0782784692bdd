package ua

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/uatest"
)

// tcpPeer is a raw connection to a phone that takes direct calls over TCP.
func tcpPeer(t *testing.T, f func(t *testing.T, p *phone, c net.Conn)) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "tcp")
		c, err := n.Host("10.0.0.66").Dial(context.Background(), netip.Addr{}, phoneAt)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f(t, p, c)
	})
}

// options is an OPTIONS with a number to tell its answer by.
func options(i int, headers ...string) string {
	return string(message(append([]string{"OPTIONS sip:p@10.0.0.1 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/TCP 10.0.0.66;branch=z9hG4bK%d", i), "From: <sip:a@b>;tag=1",
		"To: <sip:p@b>", fmt.Sprintf("Call-ID: c%d", i), "CSeq: 1 OPTIONS"}, headers...)...))
}

// answers reads the statuses that come on c, and the Call-IDs they are for.
func answers(t *testing.T, c net.Conn) string {
	t.Helper()
	synctest.Wait()
	c.SetReadDeadline(time.Now().Add(time.Second))
	var all strings.Builder
	buf := make([]byte, 65536)
	for {
		n, err := c.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			break
		}
	}
	var out []string
	for line := range strings.Lines(all.String()) {
		if s, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
			out = append(out, s[:3])
		}
		if id, ok := strings.CutPrefix(line, "Call-ID: "); ok {
			out = append(out, strings.TrimSpace(id))
		}
	}
	return strings.Join(out, " ")
}

func TestStreamIsReadAMessageAtATime(t *testing.T) {
	two := options(1, "Content-Length: 0") + "\r\n" + options(2, "l: 3") + "abc" + options(3, "Content-Length: 0")
	for _, piece := range []int{1, 7, len(two)} {
		tcpPeer(t, func(t *testing.T, p *phone, c net.Conn) {
			for at := 0; at < len(two); at += piece {
				c.Write([]byte(two[at:min(at+piece, len(two))]))
				synctest.Wait()
			}
			got := answers(t, c)
			for i := range 3 {
				if !strings.Contains(got, fmt.Sprintf("200 c%d", i+1)) {
					t.Errorf("in pieces of %d: answers %s", piece, got)
				}
			}
		})
	}
}

func TestFaultyRequestOnAStreamIsAnsweredAndTheNextIsRead(t *testing.T) {
	tcpPeer(t, func(t *testing.T, p *phone, c net.Conn) {
		fmt.Fprint(c, options(1, "CSeq: 2 OPTIONS", "Content-Length: 2")+"xy"+options(2, "Content-Length: 0"))
		if got := answers(t, c); got != "400 c1 200 c2" {
			t.Errorf("answers %s", got)
		}
	})
}

func TestStreamWithoutLengthIsAnsweredAndClosed(t *testing.T) {
	for _, length := range []string{"X: y", "Content-Length: -1", "Content-Length: 99999999"} {
		tcpPeer(t, func(t *testing.T, p *phone, c net.Conn) {
			fmt.Fprint(c, options(1, length))
			got := answers(t, c)
			_, err := c.Write([]byte("more"))
			if err == nil || got != "400 c1" && !strings.Contains(length, "999") {
				t.Errorf("%s: answers %q, then %v", length, got, err)
			}
		})
	}
}

func TestPingOnAStreamIsAnswered(t *testing.T) {
	tcpPeer(t, func(t *testing.T, p *phone, c net.Conn) {
		fmt.Fprint(c, "\r\n\r\n")
		synctest.Wait()
		buf := make([]byte, 10)
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != "\r\n" {
			t.Errorf("%q, %v", buf[:n], err)
		}
		fmt.Fprint(c, options(1, "Content-Length: 0"))
		if got := answers(t, c); got != "200 c1" {
			t.Errorf("answers %s", got)
		}
	})
}

// TestSpoofedSourcesAreForgotten: what is kept of senders has a bound, however
// many there are, and a call goes through all the while.
func TestSpoofedSourcesAreForgotten(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		l.learn(w.response(200))
		l.send("ACK", "")
		expect[Answered](p)
		data := []byte(strings.ReplaceAll(options(1, "Content-Length: 0"), "TCP", "UDP"))
		to := netip.MustParseAddrPort(phoneAt)
		for i := range 200 {
			for j := range 100 {
				k := i*100 + j
				n.Inject(uatest.Packet{From: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(k >> 8), byte(k)}), 5060), To: to, Data: data})
			}
			time.Sleep(time.Second) // strangerRate of them come in
		}
		synctest.Wait()
		if size := p.stack.layer.Pool("udp").Size(); size > 2*maxSources+10 {
			t.Errorf("sipgo keeps %d addresses", size)
		}
		p.HangUp(in.Call)
		w.request("BYE")
		expect[Ended](p)
		start := time.Now()
		p.Close(t.Context())
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("Close took %v", d)
		}
	})
}
