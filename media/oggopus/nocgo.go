//go:build !cgo

package oggopus

import "io"

// Writer is not in this build.
type Writer struct{}

// NewWriter fails with ErrUnavailable.
func NewWriter(io.Writer, int) (*Writer, error) { return nil, ErrUnavailable }

// Write is never called: there is no Writer.
func (w *Writer) Write([]int16) error { return ErrUnavailable }

// Close is never called either.
func (w *Writer) Close() error { return ErrUnavailable }

// ReadFile fails with ErrUnavailable.
func ReadFile(string, int) ([]int16, error) { return nil, ErrUnavailable }
