package ua

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

func TestDoorLetsStrangersInSlowlyAndPeersAnyTime(t *testing.T) {
	now := time.Unix(1, 0)
	d := newDoor(func(data []byte) bool { return strings.Contains(string(data), "word-of-ours") })
	d.now = func() time.Time { return now }
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	flood := func(text string, n int, from func(int) netip.Addr) (in int) {
		for i := range n {
			if d.admit([]byte(text), d.known([]byte(text)), from(i)) {
				in++
			}
		}
		return in
	}
	one := func(int) netip.Addr { return addr(1) }
	if in := flood("INVITE", 1000, one); in != 2*eachRate {
		t.Errorf("one stranger got %d messages in at once", in)
	}
	if in := flood("INVITE", 1000, func(i int) netip.Addr { return addr(2 + i%1000) }); in != 2*strangerRate-2*eachRate {
		t.Errorf("many strangers got %d messages in at once", in)
	}
	for _, text := range []string{"BYE word-of-ours", "SIP/2.0 200 OK " + d.branch()} {
		if in := flood(text, 20, one); in != 20 {
			t.Errorf("%q: a peer got %d of 20 in during the flood", text, in)
		}
	}
	now = now.Add(time.Second)
	if in := flood("INVITE"+strings.Repeat(" ", 9*1024), 1000, one); in != eachRate/10 {
		t.Errorf("%d messages of 9 kB in a second", in)
	}
	if len(d.each) > maxStrangers {
		t.Errorf("%d addresses are remembered", len(d.each))
	}
	now = now.Add(time.Minute)
	if in := flood("INVITE", 10, func(int) netip.Addr { return addr(60000) }); in != 10 {
		t.Errorf("after the flood %d of 10 came in", in)
	}
}

func TestFloodHarmsNoCallAndIsForgottenAtOnce(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		l.learn(w.response(200))
		l.send("ACK", "")
		expect[Answered](p)
		crowd := newWire(t, n, "10.0.0.66")
		for range 20 {
			for range 500 {
				c := &wireLeg{w: crowd, to: phoneAt, uri: "sip:p@10.0.0.1", local: "<sip:x@10.0.0.66>;tag=1", remote: "<sip:p@10.0.0.1>", callID: token()}
				c.send("OPTIONS", "")
				c.send("INVITE", testSDP, "Require: nonsense")
			}
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if got := len(crowd.in); got == 0 || got > 2*strangerRate+2*strangerRate {
			t.Errorf("%d answers to 20000 requests", got)
		}
		crowd.drain()
		time.Sleep(time.Minute)
		if got := len(crowd.in); got != 0 {
			t.Errorf("%d refusals were repeated", got)
		}
		p.HangUp(in.Call)
		w.request(sip.BYE)
		expect[Ended](p)
	})
}

func TestPeersHangUpGoesThroughAFlood(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		l := w.invite(phoneAt, "sip:p@"+phoneAt, testSDP)
		in := expect[Incoming](p)
		p.Answer(in.Call, lm)
		l.learn(w.response(200))
		crowd := newWire(t, n, "10.0.0.66")
		for range 1000 {
			crowd.invite(phoneAt, "sip:nobody@"+phoneAt, testSDP, "Require: nonsense")
		}
		l.send("ACK", "")
		expect[Answered](p)
		l.send("BYE", "")
		w.response(200)
		if e := expect[Ended](p); !e.Remote {
			t.Errorf("%+v", e)
		}
	})
}

func TestIdleConnectionsDoNotShutOthersOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "tcp")
		var first net.Conn
		for i := range 200 {
			c, err := n.Host("10.0.0.66").Dial(context.Background(), netip.Addr{}, phoneAt)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if i == 0 {
				first = c
			}
			fmt.Fprint(c, "INVITE sip:p@10.0.0.1 SIP/2.0\r\nVia: ") // and no more
			synctest.Wait()
		}
		if _, err := first.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the oldest connection: %v", err)
		}
		p.stack.mu.Lock()
		open := len(p.stack.accepted)
		p.stack.mu.Unlock()
		if open != maxAccepted {
			t.Errorf("%d connections are open", open)
		}
		b := direct(t, n, "10.0.0.2", "tcp")
		connect(t, b, p, "sip:p@10.0.0.1;transport=tcp")
	})
}
