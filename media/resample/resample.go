package resample

import (
	"fmt"
	"math"
	"time"
)

// MaxRatio is the largest ratio of rates New accepts. The filter grows with the
// ratio; nothing in telephony needs more than 48 kHz from 8 kHz.
const MaxRatio = 12

// maxFactor bounds how odd a ratio may be: 441 : 80 is 44.1 kHz to 8 kHz, 640 : 147
// is 11.025 kHz to 48 kHz. The filter grows with it as well.
const maxFactor = 640

// chunk is how many input samples are filtered at a time: one 10 ms period at 48 kHz.
const chunk = 480

// Resampler converts one mono stream between two rates. It is owned by one
// goroutine; no method may run beside another.
type Resampler struct {
	from, to int
	up, down int     // to : from in lowest terms
	kernel   *kernel // nil when the rates are equal

	// line is the last width-1 input samples, then room for one chunk.
	line  []float32
	skip  int // input samples to pass over before the next output
	phase int // of the next output, 0 to up-1
}

// New returns a resampler from one rate to another, in Hz. One rate is at most
// MaxRatio times the other; equal rates copy. Rates that have hardly a divisor
// in common, as 44101 and 48000, are an error.
func New(from, to int) (*Resampler, error) {
	if from <= 0 || to <= 0 {
		return nil, fmt.Errorf("resample: %d Hz to %d Hz: rates must be positive", from, to)
	}
	if max(from, to) > MaxRatio*min(from, to) {
		return nil, fmt.Errorf("resample: %d Hz to %d Hz: one may be %d times the other at most", from, to, MaxRatio)
	}
	d := divisor(from, to)
	r := &Resampler{from: from, to: to, up: to / d, down: from / d}
	if max(r.up, r.down) > maxFactor {
		return nil, fmt.Errorf("resample: %d Hz to %d Hz: a ratio of %d to %d is too odd, %d is the most", from, to, r.down, r.up, maxFactor)
	}
	if from != to {
		r.kernel = kernelFor(r.up, r.down)
		r.line = make([]float32, r.kernel.width-1+chunk)
	}
	return r, nil
}

// divisor is the greatest that two numbers have in common.
func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Process converts all of src into dst and returns the number of samples
// written: len(src) times the ratio when that is whole, as it is for whole
// periods of 10 ms. Otherwise the remainder is carried into the next call, and
// the count is at most one more. dst must have the room (Size says how much)
// and must not overlap src; it panics when it has not, as copying past the end
// of a slice does. It does not allocate.
func (r *Resampler) Process(dst, src []int16) (n int) {
	if r.kernel == nil {
		_ = dst[:len(src)]
		return copy(dst, src)
	}
	history := r.kernel.width - 1
	for len(src) > 0 {
		part := src[:min(len(src), chunk)]
		src = src[len(part):]
		for i, s := range part {
			r.line[history+i] = float32(s)
		}
		n += r.filter(dst[n:], len(part))
		copy(r.line, r.line[len(part):len(part)+history])
	}
	return n
}

// filter makes what can be made of so many new samples in line.
func (r *Resampler) filter(dst []int16, in int) (n int) {
	w, up, down := r.kernel.width, r.up, r.down
	i, phase := r.skip, r.phase
	for i < in {
		dst[n] = round(dot(r.kernel.phases[phase], r.line[i:i+w]))
		n++
		for phase += down; phase >= up && i < in; i++ {
			phase -= up
		}
	}
	// What is left over of a long step is passed over in the next chunk.
	i += phase / up
	r.skip, r.phase = i-in, phase%up
	return n
}

// Size returns the largest number of samples Process can write for n samples of
// input.
func (r *Resampler) Size(n int) int { return (n*r.up + r.down - 1) / r.down }

// Reset forgets the samples still inside, as if the stream began anew.
func (r *Resampler) Reset() {
	clear(r.line)
	r.skip, r.phase = 0, 0
}

// Delay returns how much later a sound comes out than it went in.
func (r *Resampler) Delay() time.Duration {
	if r.kernel == nil {
		return 0
	}
	return time.Duration(r.kernel.taps-1) * time.Second / time.Duration(2*r.from*r.up)
}

// round limits to the range of 16 bits: the filter overshoots on full-scale edges.
// The filter's sum of magnitudes is far below what would overflow the number in between. Adding first rounds without asking for the
// sign, which of speech a processor can't foresee.
func round(v float32) int16 {
	return int16(min(max(int32(v+(1<<15+0.5)), 0), math.MaxUint16) - 1<<15)
}
