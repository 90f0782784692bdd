//go:build cgo && (darwin || windows)

package hid

import (
	"fmt"
	"runtime"

	usb "github.com/karalabe/hid"
	"offhook/hid/report"
)

// enumerateLibusb lists what tells of a telephony usage, and the phones known
// by number. macOS has one entry for each usage of a device, all with the same
// path; Windows has a path for each top-level collection.
func enumerateLibusb() ([]Info, error) {
	devices, err := usb.Enumerate(0, 0)
	if err != nil {
		return nil, fmt.Errorf("list HID devices: %w", err)
	}
	var infos []Info
	seen := make(map[string]bool)
	for _, d := range devices {
		if d.UsagePage != report.PageTelephony && !ignoredByKernel(d.VendorID, d.ProductID) || seen[d.Path] {
			continue
		}
		seen[d.Path] = true
		infos = append(infos, Info{
			Path: d.Path, Phys: d.Path, Bus: "usb", VendorID: d.VendorID, ProductID: d.ProductID,
			Name: d.Product, Manufacturer: d.Manufacturer, Serial: d.Serial,
			Interface: d.Interface, Backend: BackendLibusb,
		})
	}
	return infos, nil
}

func openLibusb(info Info) (Device, error) {
	device, err := usb.DeviceInfo{Path: info.Path}.Open()
	if err != nil {
		return nil, fmt.Errorf("open %v: %w", info, err)
	}
	var h handle = device
	if runtime.GOOS == "windows" {
		h = unprefixed{h}
	}
	return newUSBDevice(info, nil, h), nil
}
