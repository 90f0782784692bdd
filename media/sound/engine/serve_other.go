//go:build !linux

package engine

import "errors"

// ServeInherited needs shared memory and an eventfd, which only Linux has so far.
func ServeInherited(Backend) error {
	return errors.New("the sound process is not supported on this system yet")
}
