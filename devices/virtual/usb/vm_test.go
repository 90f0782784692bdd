//go:build usb

package usb_test

import (
	"testing"

	"offhook/devices/virtual/usb/usbtest"
)

// The tests of the files named vm_ need a kernel with vhci_hcd, and root: `make
// test-usb` runs them in a virtual machine.
func TestMain(m *testing.M) { usbtest.Main(m) }
