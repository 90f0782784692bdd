package resample

import "fmt"

// Resampler converts one mono stream between two rates. It is owned by one
// goroutine; no method may run beside another.
type Resampler struct {
	from, to int
}

// New returns a resampler from one rate to another, in Hz.
func New(from, to int) (*Resampler, error) {
	if from <= 0 || to <= 0 || (from%to != 0 && to%from != 0) {
		return nil, fmt.Errorf("resample: no whole ratio between %d Hz and %d Hz", from, to)
	}
	return &Resampler{from: from, to: to}, nil
}

// Process converts src into dst and returns the number of samples written.
func (r *Resampler) Process(dst, src []int16) (n int) { return 0 }

// Reset forgets the samples still inside.
func (r *Resampler) Reset() {}
