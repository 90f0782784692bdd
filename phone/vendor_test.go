package phone

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/tone"
	"offhook/phone/control"
)

// A phone with a protocol of its own, through the driver for it and the whole of the program.
func TestCallsWithAnHPHandset(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("hp-handset", "handset")

		// It calls: lifted, dialled on its own keypad, sent by its green key.
		a.lift()
		a.lit("off-hook")
		w.pass(time.Second)
		a.hears(900*time.Millisecond, tone.Dial)
		a.press("101")
		a.must(a.device.PressControl("green"))
		w.pass(time.Second)
		if !b.device.State().Ringing {
			t.Fatal("the other phone doesn't ring")
		}
		w.pass(11 * time.Second)
		a.hears(11*time.Second, tone.Ringback)
		b.lift()
		w.pass(2 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		b.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, 2*time.Second)
		b.hearsUser(a, 2*time.Second)
		a.must(a.device.PressMute())
		a.lit("off-hook", "mute")
		a.must(a.device.PressMute())
		a.lit("off-hook")
		a.hangUp()
		w.pass(time.Second)
		a.want(control.StateIdle)
		a.lit()
		b.hangUp()

		// It is called: rings by sound through its base, and is lifted.
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.want(control.StateRinging, control.CallIncoming)
		a.lit("off-hook", "speaker")
		w.pass(11 * time.Second)
		a.hears(11*time.Second, tone.Ring)
		a.lift()
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.lit("off-hook")
		b.hangUp()
		w.pass(time.Second)
		a.hangUp()
		w.pass(time.Second)
		a.want(control.StateIdle)

		// It declines by its red key.
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.must(a.device.PressControl("red"))
		w.pass(time.Second)
		a.want(control.StateIdle)
		a.lit()
	})
}

// Every phone with a protocol of its own calls, is called, answers and hangs up.
func TestCallsWithEveryVendorPhone(t *testing.T) {
	for n, p := range virtual.VendorProfiles() {
		t.Run(p.Name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.pair(p.Name, "handset")
				idle := a.device.State().Lit() // a line that has power, a presence
				for range 2 - min(1, n) {      // the first one twice: whatever a call left behind must not hinder the next
					a.lift()
					a.press("101#")
					w.pass(time.Second)
					b.lift()
					w.pass(3 * time.Second)
					a.want(control.StateTalking, control.CallActive)
					a.hearsUser(b, 2*time.Second)
					b.hearsUser(a, 2*time.Second)
					a.hangUp()
					w.pass(time.Second)
					a.want(control.StateIdle)
					a.lit(idle...)
					b.hangUp()

					b.lift()
					b.press("100#")
					w.pass(time.Second)
					a.want(control.StateRinging, control.CallIncoming)
					a.lift()
					w.pass(time.Second)
					a.want(control.StateTalking, control.CallActive)
					b.hangUp() // the other side ends it
					w.pass(3 * time.Second)
					if p.Kind.Cradled() {
						a.hangUp()
					}
					w.pass(time.Second)
					a.want(control.StateIdle)
					a.lit(idle...)
				}
			})
		})
	}
}

func TestTheEX03ShowsWhoCalls(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("ex-03", "handset")
		a.lift()
		a.press("12")
		w.pass(time.Second)
		a.display("", "12")
		a.press("#")
		w.pass(time.Second)
		a.hangUp()
		w.pass(time.Second)
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.lit("ring")
		a.display("", "101")
		b.hangUp()
		w.pass(time.Second)
		a.lit()
	})
}

// An old telephone on a sound adapter has no keypad: it answers, and calls what was dialled for it.
func TestCallsWithATelephoneOnASoundAdapter(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("adapter-gpio3", "handset")
		b.lift()
		b.press("100#")
		w.pass(time.Second / 2)
		a.want(control.StateRinging, control.CallIncoming)
		a.lit("ring")
		w.pass(time.Second)
		a.lit() // between two rings
		a.lift()
		w.pass(5 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, 4*time.Second)
		a.hangUp()
		w.pass(time.Second)
		a.want(control.StateIdle)
		b.hangUp()
		a.must(a.do(control.VerbDial, "target=101"))
		a.lift()
		w.pass(time.Second)
		b.lift()
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.hangUp()
		b.hangUp()
	})
}

func TestAYealinkShowsWhoCallsAndForHowLong(t *testing.T) {
	for _, name := range []string{"yealink-p1k", "yealink-p1kh", "yealink-p4k", "usr9601"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.pair(name, "handset")
				b.lift()
				b.press("100#")
				w.pass(time.Second)
				a.display("", "IN", "101")
				b.hangUp()
				w.pass(time.Second)
				a.display("", "NEW", "1")
				a.lift()
				w.pass(time.Second)
				a.press("10")
				w.pass(time.Second)
				a.display("", "", "10")
				a.press("1#")
				w.pass(time.Second)
				b.lift()
				w.pass(7*time.Second + time.Second/2)
				a.display("00:07", "", "101")
				a.hangUp()
				w.pass(time.Second)
				a.want(control.StateIdle)
			})
		})
	}
}

// Lights and display through the whole of the program.
func TestCallsWithACX300(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("cx300", "handset")
		a.lit()
		a.display("", "")
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.lit("ring")
		a.display("101", "Incoming call")
		a.lift()
		w.pass(2 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.lit("off-hook", "red")
		a.display("101", "0:02")
		a.must(a.device.PressMute())
		a.lit("off-hook", "red", "mute")
		a.display("101", "Muted")
		b.hangUp()
		w.pass(time.Second)
		a.hangUp()
		w.pass(time.Second)
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.must(a.device.PressReject())
		w.pass(time.Second)
		a.want(control.StateIdle)
		a.lit()
	})
}

func TestCallsWithVendorHeadsets(t *testing.T) {
	lit := map[string][2][]string{ // while it rings, and while talking
		"cx100": {{"ring"}, {"off-hook"}}, "gn8120": {{"ring"}, {"off-hook"}}, "gn9350": {{"ringer"}, {"link"}},
	}
	for _, p := range virtual.VendorHeadsets() {
		t.Run(p.Name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.pair(p.Name, "handset")
				for range 2 {
					b.lift()
					b.press("100#")
					w.pass(time.Second / 2)
					a.want(control.StateRinging, control.CallIncoming)
					a.lit(lit[p.Name][0]...)
					a.must(a.device.PressHook())
					w.pass(5 * time.Second)
					a.want(control.StateTalking, control.CallActive)
					a.lit(lit[p.Name][1]...)
					a.hearsUser(b, 4*time.Second)
					a.must(a.device.PressHook())
					w.pass(time.Second)
					a.want(control.StateIdle)
					a.lit()
					b.hangUp()
					w.pass(time.Second)
				}
			})
		})
	}
}

// A handset without a cradle rings by its sound, unless it has a ringer.
func TestPhonesWithoutARingerRingByTheirSound(t *testing.T) {
	for name, bySound := range map[string]bool{
		"cypress-phone": true, "goodcom": true, "yealink-p1k": false, "yealink-p4k": true, "headset": false,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.pair(name, "handset")
				b.lift()
				b.press("100#")
				w.pass(12 * time.Second)
				a.want(control.StateRinging, control.CallIncoming)
				if bySound {
					a.hears(11*time.Second, tone.Ring)
				} else {
					a.hearsNothing(11 * time.Second)
				}
			})
		})
	}
}
