package phone

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/phone/control"
	"offhook/phone/ua"
)

// withFallback is a phone that talks to a, whose handset has another device as its fallback.
func withFallback(w *world, fallback string) (a, b, second *user) {
	w.t.Helper()
	a = w.local("handset")
	b = w.start("101", "handset", func(c *Config, _ *virtual.Profile) {
		c.Accounts = []ua.Account{extension("101", a)}
		c.Fallback = func(unplugged, other hid.Info) bool { return unplugged.Serial == "101" && other.Serial == fallback }
	})
	w.pass(time.Second)
	second = b.another("second", "headset")
	a.lift()
	a.press("101#")
	w.pass(time.Second)
	b.lift()
	w.pass(2 * time.Second)
	a.hearsUser(b, time.Second)
	return a, b, second
}

func TestTheConversationOfAnUnpluggedHandsetGoesOnAtItsFallback(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, second := withFallback(w, "second")
		b.device.Unplug()
		w.pass(2 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		second.lit("off-hook", "microphone")
		a.hearsUser(second, time.Second)
		second.hearsUser(a, time.Second)

		must(t, b.do(control.VerbHandset, "action=plug", "handset="+b.id())) // still in the hand
		w.pass(2 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		must(t, second.device.PressHook()) // put down at the headset, which has it
		w.pass(2 * time.Second)
		if n := len(a.phone.Status().Calls); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}

func TestAFallbackThatIsNotThereLeavesTheCallOnHold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, second := withFallback(w, "another one")
		b.device.Unplug()
		w.pass(2 * time.Second)
		b.want(control.StateHeld, control.CallActive+" held")
		a.want(control.StateTalking, control.CallActive+" remote-held")
		second.lit("hold")
	})
}

// Both are unplugged at once, as with a hub: the call waits. It may be the fallback's by then, depending on which was
// noticed first.
func TestAFallbackThatIsUnpluggedAsWellLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, second := withFallback(w, "second")
		b.device.Unplug()
		second.device.Unplug()
		w.pass(2 * time.Second)
		b.want(control.StateHeld, control.CallActive+" held")
		must(t, b.do(control.VerbHandset, "action=plug", "handset="+b.id()))
		w.pass(time.Second)
		if b.phone.Status().State == control.StateHeld {
			must(t, b.do(control.VerbResume))
		}
		w.pass(2 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, time.Second)
	})
}
