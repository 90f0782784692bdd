//go:build !cgo

package dsp

// Cleaner is not in this build.
type Cleaner struct{}

// New fails with ErrUnavailable.
func New(Options) (*Cleaner, error) { return nil, ErrUnavailable }

// Process is never called: there is no Cleaner.
func (c *Cleaner) Process([]int16) {}

// Played is never called either.
func (c *Cleaner) Played([]int16) {}

// Close does nothing.
func (c *Cleaner) Close() error { return nil }
