// Package voice makes a sound that codecs and concealment take for speech, for
// tests: voiced syllables of moving pitch and changing vowels, hiss between
// some of them, and pauses. The same seed gives the same words.
package voice

import (
	"math"
	"math/rand/v2"
)

// Make returns n samples at a rate, with a peak of about -6 dBFS.
func Make(n, rate int, seed uint64) []int16 {
	rnd := rand.New(rand.NewPCG(seed, 1))
	out := make([]int16, 0, n)
	vowels := [][3]float64{{700, 1150, 2500}, {300, 2200, 2900}, {320, 800, 2300}, {500, 1800, 2500}, {450, 900, 2400}}
	fs := float64(rate)
	var filters [3]resonator
	phase := 0.0
	for len(out) < n {
		vowel := vowels[rnd.IntN(len(vowels))]
		for i := range filters {
			filters[i].set(vowel[i], 60+40*float64(i), fs)
		}
		length := int(fs * (0.12 + 0.15*rnd.Float64()))
		pitch, slope := 90+90*rnd.Float64(), -20+40*rnd.Float64()
		for i := range length {
			at := float64(i) / float64(length)
			phase += (pitch + slope*at) / fs
			pulse := 0.0
			if phase >= 1 {
				phase--
				pulse = 1
			}
			v := filters[0].next(pulse) + 0.6*filters[1].next(pulse) + 0.3*filters[2].next(pulse) + 0.002*rnd.NormFloat64()
			envelope := math.Sin(math.Pi * at)
			out = append(out, int16(math.Max(-32000, math.Min(32000, 9000*v*envelope))))
		}
		if rnd.IntN(3) == 0 {
			for range int(fs * 0.06) {
				out = append(out, int16(300*rnd.NormFloat64()))
			}
		}
		for range int(fs * 0.1 * rnd.Float64()) {
			out = append(out, int16(3*rnd.NormFloat64()))
		}
	}
	return out[:n]
}

// resonator is a two-pole filter.
type resonator struct{ a1, a2, g, y1, y2 float64 }

func (r *resonator) set(freq, bandwidth, rate float64) {
	radius := math.Exp(-math.Pi * bandwidth / rate)
	r.a1 = 2 * radius * math.Cos(2*math.Pi*freq/rate)
	r.a2 = -radius * radius
	r.g = 1 - radius*radius
	r.g *= 16000 / 8000 * 8
}

func (r *resonator) next(x float64) float64 {
	y := r.g*x + r.a1*r.y1 + r.a2*r.y2
	r.y2, r.y1 = r.y1, y
	return y
}

// SNR compares got with want after shifting got back by up to maxLag samples,
// and returns the best ratio in dB with its shift. The gain is left as it is.
func SNR(want, got []int16, maxLag int) (dB float64, lag int) {
	dB = math.Inf(-1)
	for l := range maxLag + 1 {
		var signal, noise float64
		for i := 0; i < len(want) && i+l < len(got); i++ {
			w, d := float64(want[i]), float64(want[i])-float64(got[i+l])
			signal += w * w
			noise += d * d
		}
		if v := 10 * math.Log10(signal/(noise+1)); v > dB {
			dB, lag = v, l
		}
	}
	return dB, lag
}

// RMS is the root of the mean square.
func RMS(x []int16) float64 {
	var sum float64
	for _, s := range x {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(max(1, len(x))))
}
