package phone

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/codec"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/exchange"
	"offhook/phone/ua"
	"offhook/phone/ua/uatest"
)

// A fifth of all packets of the signalling may be lost, and calls still come about and end on both sides. No more than two in a row
// are lost between two sockets: chance alone loses all five tries of an answer within ten seconds now and then.
func TestLossyNetworkStillCompletesCalls(t *testing.T) {
	for seed := range uint64(2) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.pair("handset", "handset")
			w.net.SetFaults(uatest.Faults{Loss: 0.2, LossRun: 2, Duplicate: 0.1, Delay: 5 * time.Millisecond, Jitter: 20 * time.Millisecond, Seed: seed})
			for range 2 {
				a.lift()
				a.press("101#")
				w.pass(20 * time.Second)
				b.want(control.StateRinging, control.CallIncoming)
				b.lift()
				w.pass(20 * time.Second)
				a.want(control.StateTalking, control.CallActive)
				b.want(control.StateTalking, control.CallActive)
				b.hangUp()
				w.pass(20 * time.Second)
				a.want(control.StateIdle)
				b.want(control.StateIdle)
				a.hangUp()
				a.lit()
				b.lit()
			}
		})
	}
}

func TestCodecs(t *testing.T) {
	for _, name := range codec.Names() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.local("handset")
				b := w.start("101", "handset", func(c *Config, _ *virtual.Profile) {
					acc := extension("101", a)
					acc.Codecs = []string{name}
					c.Accounts = []ua.Account{acc}
				})
				w.pass(time.Second)
				b.lift()
				b.press("100#")
				w.pass(time.Second)
				a.lift()
				w.pass(3 * time.Second)
				a.hearsUser(b, 2*time.Second)
				b.hearsUser(a, 2*time.Second)
				c := a.phone.Status().Calls[0]
				if c.Codec != name || c.Media == nil || c.Media.Codec != name {
					t.Errorf("status: codec %q, %+v; want %s", c.Codec, c.Media, name)
				}
				a.press("59")
				w.pass(2 * time.Second)
				b.events(control.EventDTMF, func(e control.Event) string { return e.Key + " " + e.Direction }, "5 in", "9 in")
				a.hangUp()
				b.hangUp()
				w.pass(time.Second)
				b.lift() // and the exchange's echo
				b.press("600#")
				w.pass(3 * time.Second)
				b.hearsUser(b, 2*time.Second)
				if c := b.phone.Status().Calls; len(c) != 1 || c[0].Codec != name {
					t.Errorf("the echo is %+v, want %s", c, name)
				}
			})
		})
	}
}

func TestStatusOfACallIsComplete(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		begin := time.Now()
		a, b := w.talking("handset", "handset")
		w.pass(4 * time.Second)
		s := b.phone.Status()
		c := s.Calls[0]
		if c.Direction != "in" || c.Account != "101" || c.Handset != b.id() || !strings.HasPrefix(c.Peer, "sip:100@") {
			t.Errorf("call %+v", c)
		}
		if c.Since.Before(begin) || c.Answered == nil || c.Answered.Sub(c.Since) != time.Second {
			t.Errorf("since %v, answered %v", c.Since, c.Answered)
		}
		m := c.Media
		if thin == 1 && (m.PacketsSent < 200 || m.PacketsReceived < 200 || m.Lost != 0 || m.BufferMS <= 0 || m.EarDBFS > 0 || m.MicDBFS > 0) {
			t.Errorf("media %+v", m)
		}
		h := b.status()
		if h.Name == "" || h.Kind != "handset" || h.Driver == "" || h.Sound != "file" || !h.Lifted || !h.Virtual || h.Call != c.ID ||
			!h.Lights["off-hook"] || h.Lights["ring"] || len(h.Controls) == 0 || h.Path == "" {
			t.Errorf("handset %+v", h)
		}
		if len(s.Accounts) != 1 || s.Accounts[0].State != control.AccountRegistered || s.Accounts[0].ExpiresIn < 3500 || s.Version != "test" {
			t.Errorf("status %+v", s)
		}
		if out := a.phone.Status().Calls[0]; out.Direction != "out" || out.Peer != "101" || out.Account != "local" || out.Handset != a.id() {
			t.Errorf("the caller's call %+v", out)
		}
		a.hangUp()
		w.pass(time.Second)
		for _, u := range []*user{a, b} {
			e := u.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.CallEnded })
			if m := e.Media; m == nil || m.Codec != "PCMA" || thin == 1 && (m.PacketsReceived < 200 || m.R < 90 || m.MOS < 4.3 || m.DelayMS < 20 || m.DelayMS > 100) {
				t.Errorf("at the end its sound is said to have been %+v", m)
			}
		}
	})
}

