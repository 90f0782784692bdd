package phone

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/media"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua/uatest"
)

// monkeys is people who do anything at any time, on three devices of two phones, over a bad network.
type monkeys struct {
	t     *testing.T
	w     *world
	rand  *rand.Rand
	users []*user
	log   []string
}

// step has somebody do something. That it makes no sense is their business: errors are refusals.
func (m *monkeys) step() {
	u := m.users[m.rand.IntN(len(m.users))]
	d := u.device
	number := []string{"100", "101", "600", "999"}[m.rand.IntN(4)]
	call := ""
	if calls := u.phone.Status().Calls; len(calls) > 0 {
		call = calls[m.rand.IntN(len(calls))].ID
	}
	acts := []struct {
		weight int
		what   string
		do     func() error
	}{
		{8, "lift", d.Lift},
		{6, "put down", d.HangUp},
		{6, "press " + number + "#", func() error { return d.Press(number + "#") }},
		{2, "press 1", func() error { return d.Press("1") }},
		{6, "flash", d.PressFlash},
		{3, "mute", d.PressMute},
		{2, "redial", d.PressRedial},
		{2, "reject", d.PressReject},
		{2, "hold key", func() error { return d.PressControl("hold") }},
		{2, "hook", d.PressHook},
		{1, "unplug", func() error { d.Unplug(); return nil }},
		{3, "plug", func() error { return u.do(control.VerbHandset, "action=plug", "handset="+u.id()) }},
		{3, "dial", func() error { return u.do(control.VerbDial, "target="+number) }},
		{2, "answer", func() error { return u.do(control.VerbAnswer) }},
		{1, "decline", func() error { return u.do(control.VerbDecline) }},
		{2, "hang up " + call, func() error { return u.do(control.VerbHangUp, "call="+call) }},
		{2, "hold " + call, func() error { return u.do(control.VerbHold, "call="+call) }},
		{2, "resume " + call, func() error { return u.do(control.VerbResume, "call="+call) }},
		{2, "conference", func() error { return u.do(control.VerbConference) }},
		{1, "swap", func() error { return u.do(control.VerbSwap) }},
		{1, "mute on", func() error { return u.do(control.VerbMute, "on=true") }},
		{1, "dtmf", func() error { return u.do(control.VerbDTMF, "keys=12") }},
		{1, "dnd on", func() error { return u.do(control.VerbDND, "on=true") }},
		{2, "dnd off", func() error { return u.do(control.VerbDND, "on=false") }},
	}
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	n := m.rand.IntN(total)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			err := a.do()
			m.log = append(m.log, fmt.Sprintf("%v %s: %s (%v)", time.Now().Format("04:05.000"), u.name, a.what, err))
			break
		}
	}
	pauses := [...]time.Duration{0, 0, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 3 * time.Second, 6 * time.Second}
	m.w.pass(pauses[m.rand.IntN(len(pauses))])
}

func (m *monkeys) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\nafter\n%s", fmt.Sprintf(format, args...), strings.Join(m.log, "\n"))
}

// check claims that everything agrees with the state of the phone, which is sound: its records, the devices, their sound.
func (m *monkeys) check() {
	m.t.Helper()
	for _, u := range m.users {
		var wrong error
		var lights map[string]bool
		_, err := u.phone.ask(m.w.ctx, func() error {
			p := u.phone
			wrong = desk.Check(p.state)
			h := p.handsets[desk.HandsetID(u.id())]
			lights = map[string]bool{}
			if h.device != nil {
				for _, name := range h.device.Lights() {
					if on, is := lit(desk.Indicators(p.state, h.id), name); is {
						lights[name] = on
					}
				}
			}
			if hs, ok := p.state.Handset(h.id); wrong == nil && (!ok || !hs.Lifted) {
				if plan := h.shown; plan != (media.Plan{Tone: plan.Tone}) || plan.Tone != tone.None && plan.Tone != tone.Ring {
					wrong = fmt.Errorf("%s is down, but has %+v", h.id, plan)
				}
			}
			return nil
		})
		if err != nil || wrong != nil {
			m.fail("%s: %v %v", u.name, err, wrong)
		}
		for name, on := range u.device.State().Lights {
			if u.device.State().Plugged && on != lights[name] {
				m.fail("%s: light %s is %t, the state says %t", u.name, name, on, lights[name])
			}
		}
	}
}

// settle gives everything up, and claims that nothing is left.
func (m *monkeys) settle() {
	m.t.Helper()
	m.w.net.SetFaults(m.w.faults)
	for _, u := range m.users {
		if !u.device.State().Plugged {
			must(m.t, u.do(control.VerbHandset, "action=plug", "handset="+u.id()))
		}
		must(m.t, u.device.HangUp())
	}
	m.w.pass(time.Second)
	for _, u := range m.users {
		for _, c := range u.phone.Status().Calls {
			u.do(control.VerbHangUp, "call="+c.ID) // or it has ended meanwhile
			u.do(control.VerbDecline, "call="+c.ID)
		}
	}
	m.w.pass(40 * time.Second) // BYEs that were lost, commands that nobody lifted for
	for _, u := range m.users {
		if s := u.phone.Status(); len(s.Calls) > 0 {
			m.fail("%s: calls are left: %+v", u.name, s.Calls)
		}
		if got := u.status().State; got != control.HandsetIdle {
			m.fail("%s: the handset is %s", u.name, got)
		}
		if got := u.device.State().Lit(); len(got) > 0 {
			m.fail("%s: it shows %q", u.name, got)
		}
		if slices.ContainsFunc(u.ear.lately(time.Second), func(v int16) bool { return v != 0 }) {
			m.fail("%s: it is heard", u.name)
		}
		_, err := u.phone.ask(m.w.ctx, func() error {
			if n := len(u.phone.calls); n > 0 {
				return fmt.Errorf("%d calls are kept in the records", n)
			}
			return nil
		})
		if err != nil {
			m.fail("%s: %v", u.name, err)
		}
	}
	if n := m.w.rtp(); n > 0 {
		m.fail("%d RTP sockets are left open", n)
	}
}

func TestAnythingAtAnyTime(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.pair("handset", "phone")
				second := b.another("second", []string{"headset", "handset", "headset-relative"}[seed%3])
				w.pass(time.Second)
				m := &monkeys{t: t, w: w, rand: rand.New(rand.NewPCG(seed, 7)), users: []*user{a, b, second}}
				w.net.SetFaults(uatest.Faults{Loss: 0.05, LossRun: 2, Duplicate: 0.05, Delay: 2 * time.Millisecond, Jitter: 10 * time.Millisecond})
				for range 2 {
					for range 40 {
						m.step()
						m.check()
					}
					m.settle()
					w.net.SetFaults(uatest.Faults{Loss: 0.1, LossRun: 2, Delay: 2 * time.Millisecond, Jitter: 30 * time.Millisecond})
				}
			})
		})
	}
}
