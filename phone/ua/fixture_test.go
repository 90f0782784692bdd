package ua

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/phone/ua/uatest"
)

// phone is an Agent under test with its events and its messages.
type phone struct {
	t *testing.T
	*Agent
	name   string
	events chan Event

	mu    sync.Mutex // guards trace
	trace []TraceMessage
}

// lm is the end of sound tests use; nothing listens there.
var lm = LocalMedia{Port: 4000}

// Ring rings before our end of the sound is known.
func (p *phone) Ring(call string) error { return p.Agent.Ring(call, LocalMedia{}) }

// testLog writes logs when TEST_LOG is set.
func testLog() *slog.Logger {
	if os.Getenv("TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newPhone makes and starts an agent on a host; the end of the test closes it.
func newPhone(t *testing.T, host Network, cfg Config) *phone {
	t.Helper()
	p := &phone{t: t, events: make(chan Event, 1000)}
	cfg.Network, cfg.Logger = host, testLog()
	cfg.Handler = func(e Event) { p.events <- e }
	cfg.Trace = func(m TraceMessage) {
		p.mu.Lock()
		p.trace = append(p.trace, m)
		p.mu.Unlock()
		if os.Getenv("TEST_TRACE") != "" {
			fmt.Printf("%v %v %s → %s\n%s\n", m.Time.Format("05.000"), m.Direction, m.Local, m.Remote, m.Text)
		}
	}
	var err error
	if p.Agent, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

// direct is a phone that takes direct calls at port 5060 of host.
func direct(t *testing.T, n *uatest.Network, host, transport string) *phone {
	return newPhone(t, n.Host(host), Config{DirectCalls: true, Listen: []string{transport + ":" + host + ":5060"}})
}

// patience is how long an event may take, in virtual time.
const patience = 70 * time.Second

// expect gives the next event, which must be an E.
func expect[E Event](p *phone) E {
	p.t.Helper()
	select {
	case e := <-p.events:
		if x, ok := e.(E); ok {
			return x
		}
		p.t.Fatalf("event %T%+v, want %v", e, e, reflect.TypeFor[E]())
	case <-time.After(patience):
		p.t.Fatalf("no event, want %v\n%s", reflect.TypeFor[E](), p.ladder())
	}
	panic("unreachable")
}

// quietFor checks that no event comes for d.
func (p *phone) quietFor(d time.Duration) {
	p.t.Helper()
	select {
	case e := <-p.events:
		p.t.Fatalf("unexpected event %T%+v", e, e)
	case <-time.After(d):
	}
}

// ladder is what the phone sent and received, a line each: "> INVITE",
// "< 200 INVITE".
func (p *phone) ladder() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, m := range p.trace {
		b.WriteString(short(m) + "\n")
	}
	return b.String()
}

func short(m TraceMessage) string {
	arrow := "<"
	if m.Direction == Sent {
		arrow = ">"
	}
	first, rest, _ := strings.Cut(m.Text, "\r\n")
	f := strings.Fields(first)
	if len(f) < 2 {
		return arrow + " ?"
	}
	if f[0] != "SIP/2.0" {
		return arrow + " " + f[0]
	}
	_, cseq, _ := strings.Cut(rest, "CSeq: ")
	cseq, _, _ = strings.Cut(cseq, "\r\n")
	_, method, _ := strings.Cut(cseq, " ")
	return arrow + " " + f[1] + " " + method
}

// sent counts the lines of the ladder that equal line.
func (p *phone) count(line string) int {
	n := 0
	for l := range strings.Lines(p.ladder()) {
		if strings.TrimSpace(l) == line {
			n++
		}
	}
	return n
}

// last is the text of the last message whose ladder line is line.
func (p *phone) last(line string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.trace) - 1; i >= 0; i-- {
		if short(p.trace[i]) == line {
			return p.trace[i].Text
		}
	}
	return ""
}

// connect has a call b and b answer.
func connect(t *testing.T, a, b *phone, target string) (out, in string) {
	t.Helper()
	out = "out-1"
	if err := a.Dial(out, "", target, lm); err != nil {
		t.Fatal(err)
	}
	inc := expect[Incoming](b)
	if err := b.Answer(inc.Call, lm); err != nil {
		t.Fatal(err)
	}
	expect[Answered](b)
	for {
		select {
		case e := <-a.events:
			switch e := e.(type) {
			case Progress:
			case Answered:
				synctest.Wait()
				return out, inc.Call
			default:
				t.Fatalf("event %T%+v, want Answered", e, e)
			}
		case <-time.After(patience):
			t.Fatalf("no answer\n%s", a.ladder())
		}
	}
}

// bubble runs a test with virtual time.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }
