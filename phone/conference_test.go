package phone

import (
	"testing"
	"time"

	"offhook/phone/control"
)

func TestAConferenceByCommand(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "phone")
		c := w.extension("102", "handset", a)
		w.pass(time.Second)
		if err := a.do(control.VerbConference); err == nil {
			t.Error("a conference of one call")
		}
		must(t, a.device.PressFlash())
		a.press("102#")
		w.pass(time.Second)
		c.lift()
		w.pass(2 * time.Second)
		a.want(control.StateTalking, control.CallActive+" held", control.CallActive)

		must(t, a.do(control.VerbConference))
		w.pass(3 * time.Second)
		a.want(control.StateTalking, control.CallActive, control.CallActive)
		b.want(control.StateTalking, control.CallActive)
		for _, call := range a.phone.Status().Calls {
			if !call.Conference || call.Held {
				t.Errorf("%+v", call)
			}
		}
		// Everybody hears everybody, one at a time.
		mute := func(on string, users ...*user) {
			for _, u := range users {
				must(t, u.do(control.VerbMute, "on="+on))
			}
			w.pass(2 * time.Second)
		}
		mute("true", a)
		for _, call := range a.phone.Status().Calls {
			if !call.Muted {
				t.Errorf("muted, and %+v", call)
			}
		}
		b.hearsUser(c, time.Second)
		c.hearsUser(b, time.Second)
		mute("false", a)
		mute("true", b)
		a.hearsUser(c, time.Second)
		mute("true", c)
		b.hearsUser(a, time.Second)
		c.hearsUser(a, time.Second)
		mute("false", b, c)

		// One leaves, and the others go on.
		c.hangUp()
		w.pass(2 * time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
		a.hangUp()
		w.pass(time.Second)
		a.want(control.StateIdle)
		b.heard(func(e control.Event) bool { return e.Type == control.EventCall && e.State == control.CallEnded })
	})
}
