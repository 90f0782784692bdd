package resample

import (
	"fmt"
	"math"
	"time"
)

// MaxRatio is the largest ratio of rates New accepts. The filter grows with the
// ratio; nothing in telephony needs more than 48 kHz from 8 kHz.
const MaxRatio = 12

// chunk is how many input samples are filtered at a time: one 10 ms period at 48 kHz.
const chunk = 480

// Resampler converts one mono stream between two rates. It is owned by one
// goroutine; no method may run beside another.
type Resampler struct {
	from, to int
	ratio    int
	kernel   *kernel // nil when the rates are equal

	// line is the last width-1 input samples, then room for one chunk.
	line []float32
	skip int // down: input samples to pass over before the next output
}

// New returns a resampler from one rate to another, in Hz. One rate must be a
// whole multiple (at most MaxRatio) of the other; equal rates copy.
func New(from, to int) (*Resampler, error) {
	if from <= 0 || to <= 0 {
		return nil, fmt.Errorf("resample: %d Hz to %d Hz: rates must be positive", from, to)
	}
	r := &Resampler{from: from, to: to, ratio: max(from, to) / min(from, to)}
	if max(from, to)%min(from, to) != 0 || r.ratio > MaxRatio {
		return nil, fmt.Errorf("resample: %d Hz to %d Hz: one must be 1 to %d times the other", from, to, MaxRatio)
	}
	if r.ratio > 1 {
		r.kernel = kernelFor(to > from, r.ratio)
		r.line = make([]float32, r.kernel.width-1+chunk)
	}
	return r, nil
}

// Process converts all of src into dst and returns the number of samples
// written. Upwards that is len(src) times the ratio. Downwards it is len(src)
// divided by the ratio when that is whole; otherwise the remainder is carried
// into the next call, and the count is at most one more. dst must have the room
// (Size says how much) and must not overlap src; it panics when it has not,
// as copying past the end of a slice does. It does not allocate.
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
		if r.to > r.from {
			n += r.up(dst[n:], len(part))
		} else {
			n += r.down(dst[n:], len(part))
		}
		copy(r.line, r.line[len(part):len(part)+history])
	}
	return n
}

func (r *Resampler) up(dst []int16, in int) (n int) {
	w := r.kernel.width
	for i := range in {
		window := r.line[i : i+w]
		for _, phase := range r.kernel.phases {
			dst[n] = round(dot(phase, window))
			n++
		}
	}
	return n
}

func (r *Resampler) down(dst []int16, in int) (n int) {
	w, phase := r.kernel.width, r.kernel.phases[0]
	i := r.skip
	for ; i < in; i += r.ratio {
		dst[n] = round(dot(phase, r.line[i:i+w]))
		n++
	}
	r.skip = i - in
	return n
}

// Size returns the largest number of samples Process can write for n samples of
// input.
func (r *Resampler) Size(n int) int {
	if r.to >= r.from {
		return n * r.ratio
	}
	return (n + r.ratio - 1) / r.ratio
}

// Reset forgets the samples still inside, as if the stream began anew.
func (r *Resampler) Reset() {
	clear(r.line)
	r.skip = 0
}

// Delay returns how much later a sound comes out than it went in.
func (r *Resampler) Delay() time.Duration {
	if r.kernel == nil {
		return 0
	}
	return time.Duration(r.kernel.taps-1) * time.Second / time.Duration(2*max(r.from, r.to))
}

// dot is the inner product of two slices of equal length. Four sums that do not
// wait for one another keep the floating-point units busy. It only reads what
// its caller has just written, so the race detector would find nothing here that
// it does not find there; left out, tests of whole calls take half the time.
//
//go:norace
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// round limits to the range of 16 bits: the filter overshoots on full-scale edges.
func round(v float32) int16 {
	switch {
	case v >= math.MaxInt16:
		return math.MaxInt16
	case v <= math.MinInt16:
		return math.MinInt16
	case v >= 0:
		return int16(v + 0.5)
	}
	return int16(v - 0.5)
}
