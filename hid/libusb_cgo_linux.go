//go:build cgo

package hid

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	usb "github.com/karalabe/hid"
	"golang.org/x/sys/unix"
)

func enumerateLibusb() ([]Info, error) { return usbPhones("/sys") }

// openLibusb reads the descriptor, where there is one, before it opens the
// device: opening detaches the kernel's driver, and the descriptor goes with it.
func openLibusb(info Info) (Device, error) {
	desc, err := sysfsDescriptor(info)
	if err != nil {
		desc = nil // ignored by the kernel: its driver knows the reports
	}
	if err := mayUse(info); err != nil {
		return nil, err
	}
	h, err := usb.DeviceInfo{Path: info.Path}.Open()
	if err != nil {
		return nil, fmt.Errorf("open %v: %w: another program may have it open", info, err)
	}
	return newUSBDevice(info, desc, h), nil
}

// mayUse finds out by itself what the library does not say: that the device has
// left, or that the user may not write to its node /dev/bus/usb/BBB/DDD.
func mayUse(info Info) error {
	device := filepath.Dir(info.Sysfs)
	bus, errBus := strconv.Atoi(readText(device, "busnum"))
	number, errNumber := strconv.Atoi(readText(device, "devnum"))
	if errBus != nil || errNumber != nil {
		return fmt.Errorf("open %v: %w", info, ErrGone)
	}
	node := fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
	err := unix.Access(node, unix.R_OK|unix.W_OK)
	if os.IsPermission(err) {
		return fmt.Errorf("open %s: %w", node, openError(info, err))
	}
	return nil
}
