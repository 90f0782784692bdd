package phone

import (
	"testing"
	"time"

	"offhook/devices/record"
	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

func TestOneLineRingsOnBothAndTheOneLiftedFirstHasTheCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		wall := b.another("wall", "phone").device
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		if !b.device.State().Ringing || !wall.State().Ringing {
			t.Fatalf("ringing: %t, %t", b.device.State().Ringing, wall.State().Ringing)
		}
		a.must(wall.Lift())
		w.pass(time.Second)
		if b.device.State().Ringing || wall.State().Ringing {
			t.Error("it still rings")
		}
		a.want(control.StateTalking, control.CallActive)
		a.must(wall.HangUp())
		w.pass(time.Second)
		a.hangUp()
	})
}

func TestLiftingTheHandsetTakesTheCallFromTheHeadset(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "headset")
		desk := b.another("desk2", "handset").device
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		b.must(b.device.PressHook())
		w.pass(2 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		a.hearsUser(b, time.Second)

		b.must(desk.Lift())
		w.pass(2 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		a.want(control.StateTalking, control.CallActive)
		if s := b.device.State(); s.Lifted || len(s.Lit()) > 0 {
			t.Errorf("the headset still has %v", s.Lit())
		}
		b.must(b.device.PressHook())
		w.pass(2 * time.Second)
		b.must(desk.HangUp()) // ends nothing: the headset has it
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
		b.must(b.device.PressHook())
		w.pass(time.Second)
		a.hangUp()
		b.want(control.StateIdle)
	})
}

func TestASilentHandsetIsConfiguredByItsName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.local("handset")
		b := w.start("b", "handset", func(c *Config, _ *virtual.Profile) {
			c.Accounts = []ua.Account{extension("101", a)}
			c.Line = func(info hid.Info) desk.Line { return desk.Line{Silent: info.Serial == "b"} }
		})
		w.pass(time.Second)
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		if b.device.State().Ringing || b.device.State().Display[1] != "Incoming call" {
			t.Errorf("%+v", b.device.State().Display)
		}
		b.lift()
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
	})
}

func TestARecordingOfAPhoneIsPlayedInAWholeCall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		shape, err := virtual.ByName("handset")
		must(t, err)
		v := virtual.New(shape)
		node, err := v.Plug()
		must(t, err)
		rec := record.New(v.Info(), shape.Descriptor)
		tap := record.NewTap(node, nil, func(e record.Entry) { rec.Add(e) })
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for buf := make([]byte, 64); ; {
				if _, err := tap.Read(buf); err != nil {
					return
				}
			}
		}()
		w.pass(time.Second)
		must(t, v.Lift())
		w.pass(time.Second)
		must(t, v.Press("600#"))
		w.pass(time.Second)
		must(t, node.Close())
		<-ended

		u := w.start("played", "handset", func(_ *Config, p *virtual.Profile) { *p = virtual.Replay(rec) })
		w.pass(6 * time.Second)
		u.want(control.StateTalking, control.CallActive)
	})
}

func TestTwoHandsetsAreTwoExtensions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.local("handset")
		b := w.start("101", "handset", func(c *Config, _ *virtual.Profile) {
			c.Accounts = []ua.Account{extension("101", a), extension("102", a)}
			c.Line = func(info hid.Info) desk.Line { return desk.Line{Account: info.Serial} }
		})
		other := b.another("102", "handset")
		w.pass(time.Second)
		a.lift()
		a.press("102#")
		w.pass(time.Second)
		if b.device.State().Ringing || !other.device.State().Ringing {
			t.Fatalf("ringing: %t, %t", b.device.State().Ringing, other.device.State().Ringing)
		}
		other.lift()
		w.pass(time.Second)
		a.want(control.StateTalking, control.CallActive)
		a.hangUp()
		other.hangUp()
		w.pass(time.Second)

		// One calls the other, each with its own name.
		b.lift()
		b.press("102#")
		w.pass(time.Second)
		if got := other.device.State().Display[0]; got != "101" {
			t.Errorf("the call is from %q", got)
		}
		other.lift()
		w.pass(time.Second)
		b.hangUp()
		w.pass(time.Second)
		other.hangUp()
		w.pass(time.Second)
		b.want(control.StateIdle)
	})
}
