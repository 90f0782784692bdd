package media

import (
	"math"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/sound"
	"offhook/media/tone"
)

// sineAt is a period of a tone that begins with sample n.
func sineAt(out []int16, n int, hz, peak float64) {
	for i := range out {
		out[i] = int16(peak * math.Sin(2*math.Pi*hz*float64(n+i)/sound.Rate))
	}
}

// Eight calls and a handset: each party hears every tone but its own.
func TestAConferenceOfNine(t *testing.T) {
	const parties = 8
	synctest.Test(t, func(t *testing.T) {
		codecs := codec.List()
		port := newFakePort()
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		plan := Plan{Play: true, Capture: true}
		var far [parties]*Session
		for i := range far {
			ca, cb := newMemConn("192.0.2.1:4000"), newMemConn("192.0.2.2:5000")
			ca.setDeliver(func(p []byte, from, _ netip.AddrPort) { cb.inject(p, from) })
			cb.setDeliver(func(p []byte, from, _ netip.AddrPort) { ca.inject(p, from) })
			c := codecs[i%len(codecs)]
			if c.Name() == "G729" || c.Name() == "GSM" { // made for speech: they have no ear for two tones
				c = codec.PCMA
			}
			near := NewSession(ca, SessionConfig{})
			far[i] = NewSession(cb, SessionConfig{})
			defer near.Close()
			defer far[i].Close()
			must(t, near.SetParams(params(c, cb.addr)))
			must(t, far[i].SetParams(params(c, ca.addr)))
			if i == 0 {
				plan.Session = near
			} else {
				plan.Joined[i-1] = near
			}
		}
		const own = 500.0
		hz := func(i int) float64 { return 700 + 200*float64(i) }
		port.mic = func(k int) []int16 {
			p := make([]int16, sound.Period)
			sineAt(p, k*sound.Period, own, 2000)
			return p
		}
		e.Set(plan)
		var heard [len(far)][]int16
		run(150, func(k int) {
			for i, s := range far {
				var p [sound.Period]int16
				sineAt(p[:], k*sound.Period, hz(i), 2000)
				s.Push(p[:])
				s.Pull(p[:])
				if k >= 100 {
					heard[i] = append(heard[i], p[:]...)
				}
			}
		})
		level := func(x []int16, f float64) float64 { return math.Sqrt(2 * tone.Goertzel(x, sound.Rate, f)) }
		ear := port.heard()
		ear = ear[len(ear)-sound.Rate/2:]
		for i := range far {
			if l := level(ear, hz(i)); l < 1000 || l > 3000 {
				t.Errorf("the handset hears party %d with a peak of %.0f", i, l)
			}
			if l := level(heard[i], own); l < 1000 || l > 3000 {
				t.Errorf("party %d hears the handset with %.0f", i, l)
			}
			for k := range far {
				switch l := level(heard[i], hz(k)); {
				case i == k && l > 250:
					t.Errorf("party %d hears itself with %.0f", i, l)
				case i != k && (l < 1000 || l > 3000):
					t.Errorf("party %d hears party %d with %.0f", i, k, l)
				}
			}
		}
		// Muted, the handset is not heard, and the others hear each other.
		plan.MuteMic = true
		e.Set(plan)
		heard = [len(far)][]int16{}
		run(100, func(k int) {
			for i, s := range far {
				var p [sound.Period]int16
				sineAt(p[:], k*sound.Period, hz(i), 2000)
				s.Push(p[:])
				s.Pull(p[:])
				if k >= 50 {
					heard[i] = append(heard[i], p[:]...)
				}
			}
		})
		if l := level(heard[1], own); l > 100 {
			t.Errorf("muted, the handset is heard with %.0f", l)
		}
		if l := level(heard[1], hz(2)); l < 1000 {
			t.Errorf("muted, the others hear each other with %.0f", l)
		}
		time.Sleep(10 * time.Millisecond)
	})
}

