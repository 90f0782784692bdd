//go:build !linux

package hid

import "fmt"

func enumerateHidraw() ([]Info, error) { return nil, nil }

func openHidraw(info Info) (Device, error) {
	return nil, fmt.Errorf("open %v: hidraw is %w on this system", info, ErrUnsupported)
}

func sysfsDescriptor(info Info) ([]byte, error) {
	return nil, fmt.Errorf("report descriptor of %v: %w on this system", info, ErrUnsupported)
}
