//go:build !linux

package engine

import "errors"

// ServeInherited needs inherited shared memory, which only Linux has here so far.
func ServeInherited(Backend) error {
	return errors.New("the sound process is not supported on this system yet")
}

// Promote is not supported on this system yet.
func Promote() error { return errors.ErrUnsupported }
