package ua

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/phone/ua/uatest"
)

// TestCallsSurviveABadNetwork: registration, call, hold, resume and hang-up
// while packets are lost, delayed, doubled and overtake each other.
func TestCallsSurviveABadNetwork(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := uatest.NewNetwork(uatest.Faults{Seed: seed, Loss: 0.15, LossRun: 2, Duplicate: 0.1, Delay: 10 * time.Millisecond, Jitter: 60 * time.Millisecond})
				newRegistrar(t, n)
				a := member(t, n, "10.0.0.1", "alice", "secret-a")
				b := member(t, n, "10.0.0.2", "bob", "secret-b")
				registered(a)
				registered(b)
				out, in := connect(t, a, b, "bob")
				time.Sleep(40 * time.Second)
				a.Hold(out)
				if e := expect[MediaChanged](a); !e.LocalHold {
					t.Errorf("%+v", e)
				}
				if e := expect[MediaChanged](b); !e.RemoteHold {
					t.Errorf("%+v", e)
				}
				time.Sleep(40 * time.Second)
				a.Resume(out)
				if e := expect[MediaChanged](a); e.LocalHold {
					t.Errorf("%+v", e)
				}
				if e := expect[MediaChanged](b); e.RemoteHold {
					t.Errorf("%+v", e)
				}
				b.HangUp(in)
				expect[Ended](b)
				if e := expect[Ended](a); !e.Remote || e.Code != 200 {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// TestNothingIsRememberedAfterTheCalls looks for leaks: an hour after many
// calls of every fate, no call and no dialog is known.
func TestNothingIsRememberedAfterTheCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{Seed: 7, Loss: 0.05, LossRun: 2, Delay: 5 * time.Millisecond})
		a, b := direct(t, n, "10.0.0.1", "udp"), direct(t, n, "10.0.0.2", "udp")
		for i := range 40 {
			id := fmt.Sprint(i)
			if err := a.Dial(id, "", "sip:b@10.0.0.2", lm); err != nil {
				t.Fatal(err)
			}
			in := expect[Incoming](b)
			switch i % 4 {
			case 0:
				b.Reject(in.Call, 486)
			case 1:
				a.HangUp(id)
			case 2:
				b.Answer(in.Call, lm)
				expect[Answered](b)
				expect[Answered](a)
				a.HangUp(id)
			case 3:
				b.Ring(in.Call)
				b.Answer(in.Call, lm)
				expect[Answered](b)
				b.HangUp(in.Call)
			}
			for _, p := range []*phone{a, b} {
				for {
					if _, ok := waitAny(p).(Ended); ok {
						break
					}
				}
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for _, p := range []*phone{a, b} {
			p.Agent.mu.Lock()
			if len(p.calls)+len(p.dialogs)+len(p.busy) != 0 {
				t.Errorf("%d calls, %d dialogs, %d busy", len(p.calls), len(p.dialogs), len(p.busy))
			}
			p.Agent.mu.Unlock()
			in := p.stack.intake
			in.mu.Lock()
			if len(in.lanes)+in.waiting != 0 {
				t.Errorf("%d lanes, %d messages", len(in.lanes), in.waiting)
			}
			in.mu.Unlock()
			tx := p.stack.tx
			tx.mu.Lock()
			if len(tx.clients)+len(tx.servers) != 0 {
				t.Errorf("%d client and %d server transactions", len(tx.clients), len(tx.servers))
			}
			tx.mu.Unlock()
		}
	})
}

// TestTortureMessagesDoNoHarm feeds the messages of RFC 4475 that sipgo
// ships, and pieces of them, and then makes a call.
func TestTortureMessagesDoNoHarm(t *testing.T) {
	dir := tortureDir(t)
	files, err := filepath.Glob(dir + "/*/*.dat")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		raw, err := n.Host("10.0.0.66").ListenPacket(context.Background(), "10.0.0.66:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			to := udpAddr(phoneAt)
			raw.WriteTo(data, to)
			for _, cut := range []int{1, 4, 10, len(data) / 3, len(data) / 2, len(data) - 1} {
				if cut < len(data) {
					raw.WriteTo(data[:cut], to)
				}
			}
			raw.WriteTo([]byte(strings.ReplaceAll(string(data), "INVITE", "BYE")), to)
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		for len(p.events) > 0 { // some are calls that may ring: direct calls are on
			if e, ok := (<-p.events).(Incoming); ok {
				p.Reject(e.Call, 603)
			}
			synctest.Wait()
		}
		l, call := answered(t, p, w)
		p.HangUp(call)
		expect[Ended](p)
		_ = l
	})
}