// Two phones that know each other's address need no server: direct calls, here over TCP.
func TestDirectCallOverTCP(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		direct := func(port int) func(*Config, *virtual.Profile) {
			return func(c *Config, _ *virtual.Profile) {
				c.Listen = []string{fmt.Sprintf("tcp:127.0.0.1:%d", port)}
				c.DirectCalls = true
				c.Accounts = []ua.Account{{Name: "direct", URI: "sip:me@127.0.0.1", Transport: "tcp"}}
			}
		}
		a, b := w.start("a", "handset", direct(5060)), w.start("b", "handset", direct(5070))
		a.want(control.StateIdle) // not offline: there is nothing to register
		a.lift()
		must(t, a.do(control.VerbDial, "target=sip:me@127.0.0.1:5070"))
		w.pass(time.Second)
		b.lit("ring", "ringer")
		b.lift()
		w.pass(3 * time.Second)
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
		for _, m := range a.sip {
			if m.Transport != "tcp" {
				t.Errorf("over %s: %.40q", m.Transport, m.Text)
			}
		}
		a.hangUp()
		w.pass(2 * time.Second)
		b.hears(1900*time.Millisecond, tone.Busy)
		if err := a.do(control.VerbAccountTest, "name=direct"); err == nil || !strings.Contains(err.Error(), "register = false") {
			t.Errorf("testing an account that does not register: %v", err)
		}
	})
}

// An exchange that wants passwords.
func guarded(t *testing.T, w *world) string {
	x, err := exchange.New(exchange.Config{Listen: "127.0.0.1:0", Users: map[string]string{"alice": "sesame"}, Network: exchangeNetwork{w.host}})
	must(t, err)
	must(t, x.Start(w.ctx))
	t.Cleanup(func() { x.Close() })
	return x.Addr().String()
}

func withPassword(addr string, password *string) func(*Config, *virtual.Profile) {
	return func(c *Config, _ *virtual.Profile) {
		c.Accounts = []ua.Account{{
			Name: "desk", URI: "sip:alice@" + addr, Register: true, Expires: time.Hour,
			Password: func() (string, error) { return *password, nil },
		}}
	}
}

func TestAccountTest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		password := "wrong"
		a := w.start("a", "handset", withPassword(guarded(t, w), &password))
		w.pass(time.Second)
		a.want(control.StateOffline)
		err := a.do(control.VerbAccountTest, "name=desk")
		if err == nil || !strings.Contains(err.Error(), "refused account desk") {
			t.Fatalf("a wrong password: %v", err)
		}
		password = "sesame" // mended: the test tries again
		must(t, a.do(control.VerbAccountTest, "name=desk"))
		a.want(control.StateIdle)
		must(t, a.do(control.VerbAccountTest, "name=desk"))
		if err := a.do(control.VerbAccountTest, "name=other"); err == nil || !strings.Contains(err.Error(), "no account") {
			t.Errorf("an unknown account: %v", err)
		}
		for _, m := range a.sip {
			if strings.Contains(m.Text, "sesame") {
				t.Error("the password is in a trace")
			}
		}
	})
}

