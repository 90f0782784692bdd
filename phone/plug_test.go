package phone

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/measure"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/media/wav"
	"offhook/phone/control"
)

func TestUnpluggedInACallTheCallIsHeldAndLiftingResumes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		b.device.Unplug()
		w.pass(2 * time.Second)
		b.want(control.StateHeld, control.CallActive+" held")
		b.handset(control.HandsetUnplugged)
		b.lit()
		a.hearsNothing(time.Second)
		a.want(control.StateTalking, control.CallActive+" remote-held")
		b.heard(func(e control.Event) bool { return e.Type == control.EventHandset && e.State == "unplugged" })
		if err := b.do(control.VerbHandset, "action=press", "keys=1"); err == nil {
			t.Error("a key was pressed on a handset without its cable")
		}

		must(t, b.device.HangUp()) // nobody hears of it
		must(t, b.do(control.VerbHandset, "action=plug"))
		w.pass(12 * time.Second)
		b.lit("hold", "ring", "ringer")
		b.hears(11*time.Second, tone.Ring)
		b.lift()
		w.pass(3 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		b.lit("off-hook")
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
		if err := b.do(control.VerbHandset, "action=plug"); err == nil {
			t.Error("plugged in twice")
		}
		b.lit("off-hook")
	})
}

// A handset that is still in the hand when it comes back goes on where it was.
func TestReplugInTheHandGoesOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		must(t, b.do(control.VerbHandset, "action=unplug"))
		w.pass(300 * time.Millisecond)
		must(t, b.do(control.VerbHandset, "action=plug"))
		w.pass(3 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		b.lit("off-hook")
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
	})
}

// With a second handset the call of one that was unplugged can be taken there.
func TestCallOfAnUnpluggedHandsetIsTakenAtAnother(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		second := b.another("second", "phone")
		b.device.Unplug()
		w.pass(time.Second)
		second.lit("hold")
		second.lift()
		second.handset(control.HandsetDialTone)
		must(t, second.do(control.VerbResume))
		w.pass(3 * time.Second)
		second.lit("off-hook", "microphone", "on-line")
		a.hearsUser(second, time.Second)
		second.hearsUser(a, time.Second)
	})
}

// A device whose firmware keeps every write waiting for 5 s holds up neither another device nor the call.
func TestStalledDeviceDelaysNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, callee := w.pair("handset", "handset")
		stalled := callee.another("stalled", "handset-stalls-writes")
		w.pass(30 * time.Second)
		caller.lift()
		start := time.Now()
		caller.press("101#")
		if _, err := callee.device.Await(w.ctx, func(s virtual.State) bool { return s.Ringing }); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > time.Millisecond {
			t.Errorf("the ring light came %v after the call", d)
		}
		callee.lift()
		callee.lit("off-hook")
		w.pass(2 * time.Second)
		callee.hearsUser(caller, time.Second)
		caller.hearsUser(callee, time.Second)

		stalled.lift() // its hook is read, and its sound is instant as well
		w.pass(time.Second)
		stalled.hears(990*time.Millisecond, tone.Dial)
		stalled.handset(control.HandsetDialTone)
		w.pass(30 * time.Second)
		stalled.lit("off-hook") // late, but right
		stalled.hangUp()
		callee.hangUp()
		w.pass(40 * time.Second)
		stalled.lit()
		callee.lit()

		start = time.Now()
		stalled.lift()
		callee.stop() // with a write under way
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("ending took %v", d)
		}
	})
}

// A device that vanishes and one that breaks are both gone, and the phone goes on.
func TestPhoneGoesOnWithoutAnyDevice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		b.device.Unplug()
		w.pass(time.Second)
		b.want(control.StateNoHandset)
		a.lift()
		a.press("101#")
		w.pass(2 * time.Second)
		b.want(control.StateRinging, control.CallIncoming)
		if err := b.do(control.VerbAnswer); err == nil {
			t.Error("answered by nobody")
		}
		must(t, b.do(control.VerbHandset, "action=plug")) // it rings as soon as it is there
		w.pass(time.Second)
		b.lit("ring", "ringer")
		b.lift()
		w.pass(3 * time.Second)
		a.hearsUser(b, time.Second)
	})
}