func TestMalformedRequestsGet400(t *testing.T) {
	withWire(t, func(t *testing.T, n *uatest.Network, p *phone, w *wire) {
		const head = "INVITE sip:p@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK%d\n"
		for i, text := range []string{
			"From: <sip:a@b>;tag=1\nTo: <sip:p@10.0.0.1>\nCall-ID: x\nCSeq: 1 OPTIONS\n",
			"To: <sip:p@10.0.0.1>\nCall-ID: x\nCSeq: 1 INVITE\n",
			"From: <sip:a@b>;tag=1\nCall-ID: x\nCSeq: 1 INVITE\n",
			"From: <sip:a@b>;tag=1\nTo: <sip:p@10.0.0.1>\nCSeq: 1 INVITE\n",
			"From: <sip:a@b>;tag=1\nTo: <sip:p@10.0.0.1>\nCall-ID: x\n",
			"From: <sip:a@b>;tag=1\nTo: <sip:p@10.0.0.1>\nCall-ID: x2\nCSeq: 1 INVITE\n", // no Contact
		} {
			w.raw(phoneAt, fmt.Sprintf(head, i)+text+"Content-Length: 0\n\n")
			w.response(400)
			w.drain()
		}
		w.raw(phoneAt, "OPTIONS sip:p@10.0.0.1 SIP/7.0\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKz\nFrom: <sip:a@b>;tag=1\nTo: <sip:p@10.0.0.1>\nCall-ID: y\nCSeq: 1 OPTIONS\n\n")
		for {
			if r := w.next(patience).(*sip.Response); r.StatusCode == 505 {
				break
			}
		}
		p.quietFor(time.Second)
	})
}

func TestLongRequestGoesByTCPAndRefusedByUDPAgain(t *testing.T) {
	for _, tcp := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			n := uatest.NewNetwork(uatest.Faults{})
			a := direct(t, n, "10.0.0.1", "udp")
			listen := []string{"udp:10.0.0.2:5060"}
			if tcp {
				listen = append(listen, "tcp:10.0.0.2:5060")
			}
			b := newPhone(t, n.Host("10.0.0.2"), Config{DirectCalls: true, Listen: listen})
			out, in := connect(t, a, b, "sip:b@10.0.0.2;x="+strings.Repeat("long", 220))
			if got := len(a.last("> INVITE")); got <= maxDatagramRequest {
				t.Fatalf("INVITE has only %d bytes", got)
			}
			if got := strings.Contains(a.last("> INVITE"), "Via: SIP/2.0/TCP"); got != tcp {
				t.Errorf("by TCP: %v", got)
			}
			b.Hold(in)
			expect[MediaChanged](b)
			expect[MediaChanged](a)
			synctest.Wait()
			a.HangUp(out)
			expect[Ended](a)
			expect[Ended](b)
		})
	}
}

func TestLostTCPConnectionIsRegisteredAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := uatest.NewNetwork(uatest.Faults{})
		l, err := n.Host("10.0.0.50").Listen(t.Context(), "10.0.0.50:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		conns := make(chan net.Conn, 10)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				conns <- c
				go acceptRegistrations(t, c)
			}
		}()
		p := newPhone(t, n.Host("10.0.0.1"), Config{Accounts: []Account{{Name: "x", URI: "sip:x@10.0.0.50", Transport: "tcp", Register: true}}})
		registered(p)
		(<-conns).Close()
		if e := expect[Registration](p); e.State != Registering || !strings.Contains(e.Reason, "lost") {
			t.Errorf("%+v", e)
		}
		if e := expect[Registration](p); e.State != Registered {
			t.Errorf("%+v", e)
		}
		p.Close(context.Background())
	})
}

// acceptRegistrations answers each request on c with 200; messages come one a
// read from the memory network.
func acceptRegistrations(t *testing.T, c net.Conn) {
	buf := make([]byte, 65536)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		m, err := sip.ParseMessage(append([]byte(nil), buf[:n]...))
		if err != nil {
			t.Errorf("%v", err)
			return
		}
		req := m.(*sip.Request)
		res := sip.NewResponseFromRequest(req, 200, "OK", nil)
		res.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<%s>;expires=600", req.Contact().Address.String())))
		c.Write([]byte(res.String()))
	}
}

func TestPortInUseIsSaid(t *testing.T) {
	n := uatest.NewNetwork(uatest.Faults{})
	direct(t, n, "10.0.0.1", "udp")
	a, err := New(Config{Network: n.Host("10.0.0.1"), Listen: []string{"udp:10.0.0.1:5060"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "the port is in use") {
		t.Errorf("error %v", err)
	}
}
