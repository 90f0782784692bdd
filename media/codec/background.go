package codec

import "math"

// background makes noise as loud as the softest that was heard lately: that of
// the place the speaker is in. The zero value is ready.
type background struct {
	rms  float64
	seed uint32
	last float64
}

const (
	backgroundMost  = 100  // -50 dBFS: louder than that is no background
	backgroundRise  = 1.05 // in a second, beside
	backgroundClimb = 5.0  // units in a second: it finds up from nothing in some seconds
)

// hear takes in sound that came, at k times 8 kHz.
func (b *background) hear(pcm []int16, k int) {
	if len(pcm) == 0 {
		return
	}
	sum := 0.0
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	t := float64(len(pcm)) / float64(8000*k)
	b.rms = min(math.Sqrt(sum/float64(len(pcm))), b.rms*(1+(backgroundRise-1)*t)+backgroundClimb*t, backgroundMost)
}

// sample is one sample of noise, somewhat soft in its heights, at a share of the level.
func (b *background) sample(share float64) int32 {
	b.seed = b.seed*1664525 + 1013904223
	white := float64(int32(b.seed)) / (1 << 31) * math.Sqrt(3) // of mean square 1
	b.last += (white - b.last) / 2
	return int32(b.last * math.Sqrt(3) * b.rms * share)
}