func TestSoundTroubleIsShownAndMended(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		a.ear.breaks(errors.New("device busy"))
		a.lift()
		w.pass(time.Second)
		a.handset(control.HandsetDialTone) // one can dial all the same
		if got := a.status().Error; got != "no sound: open sound: device busy" {
			t.Errorf("status says %q", got)
		}
		w.pass(10 * time.Second)
		a.events(control.EventError, func(e control.Event) string { return e.Reason }, "no sound: open sound: device busy")
		a.hangUp()
		w.pass(time.Second)
		if a.status().Error == "" {
			t.Error("putting down has not mended it")
		}

		a.ear.breaks(nil)
		a.lift()
		w.pass(6 * time.Second)
		if got := a.status().Error; got != "" {
			t.Errorf("mended, but the status says %q", got)
		}
		a.heard(func(e control.Event) bool { return e.Type == control.EventStatus && e.Handset == a.id() })
		a.hears(5*time.Second, tone.Dial)
		b.lit()
	})
}

func TestAttachWithoutSound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.local("handset")
		shape, err := virtual.ByName("phone")
		must(t, err)
		second := &user{w: w, name: "mute", phone: a.phone, device: virtual.New(shape, virtual.WithSerial("mute")), stop: a.stop}
		must(t, a.phone.AttachVirtual(second.device, Sound{Err: errors.New("no card at this USB port")}))
		w.pass(time.Second)
		if got := second.status().Error; got != "no sound: no card at this USB port" {
			t.Errorf("status says %q", got)
		}
		second.lift()
		second.lit("off-hook")
	})
}

// What is attached before Run is used; what comes while the phone ends, or after, is closed.
func TestAttachBeforeAndAfter(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p, err := New(Config{Network: w.host, ListenRTP: w.listenRTP})
		must(t, err)
		shape, err := virtual.ByName("handset")
		must(t, err)
		early, late := virtual.New(shape), virtual.New(shape, virtual.WithSerial("late"))
		must(t, p.AttachVirtual(early, Sound{Port: w.sound(t.TempDir() + "/a.wav")}))
		must(t, early.Lift())
		done := make(chan error)
		ctx, cancel := context.WithCancel(w.ctx)
		go func() { done <- p.Run(ctx) }()
		w.pass(time.Second)
		if got := early.State().Lit(); len(got) != 1 || got[0] != "off-hook" {
			t.Errorf("it shows %q", got)
		}
		cancel()
		must(t, <-done)
		must(t, p.AttachVirtual(late, Sound{Port: w.sound(t.TempDir() + "/b.wav")}))
		w.pass(time.Second)
		if early.State().Opened || late.State().Opened {
			t.Error("a device is still open")
		}
		if _, err := p.Do(w.ctx, control.Command{Verb: control.VerbHangUp}); err == nil {
			t.Error("a phone that has ended takes commands")
		}
	})
}

// When SIP can't be brought up, Run says so, and gives back what was attached.
func TestRunFailsAndClosesDevices(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p, err := New(Config{Network: w.host, Listen: []string{"udp:10.9.9.9:5060"}})
		must(t, err)
		shape, err := virtual.ByName("handset")
		must(t, err)
		v := virtual.New(shape)
		must(t, p.AttachVirtual(v, Sound{Port: w.sound(t.TempDir() + "/a.wav")}))
		if err := p.Run(w.ctx); err == nil {
			t.Fatal("no error for an address that is not here")
		}
		w.pass(time.Second)
		if v.State().Opened {
			t.Error("the device is still open")
		}
	})
}

// Plugged into another port the card may have another number: the sound moves there with the handset.
func TestReplugWithAnotherCardMovesTheSound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		b.device.Unplug()
		w.pass(time.Second)
		b.device.Replug()
		record := filepath.Join(t.TempDir(), "card7.wav")
		port, err := sound.OpenFile(sound.FileConfig{Record: record})
		must(t, err)
		must(t, b.phone.AttachVirtual(b.device, Sound{Port: port, Name: "hw:7,0"}))
		w.pass(3 * time.Second)
		b.want(control.StateTalking, control.CallActive)
		if got := b.phone.Status().Handsets[0].Sound; got != "hw:7,0" {
			t.Errorf("sound goes through %q, want hw:7,0", got)
		}
		a.hangUp()
		b.hangUp()
		w.pass(10 * time.Second)
		_, samples, err := wav.ReadFile(record, 1<<26)
		must(t, err)
		if l := measure.Level(samples); l < -50 {
			t.Errorf("the new card played at %.0f dBFS, want the other's speech", l)
		}
	})
}
