//go:build linux

package sound

import (
	"strings"
	"testing"
	"time"

	"offhook/media/tone"
)

// awaitLevels waits until the mixer is as wanted.
func awaitLevels(t *testing.T, m Mixing, what string, ok func(Levels) bool) {
	t.Helper()
	timeout := time.After(tooLong)
	for {
		if l, there := m.Levels(); there && ok(l) {
			return
		}
		select {
		case <-m.Changed():
		case <-timeout:
			l, _ := m.Levels()
			t.Fatalf("waited in vain for %s: %+v %+v", what, l.Output, l.Input)
		}
	}
}

func TestTheMixerOfACardIsMendedWatchedAndSet(t *testing.T) {
	p := mustDevice(t, "mixer", DeviceConfig{})
	m := p.(Mixing)
	info := p.Info()
	if info.Mixer == nil || info.Mixer.Output.Percent != 60 || info.Mixer.Output.Muted || info.Mixer.Input.Muted {
		t.Fatalf("a fresh card that is muted and at 0 was not mended: %+v", info.Mixer)
	}
	if want := "the earpiece was at 0; the microphone was muted"; info.Mended != want {
		t.Errorf("it says %q, want %q", info.Mended, want)
	}
	m.StepVolume(3)
	awaitLevels(t, m, "a louder earpiece", func(l Levels) bool { return l.Output.Percent == 69 })
	m.StepVolume(-6)
	awaitLevels(t, m, "a softer one", func(l Levels) bool { return l.Output.Percent == 51 })
	m.StepVolume(21)
	awaitLevels(t, m, "the mute by another program", func(l Levels) bool { return l.Input.Muted })
	m.UnmuteMicrophone()
	awaitLevels(t, m, "its end", func(l Levels) bool { return !l.Input.Muted })
}

// In a call, a muted microphone stays muted when the sound process had to be started anew: only what is heard may be
// turned up unasked.
func TestAMicrophoneIsNotUnmutedInACall(t *testing.T) {
	p := mustDevice(t, "mixer", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	l.await(t, "sound", func() bool { return l.tail(5) })
	p.(*devicePort).h.kill()
	awaitLevels(t, p.(Mixing), "the mixer of the next process", func(l Levels) bool { return l.Input.Muted && l.Output.Percent == 60 })
	l.forget()
	l.await(t, "sound", func() bool { return l.tail(5) })
}

func TestWithoutAMixerThereIsSoundAllTheSame(t *testing.T) {
	for _, mode := range []string{"fine", "broken-mixer"} {
		p := mustDevice(t, mode, DeviceConfig{})
		m := p.(Mixing)
		if l, ok := m.Levels(); ok {
			t.Errorf("%s: levels %+v", mode, l)
		}
		m.StepVolume(3)
		m.UnmuteMicrophone()
		l := newListener(tone.Dial)
		if err := p.Start(l.process); err != nil {
			t.Fatal(err)
		}
		l.await(t, "sound", func() bool { return l.tail(5) })
		if strings.Contains(p.Info().Mended, "the") {
			t.Errorf("mended %q", p.Info().Mended)
		}
	}
}