// As many as there can be: one speaks, and is heard at the handset and by the first of the others, not by itself.
func TestTheLargestConference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		e := NewEndpoint(port, EndpointConfig{})
		defer e.Close()
		plan := Plan{Play: true, Capture: true}
		var far [MaxJoined + 1]*Session
		for i := range far {
			near, other, _, _ := call(t, codec.PCMU, nil) // whose silence is no sound at all
			far[i] = other
			if i == 0 {
				plan.Session = near
			} else {
				plan.Joined[i-1] = near
			}
		}
		e.Set(plan)
		first, last := far[0], far[MaxJoined]
		var toFirst, toLast []int16
		const hz, periods = 1000.0, 100
		run(periods, func(k int) {
			for _, s := range far {
				s.Push(nil)
			}
			var p [sound.Period]int16
			sineAt(p[:], k*sound.Period, hz, 2000)
			last.Push(p[:])
			for _, s := range far {
				s.Pull(p[:])
				if k >= periods/2 && s == first {
					toFirst = append(toFirst, p[:]...)
				}
				if k >= periods/2 && s == last {
					toLast = append(toLast, p[:]...)
				}
			}
		})
		ear := port.heard()
		ear = ear[len(ear)-sound.Rate/4:]
		// All else is silence: what is heard is the tone, whether or not its phase has jumped where a delay was mended.
		level := func(x []int16) float64 {
			sum := 0.0
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			return math.Sqrt(2 * sum / float64(len(x)))
		}
		if l := level(ear); l < 1000 || l > 3000 {
			t.Errorf("the handset hears the last with a peak of %.0f", l)
		}
		if l := level(toFirst); l < 1000 || l > 3000 {
			t.Errorf("the first hears the last with a peak of %.0f", l)
		}
		if l := level(toLast); l > 100 {
			t.Errorf("the last hears itself with a peak of %.0f", l)
		}
	})
}

func TestAConferenceAllocatesNothing(t *testing.T) {
	e, s := loopback(t, codec.PCMU)
	_, s2 := loopback(t, codec.PCMU)
	_, s3 := loopback(t, codec.PCMU)
	e.plan = Plan{Session: s, Play: true, Capture: true, Joined: [MaxJoined]*Session{s2, s3}}
	mic := periods(64)
	ear := make([]int16, sound.Period)
	i := 0
	period := func() {
		e.process(mic[i%64], ear)
		i++
	}
	for range 50 {
		period()
	}
	if n := testing.AllocsPerRun(300, period); n != 0 {
		t.Errorf("%v allocations a period", n)
	}
}

func TestTheLimiterKeepsSumsInRangeWithoutCuttingPeaks(t *testing.T) {
	var l limiter
	var sum [sound.Period]int32
	out := make([]int16, sound.Period)
	distortion := func(peak float64, from, periods int) (worst float64, top int16) {
		for k := range periods {
			for i := range sum {
				sum[i] = int32(peak * math.Sin(2*math.Pi*500*float64((from+k)*sound.Period+i)/sound.Rate))
			}
			l.apply(out, sum[:])
			for _, s := range out {
				top = max(top, s, -s)
			}
			// The third harmonic is what cutting a peak off makes.
			h3 := math.Sqrt(2 * tone.Goertzel(out, sound.Rate, 1500))
			worst = max(worst, h3/max(1, math.Sqrt(2*tone.Goertzel(out, sound.Rate, 500))))
		}
		return worst, top
	}
	if d, top := distortion(20000, 0, 10); d > 0.001 || top < 19900 || top > 20000 {
		t.Errorf("what fits is changed: %v, peak %d", d, top)
	}
	distortion(90000, 10, 1) // the attack
	if d, top := distortion(90000, 11, 20); d > 0.01 || top > limiterPeak+200 || top < 31000 {
		t.Errorf("three times too loud: third harmonic %.4f, peak %d", d, top)
	}
	distortion(5000, 31, 100)
	if _, top := distortion(5000, 131, 1); top < 4900 {
		t.Errorf("a second later the gain is still down: a peak of %d for 5000", top)
	}
}
