//go:build !linux

package udev

// Access tells nothing on this system.
func Access(string) error { return ErrUnsupported }

// Withdraw does nothing on this system.
func Withdraw(string) error { return ErrUnsupported }
