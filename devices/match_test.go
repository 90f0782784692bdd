package devices

import (
	"testing"

	"offhook/hid"
)

func TestADeviceIsNamedByWhatPeopleKnowOfIt(t *testing.T) {
	info := hid.Info{
		VendorID: 0x6993, ProductID: 0xB02B, Name: "Yealink WH66", Serial: "A1B2", Path: "/dev/hidraw3",
		Phys: "usb-0000:00:14.0-2/input3",
	}
	for words, want := range map[string]bool{
		"6993:b02b": true, "6993:B02B": true, "6993:b02b:a1b2": true, "a1b2": true, "/dev/hidraw3": true,
		"usb-0000:00:14.0-2": true, "usb-0000:00:14.0-2/input3": true, "yealink": true, " WH66 ": true,
		"": false, "6993": false, "/dev/hidraw": false, "Jabra": false, "A1B": false, "usb-0000:00:14.0": false,
	} {
		if got := Match(info, words); got != want {
			t.Errorf("%q: %t", words, got)
		}
	}
	if got := Match(hid.Info{Name: "x"}, ""); got {
		t.Error("nothing names a device without a serial number")
	}
	if got := Port(info); got != "usb-0000:00:14.0-2" {
		t.Error(got)
	}
}
