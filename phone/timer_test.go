package phone

import (
	"testing"
	"time"

	"offhook/phone/control"
)

func TestADisplayCountsTheCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		answered := time.Now().Add(-time.Since(*a.phone.Status().Calls[0].Answered))
		until := func(d time.Duration) { w.pass(time.Until(answered.Add(d))) }

		until(7 * time.Second)
		a.display("101", "0:07")
		b.display("100", "0:07")
		until(11*time.Second + 999*time.Millisecond)
		a.display("101", "0:11")

		a.must(a.device.PressMute())
		a.display("101", "Muted")
		until(15 * time.Second)
		a.display("101", "Muted")
		a.must(a.device.PressMute())
		a.display("101", "0:15")

		before := a.device.State().Reports
		until(20*time.Second + 500*time.Millisecond)
		if after := a.device.State().Reports; after == before {
			t.Fatal("nothing was shown for five seconds")
		}
		b.hangUp()
		w.pass(time.Second)
		a.display("the other side hung", "")
		a.hangUp()
		idle := a.device.State().Reports
		w.pass(10 * time.Second)
		if n := a.device.State().Reports - idle; n > 0 {
			t.Fatalf("%d reports while idle", n)
		}
	})
}

// A phone without a display is not woken each second.
func TestNoDisplayNoClock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("headset", "handset")
		b.lift()
		b.press("100#")
		w.pass(time.Second)
		a.must(a.device.PressHook())
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
		before := a.device.State().Reports
		w.pass(10 * time.Second)
		if n := a.device.State().Reports - before; n > 0 {
			t.Fatalf("%d reports while talking", n)
		}
	})
}

func TestTheLengthOfACallInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 7 * time.Second: "0:07", 754 * time.Second: "12:34", 3599 * time.Second: "59:59",
		3723 * time.Second: "1:02:03", 100 * time.Hour: "100:00:00",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
