//go:build !cgo || !(linux || darwin || windows)

package hid

import "fmt"

func enumerateLibusb() ([]Info, error) { return nil, nil }

func openLibusb(info Info) (Device, error) {
	return nil, fmt.Errorf("open %v: libusb is %w by this build, which was made without cgo", info, ErrUnsupported)
}
