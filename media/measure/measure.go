package measure

import (
	"math"
	"math/cmplx"
	"slices"
	"time"
)

// Silence is the level of samples that are all zero, in dBFS: that of a single bit, by convention.
const Silence = -96.0

// Level is the RMS level of 16-bit samples in dB below full scale (a square wave at full scale is 0). No samples, or
// all zero, give Silence.
func Level(samples []int16) float64 {
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	if sum == 0 {
		return Silence
	}
	return max(Silence, 10*math.Log10(sum/float64(len(samples))/(32768*32768)))
}

// Onset is when something is heard first, above -50 dBFS, in a recording at rate Hz, to within 5 ms; the end of the
// recording when nothing is.
func Onset(x []int16, rate int) time.Duration {
	n := max(1, rate/200)
	at := 0
	for at+n <= len(x) && Level(x[at:at+n]) <= -50 {
		at += n
	}
	if at+n > len(x) {
		at = len(x)
	}
	return time.Duration(at) * time.Second / time.Duration(rate)
}

// Match says how well one recording is found in another.
type Match struct {
	// Similarity is the median over the spoken windows of the normalised cross-correlation at the best lag, 0 to 1.
	// The same speech through G.711 gives above 0.9, through G.729 above 0.6, other speech below 0.4.
	Similarity float64
	// Lag is the median of the best lags: how much later the speech was heard than sent.
	Lag time.Duration
	// Windows is how many windows held speech. With none nothing was compared, and Similarity is 0.
	Windows int
	// Recognised is how many of the windows are found with a likeness of at least 0.7: what is left to judge by when
	// a stall of the computer tore the speech, since torn-out windows pull the median down.
	Recognised int
}

const (
	window     = 400 * time.Millisecond
	speechMin  = -45.0 // dBFS: a window below this holds no speech worth comparing
	likeEnough = 0.7
)

// Speech looks for what was sent in what was heard. Both are samples at rate Hz whose first samples were taken at the
// same moment; lags from 0 to maxLag are tried.
func Speech(sent, heard []int16, rate int, maxLag time.Duration) Match {
	n := samples(window, rate)
	lags := samples(maxLag, rate)
	var found []peak
	for start := 0; start+n <= len(sent) && start+n <= len(heard); start += n {
		w := sent[start : start+n]
		if Level(w) < speechMin {
			continue
		}
		found = append(found, best(w, heard[start:min(len(heard), start+n+lags)]))
	}
	if len(found) == 0 {
		return Match{}
	}
	recognised := 0
	for _, p := range found {
		if p.likeness >= likeEnough {
			recognised++
		}
	}
	return Match{
		Similarity: median(found, func(p peak) float64 { return p.likeness }),
		Lag:        time.Duration(median(found, func(p peak) float64 { return float64(p.lag) }) / float64(rate) * float64(time.Second)),
		Windows:    len(found),
		Recognised: recognised,
	}
}

func samples(d time.Duration, rate int) int { return int(d.Seconds() * float64(rate)) }

type peak struct {
	lag      int
	likeness float64
}

// best slides w along in, which is as long or longer, and returns where it fits best.
func best(w, in []int16) peak {
	var energy, here float64
	for i, s := range w {
		energy += float64(s) * float64(s)
		here += float64(in[i]) * float64(in[i])
	}
	var p peak
	for lag, dot := range products(w, in) {
		if lag > 0 {
			out, add := float64(in[lag-1]), float64(in[lag+len(w)-1])
			here += add*add - out*out
		}
		// A stretch 30 dB below the speech is no match, whatever its shape.
		if here < energy/1000 {
			continue
		}
		if like := dot / math.Sqrt(energy*here); like > p.likeness {
			p = peak{lag, like}
		}
	}
	return p
}

// products gives the sums of the products of w with in from each lag on, by way of their spectra.
func products(w, in []int16) []float64 {
	size := 1
	for size < len(in) {
		size *= 2
	}
	a, b := make([]complex128, size), make([]complex128, size)
	for i, s := range w {
		a[i] = complex(float64(s), 0)
	}
	for i, s := range in {
		b[i] = complex(float64(s), 0)
	}
	fft(a)
	fft(b)
	for i := range a { // the inverse transform is the transform of the conjugate, conjugated
		a[i] *= cmplx.Conj(b[i])
	}
	fft(a)
	out := make([]float64, len(in)-len(w)+1)
	for lag := range out {
		out[lag] = real(a[lag]) / float64(size)
	}
	return out
}

func median(list []peak, of func(peak) float64) float64 {
	v := make([]float64, len(list))
	for i, p := range list {
		v[i] = of(p)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
