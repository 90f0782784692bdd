package phone

import (
	"testing"
	"time"

	"offhook/media/tone"
	"offhook/phone/control"
)

// dialled claims whom the caller called, as the callee was told.
func (u *user) dialled(want string) {
	u.w.t.Helper()
	s := u.phone.Status()
	if len(s.Calls) != 1 || s.Calls[0].Peer != want || s.Calls[0].Direction != "out" {
		u.w.t.Fatalf("calls %+v, want one to %q", s.Calls, want)
	}
}

// While digits are pressed nothing is heard but their own tones: dial tone ends at the first.
func TestKeysAreHeardWhileDialling(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.pair("handset", "handset")
		a.lift()
		w.pass(time.Second)
		for _, k := range []string{"1", "0", "5"} {
			a.press(k)
			w.pass(2 * time.Second)
		}
		_, ear := a.ear.last(6 * time.Second)
		if got := tone.Digits(tone.Detect(nil, ear, earRate)); thin == 1 && got != "105" {
			t.Errorf("heard the keys %q, want 105", got)
		}
		a.display("105", "")
		a.handset(control.HandsetCollecting)
		if d := a.status().Digits; d != "105" {
			t.Errorf("status says digits %q", d)
		}
	})
}

func TestNumberIsDialledAfterAPause(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.lift()
		a.press("10")
		w.pass(3900 * time.Millisecond)
		a.press("1")
		w.pass(3900 * time.Millisecond)
		a.handset(control.HandsetCollecting)
		b.lit()
		w.pass(200 * time.Millisecond)
		a.dialled("101")
		b.lit("ring", "ringer")
	})
}

func TestDialToneRunsOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.pair("handset", "handset")
		a.lift()
		w.pass(14900 * time.Millisecond)
		a.hears(14*time.Second, tone.Dial)
		w.pass(2200 * time.Millisecond)
		a.hears(2*time.Second, tone.Reorder)
		a.hangUp()
		a.lit()
	})
}

func TestOnHookDialling(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.press("101")
		a.display("101", "Lift to call")
		a.hearsNothing(100 * time.Millisecond)
		a.lift()
		w.pass(time.Second)
		a.dialled("101")
		b.lit("ring", "ringer")
		a.hangUp()
		w.pass(time.Second)

		a.press("5") // and forgotten, when nobody lifts
		w.pass(11 * time.Second)
		a.display("", "")
		a.lift()
		a.handset(control.HandsetDialTone)
	})
}

func TestDialByCommandRingsAndLiftingConnects(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		must(t, a.do(control.VerbDial, "target=101"))
		a.lit("ring", "ringer")
		a.display("101", "Lift to call")
		a.handset(control.HandsetCallingBack)
		b.lit()
		a.lift()
		w.pass(time.Second)
		a.dialled("101")
		b.lit("ring", "ringer")
		b.lift()
		w.pass(3 * time.Second)
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
	})
}

func TestDialByCommandThatNobodyLiftsFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		must(t, a.do(control.VerbDial, "target=101"))
		w.pass(29 * time.Second)
		a.lit("ring", "ringer")
		w.pass(2 * time.Second)
		a.lit()
		a.hearsNothing(500 * time.Millisecond)
		a.handset(control.HandsetIdle)
		b.sent()
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventError && e.Peer == "101" && e.Reason == "nobody lifted the handset"
		})

		// Hanging up what is only going to be dialled cancels it.
		must(t, a.do(control.VerbDial, "target=101"))
		must(t, a.do(control.VerbHangUp))
		a.lit()
		b.sent()
	})
}

func TestDialByCommandWithAHeadset(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("headset", "handset")
		must(t, a.do(control.VerbDial, "target=101"))
		w.pass(time.Second)
		a.lit("off-hook")
		b.lift()
		w.pass(3 * time.Second)
		a.hearsUser(b, time.Second)
		b.hangUp()
		w.pass(2 * time.Second)
		a.hears(1900*time.Millisecond, tone.Busy)
		w.pass(3 * time.Second) // there is no cradle to put it into
		a.lit()
		a.handset(control.HandsetIdle)
	})
}

func TestRedial(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.lift()
		must(t, a.device.PressRedial()) // of nothing
		w.pass(time.Second)
		a.handset(control.HandsetDialTone)
		a.press("101#")
		w.pass(time.Second)
		a.hangUp()
		w.pass(time.Second)
		b.lit()

		a.lift()
		must(t, a.device.PressRedial())
		w.pass(time.Second)
		a.dialled("101")
		b.lit("ring", "ringer")
		a.hangUp()
		w.pass(time.Second)

		must(t, a.device.PressRedial()) // down: it rings, and lifting calls
		w.pass(time.Second)
		a.lit("ring", "ringer")
		b.lit()
		a.lift()
		w.pass(time.Second)
		a.dialled("101")
		b.lit("ring", "ringer")
	})
}

func TestTonesOfCallsThatFail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		c := w.extension("102", "handset", a)
		w.pass(time.Second)
		fails := func(number string, want tone.Tone, note string) {
			t.Helper()
			a.lift()
			a.press(number + "#")
			w.pass(3 * time.Second)
			a.want(control.StateIdle)
			a.hears(2900*time.Millisecond, want)
			if line := a.device.State().Display[0]; line != note {
				t.Errorf("%s: the display says %q, want %q", number, line, note)
			}
			a.lit("off-hook")
			a.hangUp()
			a.lit()
			w.pass(time.Second)
			a.hearsNothing(900 * time.Millisecond)
		}
		fails("999", tone.Reorder, "No Such Extension")
		must(t, b.do(control.VerbDND, "on=true"))
		fails("101", tone.Busy, "Busy Here")
		must(t, b.do(control.VerbDND, "on=false"))
		c.stop() // unregisters
		fails("102", tone.Reorder, "Not Registered")
	})
}

func TestHeldCallRingsBackWhenPutDown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		must(t, a.device.PressFlash())
		w.pass(time.Second)
		a.hangUp()
		w.pass(12 * time.Second)
		a.lit("hold", "ring", "ringer")
		a.hears(11*time.Second, tone.Ring)
		b.hearsNothing(time.Second)
		w.pass(20 * time.Second)
		a.lit("hold") // enough for now
		w.pass(time.Minute)
		a.lit("hold", "ring", "ringer")
		a.lift()
		w.pass(3 * time.Second)
		a.lit("off-hook")
		b.hearsUser(a, time.Second)
	})
}

// A command that cannot be carried out is refused at once, and nothing comes of it: no ring, no tone, no call.
func TestAnAddressThatCannotBeCalledIsRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		u, _ := w.pair("handset", "handset")
		for _, target := range []string{"sip:", "sip:a b@c", "6\x0100", "sips:"} {
			if err := u.do(control.VerbDial, "target="+target); err == nil {
				t.Errorf("%q was accepted", target)
			}
		}
		u.lit()
		u.handset(control.HandsetIdle)
		u.lift()
		if err := u.do(control.VerbDial, "target=sip:a b@c"); err == nil {
			t.Error("accepted with the handset lifted")
		}
		w.pass(time.Second)
		u.handset(control.HandsetDialTone)
		u.want(control.StateIdle)
		u.sent()
		if n := w.rtp(); n != 0 {
			t.Errorf("%d RTP sockets", n)
		}
	})
}
