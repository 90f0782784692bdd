package resample

import "math"

// Convert makes a copy of a whole recording at another rate, any rate to any
// other, in Hz: for files that are read before they are played. Streams want a
// Resampler.
func Convert(x []int16, from, to int) []int16 {
	if from == to || from <= 0 || to <= 0 || len(x) == 0 {
		return append([]int16(nil), x...)
	}
	const half = 16 // zero crossings of the sinc on either side
	step := float64(from) / float64(to)
	// Downwards the sinc is stretched so that nothing folds back.
	scale := math.Max(1, step)
	out := make([]int16, int(float64(len(x))/step))
	for i := range out {
		centre := float64(i) * step
		lo, hi := int(math.Ceil(centre-half*scale)), int(math.Floor(centre+half*scale))
		sum, weight := 0.0, 0.0
		for k := max(lo, 0); k <= min(hi, len(x)-1); k++ {
			d := (float64(k) - centre) / scale
			w := (1 + math.Cos(math.Pi*d/half)) / 2 * 0.95 // von Hann
			if d != 0 {
				w *= math.Sin(0.95*math.Pi*d) / (0.95 * math.Pi * d)
			}
			sum += w * float64(x[k])
			weight += w
		}
		if weight != 0 {
			sum /= weight
		}
		out[i] = round(float32(sum))
	}
	return out
}
