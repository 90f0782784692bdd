package phone

import (
	"strings"
	"testing"
	"time"

	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

func TestHoldByCommandAndByKey(t *testing.T) {
	ways := map[string]struct{ hold, resume func(u *user) error }{
		"command": {
			func(u *user) error { return u.do(control.VerbHold) },
			func(u *user) error { return u.do(control.VerbResume) },
		},
		"key": {
			func(u *user) error { return u.device.PressControl("hold") },
			func(u *user) error { return u.device.PressControl("hold") },
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.talking("handset", "phone")
				w.pass(2 * time.Second)
				b.hearsUser(a, time.Second)

				must(t, way.hold(b))
				w.pass(2 * time.Second)
				b.want(control.StateHeld, control.CallActive+" held")
				a.want(control.StateTalking, control.CallActive+" remote-held")
				a.display("101", "Held by other side")
				b.lit("hold", "off-hook")
				a.hearsNothing(time.Second)
				b.hearsNothing(time.Second)
				b.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.StateHeld })
				a.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == "remote-held" })

				must(t, way.resume(b))
				w.pass(3 * time.Second)
				b.want(control.StateTalking, control.CallActive)
				a.want(control.StateTalking, control.CallActive)
				b.lit("off-hook", "microphone", "on-line")
				a.hearsUser(b, time.Second)
				b.hearsUser(a, time.Second)

				// And the other side may do the same.
				must(t, a.do(control.VerbHold))
				w.pass(time.Second)
				b.want(control.StateTalking, control.CallActive+" remote-held")
				must(t, a.do(control.VerbResume))
				w.pass(2 * time.Second)
				a.hearsUser(b, time.Second)
				b.hearsUser(a, time.Second)
			})
		})
	}
}

// Both sides may hold, and each resumes for itself.
func TestBothSidesHold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		must(t, a.do(control.VerbHold))
		must(t, b.do(control.VerbHold))
		w.pass(10 * time.Second) // they may have crossed, and been tried again
		a.want(control.StateHeld, control.CallActive+" held remote-held")
		b.want(control.StateHeld, control.CallActive+" held remote-held")
		must(t, a.do(control.VerbResume))
		w.pass(5 * time.Second)
		a.want(control.StateTalking, control.CallActive+" remote-held")
		b.want(control.StateHeld, control.CallActive+" held")
		a.hearsNothing(time.Second)
		must(t, b.do(control.VerbResume))
		w.pass(5 * time.Second)
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
	})
}

func TestFlashHoldsForASecondCallAndSwaps(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		c := w.extension("102", "handset", a)
		w.pass(time.Second)

		must(t, a.device.PressFlash())
		w.pass(2 * time.Second)
		a.hears(1500*time.Millisecond, tone.Dial)
		a.lit("hold", "off-hook")
		b.hearsNothing(time.Second)
		a.press("102#")
		w.pass(time.Second)
		c.lit("ring", "ringer")
		c.lift()
		w.pass(3 * time.Second)
		a.want(control.StateTalking, control.CallActive+" held", control.CallActive)
		a.hearsUser(c, time.Second)
		c.hearsUser(a, time.Second)
		b.hearsNothing(time.Second)

		must(t, a.device.PressFlash()) // to the first
		w.pass(3 * time.Second)
		a.want(control.StateTalking, control.CallActive, control.CallActive+" held")
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
		c.hearsNothing(time.Second)

		must(t, a.do(control.VerbSwap)) // and back
		w.pass(3 * time.Second)
		a.hearsUser(c, time.Second)
		b.hearsNothing(time.Second)

		// The second hangs up, and a puts down: the first call rings back.
		c.hangUp()
		w.pass(2 * time.Second)
		a.hangUp()
		w.pass(12 * time.Second)
		a.want(control.StateHeld, control.CallActive+" held")
		a.lit("hold", "ring", "ringer")
		a.display("101", "Lift to resume")
		a.hears(11*time.Second, tone.Ring)
		a.lift()
		w.pass(3 * time.Second)
		a.lit("off-hook")
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
	})
}

func TestCallWaitingIsAnsweredByFlash(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		c := w.extension("102", "handset", a)
		w.pass(time.Second)
		c.lift()
		c.press("100#")
		w.pass(12 * time.Second)
		a.display("101", "Waiting: 102")
		a.lit("off-hook") // it beeps in the ear, and does not ring
		c.hears(11*time.Second, tone.Ringback)
		must(t, a.device.PressFlash())
		w.pass(3 * time.Second)
		a.want(control.StateTalking, control.CallActive+" held", control.CallActive)
		a.hearsUser(c, time.Second)
		b.hearsNothing(time.Second)
		c.hangUp()
		w.pass(time.Second)
		a.lit("hold", "off-hook")
		must(t, a.device.PressFlash())
		w.pass(2 * time.Second)
		a.hearsUser(b, time.Second)
		a.lit("off-hook")
	})
}

// A waiting call is refused by its key without disturbing the conversation.
func TestRejectKeyRefusesTheWaitingCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		c := w.extension("102", "handset", a)
		w.pass(time.Second)
		c.lift()
		c.press("100#")
		w.pass(time.Second)
		must(t, a.device.PressReject())
		w.pass(2 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, time.Second)
		c.hears(time.Second, tone.Busy)
	})
}

// A call that looks taken up again while nothing is heard would be the worst of both.
func TestAResumeThatIsRefusedLeavesTheCallOnHold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.talking("handset", "handset")
		must(t, a.do(control.VerbHold))
		w.pass(time.Second)
		must(t, a.do(control.VerbResume))
		a.want(control.StateTalking, control.CallActive)
		call := a.phone.Status().Calls[0].ID
		a.phone.inbox.post(func() {
			c := a.phone.calls[desk.CallID(call)]
			p := c.session.Params()
			a.phone.fromSIP(ua.MediaChanged{Call: call, LocalHold: true, Refused: "488 Not Acceptable Here", Media: ua.Media{
				Remote: p.Remote, Codec: p.Codec, PayloadType: p.PayloadType, EventPayloadType: p.EventPayloadType, PTime: p.PTime,
			}})
		})
		w.pass(time.Second)
		a.want(control.StateHeld, control.CallActive+" held")
		a.lit("off-hook", "hold")
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventError && e.Call == call && strings.Contains(e.Reason, "488")
		})
	})
}
