//go:build !linux

package engine

import (
	"errors"
	"time"
)

// ServeInherited needs inherited shared memory, which only Linux has here so far.
func ServeInherited(Backend) error {
	return errors.New("the sound process is not supported on this system yet")
}

// Promote is not supported on this system yet.
func Promote() error { return errors.ErrUnsupported }

// Monotonic is of use where a sound process is.
func Monotonic() time.Duration { return 0 }
