package resample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// sine returns n samples of a sine.
func sine(rate int, freq, amplitude float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*freq*float64(i)/float64(rate))))
	}
	return out
}

// fit returns the amplitude of the sine at freq in x, by least squares, and the
// RMS of all else.
func fit(x []int16, rate int, freq float64) (amplitude, rest float64) {
	var xc, xs, cc, cs, ss float64
	wave := func(i int) (c, s float64) {
		s, c = math.Sincos(2 * math.Pi * freq * float64(i) / float64(rate))
		return c, s
	}
	for i, v := range x {
		c, s := wave(i)
		xc, xs = xc+float64(v)*c, xs+float64(v)*s
		cc, cs, ss = cc+c*c, cs+c*s, ss+s*s
	}
	det := cc*ss - cs*cs
	re, im := (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
	if det < 1e-6*cc*cc { // at 0 Hz
		re, im = xc/cc, 0
	}
	sum := 0.0
	for i, v := range x {
		c, s := wave(i)
		d := float64(v) - re*c - im*s
		sum += d * d
	}
	return math.Hypot(re, im), math.Sqrt(sum / float64(len(x)))
}

func convert(t testing.TB, from, to int, in []int16) []int16 {
	t.Helper()
	r, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, r.Size(len(in)))
	return out[:r.Process(out, in)]
}

func db(ratio float64) float64 { return 20 * math.Log10(ratio) }

var pairs = []struct{ from, to int }{
	{48000, 8000}, {8000, 48000}, {48000, 16000}, {16000, 48000},
	{48000, 24000}, {24000, 48000}, {16000, 8000}, {8000, 16000}, {24000, 8000},
	{44100, 48000}, {48000, 44100}, {44100, 8000}, {8000, 44100}, {44100, 16000}, {16000, 44100}, {48000, 32000},
}

func TestPassBandIsFlatAndClean(t *testing.T) {
	const amplitude = 16000
	for _, p := range pairs {
		t.Run(fmt.Sprintf("%d to %d", p.from, p.to), func(t *testing.T) {
			edge := 0.425 * float64(min(p.from, p.to)) // 3.4 kHz for 8 kHz
			for _, f := range []float64{100, 300, 1000, edge / 2, edge * 0.9, edge} {
				out := convert(t, p.from, p.to, sine(p.from, f, amplitude, p.from))
				settled := out[p.to/50:] // past the filter's start
				got, rest := fit(settled, p.to, f)
				if ripple := db(got / amplitude); math.Abs(ripple) > 0.02 {
					t.Errorf("%.0f Hz: level off by %.3f dB, want under 0.02", f, ripple)
				}
				if snr := db(got / math.Sqrt2 / rest); snr < 65 {
					t.Errorf("%.0f Hz: signal to noise %.1f dB, want 65", f, snr)
				}
			}
		})
	}
}

func TestNothingFoldsDown(t *testing.T) {
	const amplitude = 16000
	for _, p := range pairs {
		if p.to > p.from {
			continue
		}
		t.Run(fmt.Sprintf("%d to %d", p.from, p.to), func(t *testing.T) {
			for f := 0.5625 * float64(p.to); f < float64(p.from)/2; f += 313 {
				out := convert(t, p.from, p.to, sine(p.from, f, amplitude, p.from/4))
				_, rest := fit(out[p.to/50:], p.to, 0)
				if level := db(rest * math.Sqrt2 / amplitude); level > -60 {
					t.Errorf("%.0f Hz comes through at %.1f dB, want under -60", f, level)
				}
			}
		})
	}
}

func TestNoImagesAboveTheOldBand(t *testing.T) {
	const amplitude = 16000
	for _, p := range pairs {
		if p.to < p.from {
			continue
		}
		t.Run(fmt.Sprintf("%d to %d", p.from, p.to), func(t *testing.T) {
			for _, f := range []float64{300, 1000, 0.425 * float64(p.from)} {
				out := convert(t, p.from, p.to, sine(p.from, f, amplitude, p.from/2))
				out = out[p.to/50:]
				out = out[:len(out)/p.to*p.to+len(out)%p.to/400*400]
				for k := p.from; k < p.to; k += p.from {
					for _, image := range []float64{float64(k) - f, float64(k) + f} {
						if image >= float64(p.to)/2 {
							continue
						}
						got, _ := fit(out, p.to, image)
						if level := db(got / amplitude); level > -60 {
							t.Errorf("%.0f Hz has an image of %.1f dB at %.0f Hz, want under -60", f, level, image)
						}
					}
				}
			}
		})
	}
}

