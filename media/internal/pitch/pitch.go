// Package pitch finds the period of voiced speech at 8 kHz, for concealment of
// losses and for stretching and shortening speech without a click.
package pitch

import "math"

// The lags searched, in samples at 8 kHz: voices between 66 and 228 Hz. Higher
// voices match at a multiple of their period, which serves as well.
const (
	MinLag = 35
	MaxLag = 120
)

// Backward compares the last window samples of x with those a lag earlier, for
// lags in [lo, hi], and returns the lag of the best match and its normalised
// correlation, -1 to 1. x must hold window+hi samples. Silence correlates
// with 1: any cut through it is smooth.
func Backward(x []int16, window, lo, hi int) (lag int, r float64) {
	at := len(x) - window
	return search(x[at:], x, at, -1, window, lo, hi)
}

// Forward compares the first window samples of x with those a lag later.
func Forward(x []int16, window, lo, hi int) (lag int, r float64) {
	return search(x[:window], x, 0, 1, window, lo, hi)
}

// search looks at every second lag and then at the neighbours of the best.
func search(ref, x []int16, at, dir, window, lo, hi int) (lag int, r float64) {
	lag, r = lo, math.Inf(-1)
	try := func(l int) {
		if c := correlation(ref, x[at+dir*l:][:window]); c > r {
			lag, r = l, c
		}
	}
	for l := lo; l <= hi; l += 2 {
		try(l)
	}
	for _, l := range [2]int{lag - 1, lag + 1} {
		if l >= lo && l <= hi {
			try(l)
		}
	}
	return lag, r
}

func correlation(a, b []int16) float64 {
	b = b[:len(a)]
	var ab, aa, bb int64
	for i, s := range a {
		p, q := int64(s), int64(b[i])
		ab += p * q
		aa += p * p
		bb += q * q
	}
	// A few units of noise floor make near-silence a perfect match.
	floor := float64(len(a)) * 64
	return (float64(ab) + floor) / math.Sqrt((float64(aa)+floor)*(float64(bb)+floor))
}
