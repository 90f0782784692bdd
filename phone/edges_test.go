package phone

import (
	"fmt"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// Two phones of one extension ring together. What one answers the other has not missed.
func TestAnsweredElsewhereIsNotMissed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, one := w.pair("handset", "handset")
		other := w.start("other", "handset", func(c *Config, _ *virtual.Profile) {
			c.Accounts = []ua.Account{extension("101", caller)}
		})
		w.pass(time.Second)
		caller.lift()
		caller.press("101#")
		w.pass(time.Second)
		one.lit("ring", "ringer")
		other.lit("ring", "ringer")
		one.lift()
		w.pass(3 * time.Second)
		other.lit()
		other.want(control.StateIdle)
		one.hearsUser(caller, time.Second)
		if n := other.phone.Status().Missed; n != 0 {
			t.Errorf("%d missed calls at the phone that was not needed", n)
		}
	})
}

// The user agent's answers to orders that come too late change nothing, and an order for a call that it has lost ends
// the call.
func TestOrderForACallThatTheAgentLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		_, err := a.phone.ask(w.ctx, func() error {
			for id := range a.phone.calls {
				if err := a.phone.agent.HangUp(string(id)); err != nil { // behind the phone's back
					return err
				}
				a.phone.feed(desk.CmdHangUp{Call: id})
			}
			return nil
		})
		must(t, err)
		w.pass(2 * time.Second)
		a.want(control.StateIdle)
		b.want(control.StateIdle)
		a.hangUp()
		b.hangUp()
		if n := w.rtp(); n != 0 {
			t.Errorf("%d RTP sockets", n)
		}

		_, err = a.phone.ask(w.ctx, func() error {
			a.phone.orEnd("out-99", "hanging up", fmt.Errorf("no: %w", ua.ErrUnknownCall))
			return nil
		})
		must(t, err)
		w.pass(2 * time.Second) // and nothing happens
	})
}

// Devices without serial numbers look new at each port: the phone remembers only so many.
func TestOldHandsetsAreForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		shape, err := virtual.ByName("phone")
		must(t, err)
		for i := range maxHandsets + 8 {
			v := virtual.New(shape, virtual.WithSerial(fmt.Sprintf("port-%d", i)))
			must(t, b.phone.AttachVirtual(v, Sound{Port: w.sound("")}))
			v.Unplug()
			w.pass(10 * time.Millisecond)
		}
		if n := len(b.phone.Status().Handsets); n != maxHandsets {
			t.Errorf("%d handsets are remembered, want %d", n, maxHandsets)
		}
		b.handset(control.HandsetConnected) // whoever has a call stays
		w.pass(2 * time.Second)
		b.hearsUser(a, time.Second)
	})
}

// A subscriber that does not read is cut off, and nobody waits for it.
func TestSlowSubscriberIsCutOff(t *testing.T) {
	h := newHub()
	slow, cancelSlow := h.subscribe()
	good, cancelGood := h.subscribe()
	for i := range subscriberQueue + 10 {
		h.send(control.Event{Code: i})
		if e, ok := <-good; !ok || e.Code != i {
			t.Fatalf("event %d: %+v, %t", i, e, ok)
		}
	}
	n := 0
	for range slow {
		n++
	}
	if n != subscriberQueue {
		t.Errorf("the slow one got %d events, want %d", n, subscriberQueue)
	}
	cancelSlow()
	cancelGood()
	cancelGood()
	h.close()
	if late, _ := h.subscribe(); late != nil {
		if _, open := <-late; open {
			t.Error("a stream of a hub that is closed")
		}
	}
}