func TestAccountTestOfAnUnreachableRegistrar(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		password := ""
		a := w.start("a", "handset", withPassword("127.0.0.1:9", &password))
		start := time.Now()
		err := a.do(control.VerbAccountTest, "name=desk")
		if err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d < 30*time.Second || d > 36*time.Second {
			t.Errorf("it took %v", d)
		}
		// Dialling goes on being possible, and says what is wrong.
		a.lift()
		a.press("101#")
		w.pass(40 * time.Second)
		a.hears(5*time.Second, tone.Reorder)
	})
}

func TestQuit(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p, err := New(Config{Network: w.host, ListenRTP: w.listenRTP})
		must(t, err)
		done := make(chan error, 1)
		go func() { done <- p.Run(w.ctx) }()
		w.pass(time.Second)
		events, cancel := p.Subscribe()
		defer cancel()
		for range 2 { // the second may find it ended
			r, err := p.Do(context.Background(), control.Command{Verb: control.VerbQuit})
			if err != nil && err.Error() != ErrStopped.Error() || err == nil && !r.OK {
				t.Errorf("quit: %+v, %v", r, err)
			}
		}
		start := time.Now()
		must(t, <-done)
		if d := time.Since(start); d > time.Second {
			t.Errorf("ending took %v", d)
		}
		for range events { // ends
		}
		if s := p.Status(); len(s.Calls) != 0 {
			t.Errorf("after the end there are calls: %+v", s.Calls)
		}
	})
}

// Ending in the middle of calls ends them for both sides.
func TestStopDuringCalls(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		start := time.Now()
		b.stop()
		if d := time.Since(start); d > time.Second {
			t.Errorf("ending took %v", d)
		}
		if got := b.messages(ua.Sent); got[len(got)-1] != "BYE" {
			t.Errorf("sent %q", got)
		}
		b.lit()
		b.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.CallEnded })
		if s := b.phone.Status(); len(s.Calls) != 0 || s.State == control.StateTalking {
			t.Errorf("status after the end: %+v", s)
		}
		w.pass(2 * time.Second)
		a.hears(1900*time.Millisecond, tone.Busy)
	})
}

func TestEventsOfACallInOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		a.hangUp()
		w.pass(time.Second)
		call := func(e control.Event) string {
			if e.Code != 0 {
				return fmt.Sprint(e.State, " ", e.Code)
			}
			return e.State
		}
		a.events(control.EventCall, call, "dialing", "alerting", "active", "ending", "ended 200")
		b.events(control.EventCall, call, "incoming", "answering", "active", "ended 200")
		key := func(e control.Event) string { return e.Key }
		a.events(control.EventKey, key, "1", "0", "1", "#")
		a.events(control.EventHandset, call, "plugged", "off-hook", "dial-tone", "collecting", "connected", "on-hook", "idle")
		b.events(control.EventHandset, call, "plugged", "off-hook", "connected", "tone")
		b.events(control.EventAccount, call, "registering", "registered 200")
	})
}

// What an event tells is in the status by then: nobody who listens and looks is behind.
func TestStatusIsNotBehindItsEvents(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.pair("handset", "handset")
		events, cancel := a.phone.Subscribe()
		wrong := make(chan string, 1)
		go func() {
			defer close(wrong)
			for e := range events {
				s := a.phone.Status()
				if e.Type == control.EventCall && e.State == control.CallAlerting && s.Calls[0].State != e.State {
					wrong <- s.Calls[0].State
				}
			}
		}()
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		cancel()
		for s := range wrong {
			t.Errorf("alerting, but the status says %s", s)
		}
		if err := a.do(control.VerbHangUp); err != nil {
			t.Fatal(err)
		}
		if n := len(a.phone.Status().Calls); n > 1 {
			t.Errorf("%d calls", n)
		}
	})
}