func TestDelayIsWhatItSays(t *testing.T) {
	limits := map[int]time.Duration{8000: 2100 * time.Microsecond, 16000: 1100 * time.Microsecond, 24000: 800 * time.Microsecond}
	for _, p := range pairs {
		r, err := New(p.from, p.to)
		if err != nil {
			t.Fatal(err)
		}
		if high := max(p.from, p.to); high == 48000 {
			limit := limits[min(p.from, p.to)]
			if limit == 0 {
				limit = 600 * time.Microsecond
			}
			if r.Delay() > limit {
				t.Errorf("%d to %d: delay %v, want at most %v", p.from, p.to, r.Delay(), limit)
			}
		}
		// A slow ramp comes out shifted by just the delay.
		const slope = 1e5 // per second
		in := make([]int16, p.from/10)
		for i := range in {
			in[i] = int16(slope * float64(i) / float64(p.from))
		}
		out := convert(t, p.from, p.to, in)
		at := len(out) - len(out)/8
		when := float64(at) / float64(p.to)
		want := slope * (when - r.Delay().Seconds())
		if got := float64(out[at]); math.Abs(got-want) > slope/float64(min(p.from, p.to))/4+2 {
			t.Errorf("%d to %d: ramp at %.4f s is %.0f, want %.0f", p.from, p.to, when, got, want)
		}
	}
}

func TestAnyCuttingGivesTheSameStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range pairs {
		in := make([]int16, 5003)
		for i := range in {
			in[i] = int16(rng.IntN(65536) - 32768)
		}
		whole := convert(t, p.from, p.to, in)
		r, _ := New(p.from, p.to)
		var parts []int16
		buf := make([]int16, r.Size(1000))
		for rest := in; len(rest) > 0; {
			n := min(len(rest), rng.IntN(1000))
			parts = append(parts, buf[:r.Process(buf, rest[:n])]...)
			rest = rest[n:]
		}
		if !slices.Equal(parts, whole) {
			t.Errorf("%d to %d: the stream depends on how it is cut", p.from, p.to)
		}
		if want := (len(in)*r.up + r.down - 1) / r.down; len(whole) != want {
			t.Errorf("%d to %d: %d samples from %d", p.from, p.to, len(whole), len(in))
		}
	}
}

func TestPeriodsConvertExactly(t *testing.T) {
	for _, p := range pairs {
		r, _ := New(p.from, p.to)
		in, out := make([]int16, p.from/100), make([]int16, p.to/100)
		for range 5 {
			if n := r.Process(out, in); n != len(out) {
				t.Errorf("%d to %d: a 10 ms period gave %d samples, want %d", p.from, p.to, n, len(out))
			}
		}
	}
}

func TestFullScaleSquareIsClippedNotWrapped(t *testing.T) {
	in := make([]int16, 8000)
	for i := range in {
		in[i] = math.MaxInt16
		if i/40%2 == 1 {
			in[i] = math.MinInt16
		}
	}
	for i, s := range convert(t, 8000, 48000, in) {
		// 2 ms after each edge the output must be on the side of the input.
		at := (i - 96) / 6
		if at < 0 || at%40 < 4 || at%40 > 36 {
			continue
		}
		if (s > 0) != (in[at] > 0) {
			t.Fatalf("sample %d wrapped: %d while the input is %d", i, s, in[at])
		}
	}
}

func TestResetForgets(t *testing.T) {
	r, _ := New(48000, 8000)
	out := make([]int16, 200)
	first := slices.Clone(out[:r.Process(out, sine(48000, 700, 9000, 1001))])
	r.Reset()
	if again := out[:r.Process(out, sine(48000, 700, 9000, 1001))]; !slices.Equal(first, again) {
		t.Error("a stream after Reset differs from the first")
	}
}

func TestOddRatiosAreRefused(t *testing.T) {
	for _, p := range [][2]int{{44101, 48000}, {0, 8000}, {8000, 0}, {-8000, 8000}, {1000, 48000}, {48000, 1000}} {
		if _, err := New(p[0], p[1]); err == nil {
			t.Errorf("New(%d, %d) accepted", p[0], p[1])
		}
	}
	r, err := New(8000, 8000)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 3)
	if n := r.Process(out, []int16{1, 2, 3}); n != 3 || !slices.Equal(out, []int16{1, 2, 3}) || r.Delay() != 0 {
		t.Errorf("equal rates: %d %v, delay %v", n, out, r.Delay())
	}
}

func TestProcessDoesNotAllocate(t *testing.T) {
	for _, p := range pairs {
		r, _ := New(p.from, p.to)
		in, out := make([]int16, p.from/50), make([]int16, p.to/50)
		if n := testing.AllocsPerRun(20, func() { r.Process(out, in) }); n != 0 {
			t.Errorf("%d to %d: %v allocations per call", p.from, p.to, n)
		}
	}
}

func BenchmarkProcess20ms(b *testing.B) {
	for _, p := range append(pairs[:4:4], pairs[9:11]...) {
		b.Run(fmt.Sprintf("%d to %d", p.from, p.to), func(b *testing.B) {
			r, _ := New(p.from, p.to)
			in, out := make([]int16, p.from/50), make([]int16, p.to/50)
			for i := range in {
				in[i] = int16(rand.IntN(20000) - 10000) // as speech, of both signs
			}
			for b.Loop() {
				r.Process(out, in)
			}
		})
	}
}
