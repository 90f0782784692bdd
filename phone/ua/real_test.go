package ua

import (
	"context"
	"strings"
	"testing"
	"time"
)

// realPhone is an agent on the machine's own sockets.
func realPhone(t *testing.T, listen string) (*Agent, chan Event, chan TraceMessage) {
	t.Helper()
	events, trace := make(chan Event, 100), make(chan TraceMessage, 100)
	a, err := New(Config{DirectCalls: true, Listen: []string{listen}, Handler: func(e Event) { events <- e },
		Trace: func(m TraceMessage) {
			select {
			case trace <- m:
			default:
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()) })
	return a, events, trace
}

func real1[E Event](t *testing.T, ch chan Event) E {
	t.Helper()
	for {
		select {
		case e := <-ch:
			if x, ok := e.(E); ok {
				return x
			}
			if _, ok := e.(Progress); !ok {
				t.Fatalf("event %T%+v", e, e)
			}
		case <-time.After(time.Minute):
			t.Fatal("no event")
		}
	}
}

func TestCallOverRealSockets(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			t.Run(transport+" "+host, func(t *testing.T) {
				a, ae, _ := realPhone(t, transport+":"+host+":0")
				b, be, _ := realPhone(t, transport+":"+host+":0")
				target := "sip:b@" + listening(b, transport) + ";transport=" + transport
				if err := a.Dial("1", "", target, lm); err != nil {
					t.Fatal(err)
				}
				in := real1[Incoming](t, be)
				b.Ring(in.Call, LocalMedia{Port: 5002})
				b.Answer(in.Call, LocalMedia{Port: 5002})
				real1[Answered](t, be)
				if e := real1[Answered](t, ae); e.Media.Remote.Port() != 5002 || e.Media.Remote.Addr().String() != strings.Trim(host, "[]") {
					t.Errorf("%+v", e)
				}
				a.HangUp("1")
				real1[Ended](t, ae)
				real1[Ended](t, be)
			})
		}
	}
}

// listening is the host:port where an agent listens.
func listening(a *Agent, transport string) string {
	a.stack.mu.Lock()
	defer a.stack.mu.Unlock()
	if transport == "tcp" {
		return a.stack.listeners[0].String()
	}
	for _, s := range a.stack.udp {
		return s.conn.LocalAddr().String()
	}
	return ""
}

// TestAnswerIsWrittenAtOnce measures what the desk phone feels: from Answer to
// the 200 on the wire.
func TestAnswerIsWrittenAtOnce(t *testing.T) {
	a, ae, _ := realPhone(t, "udp:127.0.0.1:0")
	b, be, trace := realPhone(t, "udp:127.0.0.1:0")
	var worst time.Duration
	slow := 0 // above the target
	const calls = 60
	for range calls {
		if err := a.Dial("1", "", "sip:b@"+listening(b, "udp"), lm); err != nil {
			t.Fatal(err)
		}
		in := real1[Incoming](t, be)
		start := time.Now()
		b.Answer(in.Call, lm)
		for m := range trace {
			if m.Direction == Sent && strings.HasPrefix(m.Text, "SIP/2.0 200") && strings.Contains(m.Text, "INVITE\r\n") {
				d := m.Time.Sub(start)
				worst = max(worst, d)
				if d > time.Millisecond {
					slow++
				}
				break
			}
		}
		real1[Answered](t, be)
		real1[Answered](t, ae)
		a.HangUp("1")
		real1[Ended](t, ae)
		real1[Ended](t, be)
		for len(trace) > 0 {
			<-trace
		}
	}
	t.Logf("worst of %d: %v, %d above 1 ms", calls, worst, slow)
	// The target is p99 < 1 ms; a shared, loaded machine and the race detector
	// get room here, the benchmark none.
	if slow > calls/2 {
		t.Errorf("%d of %d answers took more than 1 ms, the worst %v", slow, calls, worst)
	}
}
