package media

// limiter brings sums of sounds into the range of 16 bits without the distortion
// of cutting their peaks off: what would not fit makes the sound softer within
// 1 ms, and it swells to its own level again over some 200 ms. The zero value is
// ready.
type limiter struct{ less float64 } // the gain is 1-less

const (
	limiterPeak    = 32000
	limiterAttack  = 48   // samples at 48 kHz
	limiterRelease = 0.05 // of the way back, in each period
)

// apply writes sum into out, one period.
func (l *limiter) apply(out []int16, sum []int32) {
	peak := int32(0)
	for _, s := range sum {
		peak = max(peak, s, -s)
	}
	want := 1.0
	if peak > limiterPeak {
		want = limiterPeak / float64(peak)
	}
	from := 1 - l.less
	to := min(want, from+l.less*limiterRelease)
	if to > 0.999 {
		to = 1
	}
	l.less = 1 - to
	if from == 1 && to == 1 {
		for i, s := range sum {
			out[i] = int16(s)
		}
		return
	}
	steps := len(sum) // swell over the period, give way at once
	if to < from {
		steps = min(limiterAttack, len(sum))
	}
	for i, s := range sum {
		g := to
		if i < steps {
			g = from + (to-from)*float64(i+1)/float64(steps)
		}
		out[i] = int16(max(-32768, min(32767, float64(s)*g)))
	}
}
