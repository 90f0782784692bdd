package phone

import (
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
)

// mixingEar is an ear with a mixer, which the user or another program can operate.
type mixingEar struct {
	*ear
	mu      sync.Mutex // guards levels
	levels  sound.Levels
	changed chan struct{}
}

func (e *mixingEar) set(change func(*sound.Levels)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out, in := *e.levels.Output, *e.levels.Input
	e.levels = sound.Levels{Output: &out, Input: &in}
	change(&e.levels)
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *mixingEar) Levels() (sound.Levels, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.levels, true
}

func (e *mixingEar) Changed() <-chan struct{} { return e.changed }
func (e *mixingEar) StepVolume(dB int)        { e.set(func(l *sound.Levels) { l.Output.Percent += dB }) }
func (e *mixingEar) UnmuteMicrophone()        { e.set(func(l *sound.Levels) { l.Input.Muted = false }) }

func TestTheCardsMuteAndThePhonesAgree(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		desk := w.local("handset")
		shape, err := virtual.ByName("handset")
		must(t, err)
		e := &mixingEar{
			ear: &ear{Port: w.sound(t.TempDir() + "/mixing.wav")}, changed: make(chan struct{}, 1),
			levels: sound.Levels{Output: &sound.Level{Percent: 50}, Input: &sound.Level{Percent: 60}},
		}
		a := &user{w: w, name: "mixing", phone: desk.phone, device: virtual.New(shape, virtual.WithSerial("mixing")), stop: desk.stop, ear: e.ear}
		must(t, desk.phone.AttachVirtual(a.device, Sound{Port: e, Name: "hw:1,0"}))
		w.pass(time.Millisecond)
		a.lift()
		a.press(EchoExtension)
		w.pass(5 * time.Second)
		a.lit("off-hook")

		muteCard := func(on bool) {
			e.set(func(l *sound.Levels) { l.Input.Muted = on })
			w.pass(time.Millisecond)
		}
		muteCard(true) // as `amixer` does, or a key of the desktop
		a.lit("off-hook", "mute")
		if s := a.status(); !s.Muted || s.Mixer == nil || !s.Mixer.MicMuted || *s.Mixer.Ear != 50 {
			t.Errorf("status %+v, mixer %+v", s, s.Mixer)
		}
		must(t, a.device.PressMute()) // the user wants to be heard
		w.pass(time.Millisecond)
		a.lit("off-hook")
		if l, _ := e.Levels(); l.Input.Muted {
			t.Error("unmuted on the phone, and still muted in the card's mixer")
		}
		must(t, a.device.PressMute())
		w.pass(time.Millisecond)
		a.lit("off-hook", "mute")
		if l, _ := e.Levels(); l.Input.Muted {
			t.Error("the phone's mute is its own; it must not mute the card")
		}
		muteCard(true)
		muteCard(false) // unmuted at the desktop
		a.lit("off-hook")

		must(t, a.device.PressVolume(true))
		w.pass(time.Millisecond)
		if l, _ := e.Levels(); l.Output.Percent != 53 {
			t.Errorf("after a press of louder: %d %%, want 3 dB more", l.Output.Percent)
		}
	})
}
