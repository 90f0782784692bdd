package devices_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

func TestTheAcknowledgementOfOurOwnHookIsNotAPress(t *testing.T) {
	for _, name := range []string{"headset", "headset-ack", "headset-relative", "headset-report-per-light"} {
		for _, delay := range []time.Duration{0, ms(5), ms(400)} {
			at(t, fmt.Sprint(name, " after ", delay), func(t *testing.T) {
				p := profile(t, name)
				p.AckDelay = delay
				r := plug(t, p)
				r.show(devices.Indicators{OffHook: true})
				time.Sleep(ms(600))
				r.wantEvents("answered elsewhere")
				r.do(r.phone.PressHook())
				r.wantEvents("button", "on-hook")
				r.show(devices.Indicators{})
				time.Sleep(ms(600))
				r.wantEvents("hung up")
				r.do(r.phone.PressHook())
				r.wantEvents("button again", "off-hook")
				r.show(devices.Indicators{OffHook: true})
				time.Sleep(ms(600))
				r.wantEvents("acknowledging the device")
				if !r.phone.State().Lifted {
					t.Fatal("the headset is not off-hook")
				}
			})
		}
	}
}

func TestARelativeHookEchoIsUsedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "headset-relative"))
		r.show(devices.Indicators{OffHook: true}) // the echo came at once
		r.do(r.phone.PressHook())
		r.wantEvents("a press right after the echo", "on-hook")
	})
}

func TestARelativeHookWithoutEchoIsHeardAfterHalfASecond(t *testing.T) {
	tests := []struct {
		wait time.Duration
		want []string
	}{
		{ms(100), nil}, // taken for the echo
		{ms(501), []string{"on-hook"}},
	}
	for _, tt := range tests {
		at(t, fmt.Sprint(tt.wait), func(t *testing.T) {
			p := profile(t, "headset-relative")
			p.AcknowledgesHook = false
			r := plug(t, p)
			r.show(devices.Indicators{OffHook: true})
			time.Sleep(tt.wait)
			r.do(r.phone.PressHook())
			r.wantEvents("press", tt.want...)
		})
	}
}

func TestAnEchoDuringAStalledWriteIsAnEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(profile(t, "headset-relative").Descriptor)
		n.onWrite = func(rep []byte) {
			if rep[1]&2 != 0 {
				n.in <- []byte{3, 2}
				n.in <- []byte{3, 0}
				time.Sleep(5 * time.Second)
			}
		}
		d, err := devices.Open(n, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, dev: d}
		defer d.Close()
		r.show(devices.Indicators{OffHook: true})
		r.wantEvents("during the write")
		time.Sleep(6 * time.Second)
		n.in <- []byte{3, 2}
		r.wantEvents("a real press", "on-hook")
	})
}

func TestWritingOffHookDoesNotMoveACradle(t *testing.T) {
	for _, name := range []string{"handset", "handset-no-ack", "phone", "handset-unnumbered"} {
		at(t, name, func(t *testing.T) {
			r := plug(t, profile(t, name))
			r.show(devices.Indicators{OffHook: true}) // in use, though not lifted: speaker, or ringing
			r.wantEvents("shown")
			r.do(r.phone.Lift())
			r.wantEvents("lift", "off-hook")
			r.show(devices.Indicators{})
			r.wantEvents("light out while lifted")
			r.do(r.phone.PressMute())
			r.wantEvents("another key", "mute-press")
			r.do(r.phone.HangUp())
			r.wantEvents("put down", "on-hook")
		})
	}
}

func TestAHeadsetThatDoesNotFollowTheLightKeepsTheCallWhenMuteIsPressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A headset whose hook bit moves by its button only.
		n := newNode(profile(t, "headset").Descriptor)
		n.getInput = func(uint8) []byte { return []byte{2, 0} }
		d, err := devices.Open(n, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, dev: d}
		defer d.Close()
		r.show(devices.Indicators{OffHook: true})
		n.in <- []byte{2, 0b100}
		n.in <- []byte{2, 0}
		r.wantEvents("mute key", "mute-press")
		n.in <- []byte{2, 0}
		r.wantEvents("a report for no other reason than the hook", "on-hook")
	})
}

func TestAButtonThatHadNoEffectIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "headset-ack"))
		r.do(r.phone.PressHook())
		r.wantEvents("pressed with nothing to answer", "off-hook")
		r.show(devices.Indicators{}) // the phone stays idle
		if r.phone.State().Lifted {
			t.Fatal("the headset still believes to be off-hook")
		}
		r.do(r.phone.PressHook())
		r.wantEvents("pressed again", "off-hook")
	})
}

func TestAStaleAcknowledgementOfATakenBackHookIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := profile(t, "headset-ack")
		p.AckDelay = ms(30)
		r := plug(t, p)
		r.show(devices.Indicators{OffHook: true}) // a call that fails at once
		r.show(devices.Indicators{})
		time.Sleep(time.Second)
		r.wantEvents("both answers are ours")
		r.do(r.phone.PressHook())
		r.wantEvents("a press", "off-hook")
	})
}

