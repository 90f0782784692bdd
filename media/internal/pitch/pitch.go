// Package pitch finds the period of voiced speech, for concealment of
// losses and for stretching and shortening speech without a click.
package pitch

import "math"

// The lags searched, in samples at 8 kHz: voices between 66 and 228 Hz. Higher
// voices match at a multiple of their period, which serves as well.
const (
	MinLag = 35
	MaxLag = 120
)

// Most is how many samples at 8 kHz a window and a lag may span together.
const Most = 320

// Backward compares the last window samples of x with those a lag earlier, for
// lags in [lo, hi], and returns the lag of the best match and its normalised
// correlation, -1 to 1. x is at k times 8 kHz; window, lo and hi are in samples
// at 8 kHz, the lag is in samples of x and at most k*hi. x must hold
// k*(window+hi) samples. Silence correlates with 1: any cut through it is
// smooth.
func Backward(x []int16, k, window, lo, hi int) (lag int, r float64) {
	x = x[len(x)-k*(window+hi):]
	if k == 1 {
		return search(x[hi:], x, hi, -1, window, lo, hi, 2)
	}
	var buf [Most]int16
	y := decimate(buf[:window+hi], x, k)
	lag, _ = search(y[hi:], y, hi, -1, window, lo, hi, 2)
	return search(x[k*hi:], x, k*hi, -1, k*window, k*(lag-1), min(k*(lag+1), k*hi), finer(k))
}

// Forward compares the first window samples of x with those a lag later.
func Forward(x []int16, k, window, lo, hi int) (lag int, r float64) {
	if k == 1 {
		return search(x[:window], x, 0, 1, window, lo, hi, 2)
	}
	var buf [Most]int16
	y := decimate(buf[:window+hi], x, k)
	lag, _ = search(y[:window], y, 0, 1, window, lo, hi, 2)
	return search(x[:k*window], x, 0, 1, k*window, k*(lag-1), min(k*(lag+1), k*hi), finer(k))
}

// finer is the step of the search around a lag found at 8 kHz.
func finer(k int) int { return max(1, k/2) }

// decimate averages k samples each: enough of a filter to compare shapes.
func decimate(y, x []int16, k int) []int16 {
	for i := range y {
		sum := int32(0)
		for _, s := range x[i*k : i*k+k] {
			sum += int32(s)
		}
		y[i] = int16(sum / int32(k))
	}
	return y
}

// search looks at every step-th lag and then at the neighbours of the best.
func search(ref, x []int16, at, dir, window, lo, hi, step int) (lag int, r float64) {
	lag, r = lo, math.Inf(-1)
	try := func(l int) {
		if c := correlation(ref, x[at+dir*l:][:window]); c > r {
			lag, r = l, c
		}
	}
	for l := lo; l <= hi; l += step {
		try(l)
	}
	for d := step / 2; d > 0; d /= 2 {
		for _, l := range [2]int{lag - d, lag + d} {
			if l >= lo && l <= hi {
				try(l)
			}
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
