package ua

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// TestOrderOnABusyMachine: however long it takes until somebody gets to what
// has come of a call, it is told as it came.
func TestOrderOnABusyMachine(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		inv := dialWire(t, p, w)
		busy := make(chan struct{})
		p.stack.intake.run(inv.CallID().Value(), func() { <-busy })
		w.answer(inv, 180, "x", "")
		w.answer(inv, 180, "x", "") // repeated
		w.answer(inv, 183, "x", testSDP)
		w.answer(inv, 200, "x", testSDP)
		w.answer(inv, 200, "x", testSDP) // repeated
		w.answering(inv, "x").send("BYE", "")
		time.Sleep(10 * time.Second)
		p.quietFor(10 * time.Second)
		w.drain()
		close(busy)
		if e := expect[Progress](p); e.Code != 180 {
			t.Errorf("%+v", e)
		}
		if e := expect[Progress](p); e.Code != 183 || e.Media == nil {
			t.Errorf("%+v", e)
		}
		expect[Answered](p)
		expect[Ended](p)
		w.request(sip.ACK)
	})
}

// slowNetwork is a host whose machine is taken from the program for a while
// whenever it has sent an INVITE: the answer is there before the sender goes on.
type slowNetwork struct{ *uatest.Host }

type slowConn struct{ net.PacketConn }

func (n slowNetwork) ListenPacket(ctx context.Context, addr string) (net.PacketConn, error) {
	c, err := n.Host.ListenPacket(ctx, addr)
	return slowConn{c}, err
}

func (c slowConn) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := c.PacketConn.WriteTo(b, to)
	if bytes.HasPrefix(b, []byte("INVITE")) {
		time.Sleep(300 * time.Millisecond)
	}
	return n, err
}

// TestAnswerBeforeTheSenderGoesOn: timer B of an INVITE that rings already when
// its sender gets to starting it must not end the call.
func TestAnswerBeforeTheSenderGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := newPhone(t, slowNetwork{n.Host("10.0.0.1")}, Config{DirectCalls: true, Listen: []string{"udp:10.0.0.1:5060"}})
		w := newWire(t, n, "10.0.0.9")
		inv := dialWire(t, p, w)
		w.answer(inv, 180, "x", "")
		expect[Progress](p)
		p.quietFor(50 * time.Second)
		w.silent(time.Millisecond) // nor is it sent again
		w.answer(inv, 200, "x", testSDP)
		expect[Answered](p)
		w.request(sip.ACK)
	})
}

// TestAnswerBeforeTheConnectionEnds: what was read from a connection counts,
// though the connection is closed by the time somebody gets to it.
func TestAnswerBeforeTheConnectionEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		p := direct(t, n, "10.0.0.1", "udp")
		l, err := n.Host("10.0.0.9").Listen(t.Context(), "10.0.0.9:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p.Dial("1", "", "sip:w@10.0.0.9;transport=tcp", lm)
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 64<<10)
		k, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		m, err := sip.ParseMessage(buf[:k])
		if err != nil {
			t.Fatal(err)
		}
		inv := m.(*sip.Request)
		busy := make(chan struct{})
		p.stack.intake.run(inv.CallID().Value(), func() { <-busy })
		res := sip.NewResponseFromRequest(inv, 486, "Busy Here", nil)
		c.Write([]byte(res.String()))
		c.Close()
		time.Sleep(time.Second)
		close(busy)
		if e := expect[Ended](p); e.Code != 486 {
			t.Errorf("%+v", e)
		}
	})
}

// TestIntake: each Call-ID for itself and in order, within bounds, and a
// handler that fails takes nothing with it.
func TestIntake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		in := newIntake(slog.New(slog.DiscardHandler))
		hold := make(chan struct{})
		in.run("held", func() { <-hold })
		got := ""
		for i := range 3 {
			in.message("free", func() {
				got += strconv.Itoa(i)
				if i == 1 {
					panic("a defect")
				}
			})
		}
		synctest.Wait()
		if got != "012" {
			t.Errorf("ran %q while another Call-ID is held", got)
		}
		ran := 0
		for range maxLane {
			if !in.message("held", func() { ran++ }) {
				t.Fatal("refused too early")
			}
		}
		if in.message("held", func() { ran++ }) {
			t.Error("no bound")
		}
		last := false
		in.run("held", func() { last = ran == maxLane }) // ours are not refused
		more := 0
		for i := range maxWaiting {
			id := "other " + strconv.Itoa(i%100)
			in.run(id, func() { <-hold })
			if in.message(id, func() {}) {
				more++
			}
		}
		if more != maxWaiting-maxLane {
			t.Errorf("%d more are taken", more)
		}
		close(hold)
		synctest.Wait()
		if !last || len(in.lanes) != 0 || in.waiting != 0 {
			t.Errorf("%d ran, %d lanes and %d messages are left", ran, len(in.lanes), in.waiting)
		}
	})
}

// TestWhereResponsesGo (RFC 3261 section 18.2, RFC 3581 section 4): to the
// address that the request is from, whatever its Via says, and to the Via's
// port, unless it has rport.
func TestWhereResponsesGo(t *testing.T) {
	for _, c := range []struct{ name, via, back, received string }{
		{"a true Via", "10.0.0.9:5060;branch=z9hG4bK1", "10.0.0.9:5060", ""},
		{"no port", "10.0.0.9;branch=z9hG4bK1", "10.0.0.9:5060", ""},
		{"another port", "10.0.0.9:5070;branch=z9hG4bK1", "10.0.0.9:5070", ""},
		{"rport", "10.0.0.9:5070;branch=z9hG4bK1;rport", "10.0.0.9:5060", "10.0.0.9"},
		{"a name", "pbx.example:5070;branch=z9hG4bK1", "10.0.0.9:5070", "10.0.0.9"},
		{"another address", "192.0.2.1;branch=z9hG4bK1", "10.0.0.9:5060", "10.0.0.9"},
		{"a lie", "10.0.0.9;branch=z9hG4bK1;received=192.0.2.1", "10.0.0.9:5060", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
				back := w
				if c.back != w.addr.String() {
					back = newWireAt(t, n, "10.0.0.9", 5070)
				}
				w.raw(phoneAt, "OPTIONS sip:10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP "+c.via+"\nFrom: <sip:w@10.0.0.9>;tag=1\nTo: <sip:10.0.0.1>\n"+
					"Call-ID: 1\nCSeq: 1 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n")
				if r := back.response(200); r.Via().Params.GetOr("received", "") != c.received {
					t.Errorf("received is %q, want %q", r.Via().Params.GetOr("received", ""), c.received)
				}
			})
		})
	}
}
