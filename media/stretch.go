package media

import "offhook/media/internal/pitch"

// Speech is made shorter or longer by whole pitch periods, cross-faded, so that
// neither a click nor another pitch is heard. In near-silence any length goes.

const (
	fadeSamples = 40  // cross-fade, 5 ms at 8 kHz
	quietLevel  = 150 // RMS below which a cut is not heard: -47 dBFS
	goodMatch   = 0.6 // correlation from which two periods count as alike
)

// cutLength finds how many of the first samples of x may go, or be said twice,
// at most limit; 0 = none well. With force it finds the least bad place. x is
// at k times 8 kHz.
func cutLength(x []int16, k, limit int, force bool) int {
	hi := min(limit, len(x)-k*fadeSamples)
	if quiet(x) {
		if hi = min(hi, k*pitch.MaxLag); hi >= k*shortestCut {
			return hi
		}
		return 0
	}
	window := min(len(x)/k-pitch.MinLag, 2*fadeSamples)
	hi = min(hi/k, len(x)/k-window, pitch.MaxLag)
	if window < fadeSamples || hi < pitch.MinLag {
		return 0
	}
	lag, r := pitch.Forward(x, k, window, pitch.MinLag, hi)
	if r < goodMatch && !force {
		return 0
	}
	return lag
}

// cut removes n samples near the start of x and returns the rest, which
// begins where x began. len(x) >= n+k*fadeSamples.
func cut(x []int16, n, k int) []int16 {
	w := min(n, k*fadeSamples) // no longer, so that no sample is read after it was written
	crossfade(x[n:n+w], x[:w], x[n:n+w])
	return x[n:]
}

// paste repeats the first n samples of x, which grows into its capacity.
// len(x) >= n+k*fadeSamples.
func paste(x []int16, n, k int) []int16 {
	old := len(x)
	x = x[:old+n]
	copy(x[n:], x[:old])
	// x is now A|A B… with the second A wanted whole after the first: fade from
	// what followed A to A itself.
	w := min(n, k*fadeSamples)
	crossfade(x[n:n+w], x[2*n:2*n+w], x[n:n+w])
	return x
}

// crossfade writes from → to into out; out may be either.
func crossfade(out, from, to []int16) {
	for i := range out {
		w := int32(i+1) * 256 / int32(len(out)+1)
		out[i] = int16((int32(from[i])*(256-w) + int32(to[i])*w) / 256)
	}
}

func quiet(x []int16) bool {
	var sum int64
	for _, s := range x {
		sum += int64(s) * int64(s)
	}
	return sum < int64(len(x))*quietLevel*quietLevel
}
