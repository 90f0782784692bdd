package media

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
	"offhook/media/tone"
)

func TestWhoTalksIntoAMutedMicrophoneIsTold(t *testing.T) {
	said := voice.Make(4*sound.Rate, sound.Rate, 1)
	rnd := rand.New(rand.NewPCG(1, 1))
	noise := make([]int16, 4*sound.Rate)
	for i := range noise {
		noise[i] = int16(300 * rnd.NormFloat64()) // -41 dBFS
	}
	for name, tt := range map[string]struct {
		mic  []int16
		mute bool
		want int
	}{
		"speech, muted": {said, true, 1}, "speech, not muted": {said, false, 0}, "noise, muted": {noise, true, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			port := newFakePort()
			port.mic = func(k int) []int16 { return tt.mic[k*sound.Period%len(tt.mic):][:sound.Period] }
			s := NewSession(newMemConn("192.0.2.1:4000"), SessionConfig{})
			defer s.Close()
			must(t, s.SetParams(params(codec.PCMU, newMemConn("192.0.2.2:5000").addr)))
			told := 0
			e := NewEndpoint(port, EndpointConfig{OnMutedTalk: func() { told++ }})
			defer e.Close()
			e.Set(Plan{Session: s, Play: true, Capture: true, MuteMic: tt.mute})
			time.Sleep(4 * time.Second)
			synctest.Wait()
			if told != tt.want {
				t.Errorf("%s: told %d times in 4 s, want %d", name, told, tt.want)
			}
			if beeped := voice.RMS(port.heard()) > 50; beeped != (tt.want > 0) {
				t.Errorf("%s: beeped %v", name, beeped)
			}
		})
	}
}

func TestSidetoneIsHeardUnlessMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		port.mic = func(k int) []int16 {
			p := make([]int16, sound.Period)
			sineAt(p, k*sound.Period, 1000, 10000)
			return p
		}
		s := NewSession(newMemConn("192.0.2.1:4000"), SessionConfig{})
		defer s.Close()
		must(t, s.SetParams(params(codec.PCMU, newMemConn("192.0.2.2:5000").addr)))
		e := NewEndpoint(port, EndpointConfig{Sidetone: -20})
		defer e.Close()
		plan := Plan{Session: s, Play: true, Capture: true}
		e.Set(plan)
		time.Sleep(505 * time.Millisecond)
		x := port.heard()
		if p := tone.Goertzel(x[len(x)-9600:], sound.Rate, 1000); p < 400000 || p > 600000 { // a peak of 1000
			t.Errorf("power %.0f", p)
		}
		plan.MuteMic = true
		e.Set(plan)
		time.Sleep(300 * time.Millisecond)
		if x := port.heard(); !silent(x[len(x)-4800:]) {
			t.Error("muted, the sidetone goes on")
		}
	})
}