// toggler is a phone that does what a softphone does with mute and hook: it acts
// on every event, and shows the result. It runs until the events end.
func toggler(dev *devices.Device, seen *int) {
	var i devices.Indicators
	for e := range dev.Events() {
		*seen++
		if *seen > 1000 {
			return // a loop without time passing would never end the test
		}
		switch e.Kind {
		case devices.MutePress:
			i.Mute = !i.Mute
		case devices.MuteOn:
			i.Mute = true
		case devices.MuteOff:
			i.Mute = false
		case devices.OffHook:
			i.OffHook = true
		case devices.OnHook:
			i.OffHook, i.Mute = false, false
		default:
			continue
		}
		dev.Show(i)
	}
}

func TestADeviceThatEchoesItsMuteLightDoesNotLoop(t *testing.T) {
	for _, delay := range []time.Duration{0, ms(1), ms(40), ms(499)} {
		at(t, fmt.Sprint("echo after ", delay), func(t *testing.T) {
			p := profile(t, "headset-mute-echo")
			p.AckDelay = delay
			r := plug(t, p)
			var seen int
			go toggler(r.dev, &seen)
			for press, want := range []bool{true, false, true, false, true} {
				seen = 0
				r.do(r.phone.PressMute())
				time.Sleep(time.Minute)
				if got := r.phone.State().Lights["mute"]; got != want {
					t.Fatalf("press %d: mute light %v, want %v", press+1, got, want)
				}
				limit := 1 // once learned
				if press == 0 {
					limit = 3
				}
				if seen > limit {
					t.Fatalf("press %d made %d events, want at most %d", press+1, seen, limit)
				}
			}
		})
	}
}

func TestAFastFingerOnAMuteKeyThatDoesNotEchoIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "headset"))
		var seen int
		go toggler(r.dev, &seen)
		for range 10 {
			r.do(r.phone.PressMute())
			time.Sleep(ms(200))
			r.do(r.phone.PressMute()) // within the echo window of the light
			if r.phone.State().Lights["mute"] {
				t.Fatal("the second press was lost")
			}
			time.Sleep(2 * time.Second)
		}
		if seen != 20 {
			t.Fatalf("%d events of 20 presses", seen)
		}
	})
}

func TestAMuteSwitchFollowsTheLightWithoutAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := profile(t, "headset-mute-switch")
		p.AckDelay = ms(30)
		r := plug(t, p)
		r.show(devices.Indicators{Mute: true})
		time.Sleep(time.Second)
		r.wantEvents("muted in the menu")
		r.do(r.phone.PressMute())
		r.wantEvents("unmuted at the headset", "mute-off")
		r.show(devices.Indicators{})
		// On and off faster than the headset answers: its stale answer "on"
		// must not switch the program on again.
		r.show(devices.Indicators{Mute: true})
		r.show(devices.Indicators{})
		time.Sleep(time.Second)
		r.wantEvents("muted and unmuted in the menu")
	})
}

// TestNoDeviceAndNoTimingMakesALoop plays a person and a program at random
// against every profile, with answers that come early, late and across each
// other. When nobody does anything any more, nothing may happen any more, and
// the device must show what the program wants.
func TestNoDeviceAndNoTimingMakesALoop(t *testing.T) {
	for _, p := range virtual.Profiles() {
		for seed := range uint64(16) {
			at(t, fmt.Sprint(p.Name, " ", seed), func(t *testing.T) { playAtRandom(t, p, seed) })
		}
	}
}

func playAtRandom(t *testing.T, p virtual.Profile, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	p.AckDelay = time.Duration(rnd.IntN(450)) * time.Millisecond
	p.EchoesMute = p.EchoesMute || rnd.IntN(2) == 0
	r := plug(t, p)

	var i devices.Indicators
	var seen int
	act := func(e devices.Event) {
		seen++
		switch e.Kind {
		case devices.MutePress:
			i.Mute = !i.Mute
		case devices.MuteOn, devices.MuteOff:
			i.Mute = e.Kind == devices.MuteOn
		case devices.OffHook, devices.OnHook:
			i.OffHook = e.Kind == devices.OffHook
		}
		r.dev.Show(i)
	}
	settle := func(d time.Duration) {
		timeout := time.After(d)
		for {
			select {
			case e := <-r.dev.Events():
				act(e)
			case <-timeout:
				return
			}
		}
	}
	for range 60 {
		switch rnd.IntN(6) {
		case 0:
			r.phone.PressMute()
		case 1:
			r.phone.Lift()
		case 2:
			r.phone.HangUp()
		case 3:
			i.Mute = !i.Mute
			r.dev.Show(i)
		case 4:
			i.OffHook = !i.OffHook
			r.dev.Show(i)
		case 5:
			i.Ring = !i.Ring
			r.dev.Show(i)
		}
		settle(time.Duration(rnd.IntN(700)) * time.Millisecond)
	}
	settle(time.Minute)
	seen = 0
	settle(time.Hour)
	if seen != 0 {
		t.Errorf("%d events while nobody did anything", seen)
	}
	s := r.phone.State()
	for name, want := range map[string]bool{"off-hook": i.OffHook, "mute": i.Mute, "ring": i.Ring} {
		if got, has := s.Lights[name]; has && got != want {
			t.Errorf("light %s is %v, want %v", name, got, want)
		}
	}
	synctest.Wait()
}
