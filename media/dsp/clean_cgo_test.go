//go:build cgo

package dsp

import (
	"math"
	"math/rand/v2"
	"testing"

	"offhook/media/internal/voice"
)

// room is where a microphone stands: how loud the loudspeaker is there, how long
// it takes to die away by 60 dB, and where the walls are.
type room struct {
	gain, rt60 float64
	walls      [6]float64 // seconds that a reflection takes
}

var (
	office  = room{0.5, 0.3, [6]float64{0.0031, 0.0047, 0.0073, 0.0111, 0.0137, 0.0191}}
	kitchen = room{0.3, 0.4, [6]float64{0.0023, 0.0053, 0.0067, 0.0097, 0.0149, 0.0173}}
	booth   = room{0.5, 0.15, [6]float64{0.0013, 0.0019, 0.0029, 0.0037, 0.0041, 0.0059}}
)

// echo is what the microphone hears of a loudspeaker: directly, and by walls
// that give back what they get, softer each time (combs, after Schroeder). It
// comes so many samples late, by a clock that is off by ppm.
func (r room) echo(x []int16, delay int, ppm float64) []int16 {
	wet := make([]float64, len(x))
	for i := delay; i < len(x); i++ {
		wet[i] = r.gain * float64(x[i-delay])
	}
	sum := append([]float64(nil), wet...)
	line := make([]float64, len(x))
	for k, wall := range r.walls {
		n, back := int(wall*Rate), math.Pow(10, -3*wall/r.rt60)
		for i := range line {
			line[i] = wet[i]
			if i >= n {
				line[i] += back * line[i-n]
			}
			if sign := float64(1 - k%2*2); i >= n {
				sum[i] += sign * 0.4 * line[i-n]
			}
		}
	}
	out := make([]int16, len(x))
	for i := range out {
		at := float64(i) * (1 + ppm/1e6)
		k := int(at)
		if k+1 >= len(sum) {
			break
		}
		f := at - float64(k)
		out[i] = int16(max(-32768, min(32767, sum[k]*(1-f)+sum[k+1]*f)))
	}
	return out
}

// talk is a sound with what speech has and voice.Make lacks: breath between the
// harmonics, up to where the canceller works.
func talk(n int, seed uint64) []int16 {
	x := voice.Make(n, Rate, seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	envelope, hiss := 0.0, 0.0
	for i, s := range x {
		envelope += (math.Abs(float64(s)) - envelope) / 960
		hiss += (rnd.NormFloat64() - hiss) / 3
		x[i] = int16(max(-32768, min(32767, float64(s)/2+0.7*envelope*hiss+10*hiss)))
	}
	return x
}

// clean runs a microphone through a Cleaner.
func clean(t testing.TB, o Options, mic, ear []int16) []int16 {
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := append([]int16(nil), mic...)
	for i := 0; i+Period <= len(out); i += Period {
		c.Process(out[i : i+Period])
		c.Played(ear[i : i+Period])
	}
	return out
}

func level(x []int16) float64 { return 20 * math.Log10(math.Max(1, voice.RMS(x))) }

func TestEchoIsCancelled(t *testing.T) {
	ear := talk(5*Rate, 1)
	for _, tt := range []struct {
		name string
		room room
		ppm  float64
	}{
		{"booth", booth, 0}, {"office", office, 0}, {"kitchen", kitchen, 0}, {"clock +100 ppm", office, 100}, {"clock -100 ppm", office, -100},
	} {
		mic := tt.room.echo(ear, Rate*30/1000, tt.ppm)
		out := clean(t, Options{Echo: true}, mic, ear)
		erle := level(mic[2*Rate:]) - level(out[2*Rate:])
		t.Logf("%s: %.0f dB after 2 s", tt.name, erle)
		if erle < 25 {
			t.Errorf("%s: the echo is only %.1f dB softer", tt.name, erle)
		}
	}
}

func TestACancellerFindsItsWayAfterADelayStep(t *testing.T) {
	ear := talk(7*Rate, 1)
	mic := append(office.echo(ear, Rate*20/1000, 0)[:3*Rate], office.echo(ear, Rate*60/1000, 0)[3*Rate:]...)
	out := clean(t, Options{Echo: true}, mic, ear)
	erle := level(mic[5*Rate:]) - level(out[5*Rate:])
	t.Logf("2 s after the step: %.0f dB", erle)
	if erle < 20 {
		t.Errorf("2 s after the delay stepped: %.1f dB", erle)
	}
}

func TestWhoTalksHereIsHeardBesideTheEcho(t *testing.T) {
	ear, near := talk(6*Rate, 1), voice.Make(6*Rate, Rate, 22)
	clear(near[:2*Rate])
	echo := kitchen.echo(ear, Rate*30/1000, 0)
	mic := make([]int16, len(ear))
	for i := range mic {
		mic[i] = int16(max(-32768, min(32767, int32(near[i])+int32(echo[i]))))
	}
	out := clean(t, Options{Echo: true}, mic, ear)
	loss := level(near[3*Rate:]) - level(out[3*Rate:])
	t.Logf("near end: %.1f dB softer in double-talk", loss)
	if loss > 3 {
		t.Errorf("near speech is %.1f dB softer", loss)
	}
	if alone := clean(t, Options{Echo: true}, near, make([]int16, len(near))); level(near[3*Rate:])-level(alone[3*Rate:]) > 1 {
		t.Errorf("with nothing in the loudspeaker it is %.1f dB softer", level(near[3*Rate:])-level(alone[3*Rate:]))
	}
}

func TestSteadyNoiseIsSuppressedAndSoftSpeechRaised(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	noise := make([]int16, 4*Rate)
	for i := range noise {
		noise[i] = int16(200 * rnd.NormFloat64())
	}
	silence := make([]int16, len(noise))
	out := clean(t, Options{Noise: true}, noise, silence)
	// Only what is below 8 kHz passes at all: a third of the noise's power.
	if got := level(noise[2*Rate:]) - 4.8 - level(out[2*Rate:]); got < 10 {
		t.Errorf("noise is %.1f dB softer", got)
	}
	soft := voice.Make(6*Rate, Rate, 2)
	for i := range soft {
		soft[i] /= 16
	}
	out = clean(t, Options{Gain: true}, soft, make([]int16, len(soft)))
	if got := level(out[4*Rate:]) - level(soft[4*Rate:]); got < 6 {
		t.Errorf("soft speech is raised by %.1f dB", got)
	}
}

func TestCleaningAllocatesNothingAndAClosedCleanerIsHarmless(t *testing.T) {
	c, err := New(Options{Echo: true, Noise: true, Gain: true})
	if err != nil {
		t.Fatal(err)
	}
	mic, ear := voice.Make(Period, Rate, 1), voice.Make(Period, Rate, 2)
	if n := testing.AllocsPerRun(100, func() { c.Process(mic); c.Played(ear) }); n != 0 {
		t.Errorf("%v allocations a period", n)
	}
	c.Close()
	c.Close()
	c.Process(mic)
}

func BenchmarkClean(b *testing.B) {
	c, err := New(Options{Echo: true, Noise: true, Gain: true})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	mic, ear := voice.Make(Period, Rate, 1), voice.Make(Period, Rate, 2)
	for b.Loop() {
		c.Process(mic)
		c.Played(ear)
	}
}
