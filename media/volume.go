package media

import (
	"math"
	"sync/atomic"
)

// The volume of an earpiece moves in steps of 3 dB; 0 is the speech as it came.
const (
	volumeStep = 3.0
	volumeMin  = -8 // steps: -24 dB
	volumeMax  = 4  // steps: +12 dB, above which telephone speech is mostly clipping
)

// volume is how loud speech is at the ear, in steps. Tones have their own level. Any goroutine may use it.
type volume struct{ steps atomic.Int32 }

// step goes one step up or down, as far as the range goes, and returns the volume in dB.
func (v *volume) step(up bool) float64 {
	d := int32(-1)
	if up {
		d = 1
	}
	for {
		old := v.steps.Load()
		now := max(volumeMin, min(volumeMax, old+d))
		if v.steps.CompareAndSwap(old, now) {
			return float64(now) * volumeStep
		}
	}
}

// gain is the volume as a factor of 1/4096.
func (v *volume) gain() int64 {
	return int64(math.Round(4096 * math.Pow(10, float64(v.steps.Load())*volumeStep/20)))
}

// apply makes the samples louder or softer. They may leave the range of 16 bits: a limiter follows.
func (v *volume) apply(x []int32) {
	if v.steps.Load() == 0 {
		return
	}
	gain := v.gain()
	for i, s := range x {
		x[i] = int32(int64(s) * gain >> 12)
	}
}

// scale is apply for a sound that fades away; what would not fit is cut off at full scale.
func (v *volume) scale(x []int16) {
	if v.steps.Load() == 0 {
		return
	}
	gain := v.gain()
	for i, s := range x {
		x[i] = int16(max(-32768, min(32767, int64(s)*gain>>12)))
	}
}
