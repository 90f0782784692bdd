package hid

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// usbPhones lists the USB interfaces of phones that have no hidraw node. It
// looks at sysfs only; the library would open devices to read their names.
func usbPhones(sys string) ([]Info, error) {
	devices := filepath.Join(sys, "bus", "usb", "devices")
	_, err := os.Stat(filepath.Join(sys, "class", "hidraw"))
	hidraw := err == nil // the kernel has it
	entries, err := os.ReadDir(devices)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil // no USB here
		}
		return nil, fmt.Errorf("list USB devices: %w", err)
	}
	var infos []Info
	for _, entry := range entries {
		// Interfaces are named bus-ports:configuration.interface.
		if !strings.Contains(entry.Name(), ":") {
			continue
		}
		if info, ok := usbPhone(filepath.Join(devices, entry.Name()), hidraw); ok {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// usbPhone looks at one USB interface. hidraw: the kernel makes nodes of all that
// its HID core has, so that one without is only not made yet: to open it by
// libusb would take it from the kernel's driver.
func usbPhone(link string, hidraw bool) (Info, bool) {
	const classHID = 0x03
	dir, err := filepath.EvalSymlinks(link)
	if err != nil {
		return Info{}, false
	}
	if class, ok := readHex(dir, "bInterfaceClass"); !ok || class != classHID {
		return Info{}, false
	}
	vendor, okVendor := readHex(filepath.Dir(dir), "idVendor")
	product, okProduct := readHex(filepath.Dir(dir), "idProduct")
	if !okVendor || !okProduct {
		return Info{}, false
	}
	nodes, _ := filepath.Glob(filepath.Join(dir, "*", "hidraw", "hidraw*"))
	if len(nodes) > 0 {
		return Info{}, false // hidraw has it
	}
	path := filepath.Base(link)
	info := Info{
		Path: path, Phys: path, Bus: "usb", VendorID: vendor, ProductID: product,
		Interface: -1, Backend: BackendLibusb, Sysfs: dir,
	}
	info.fromUSB(dir)
	if ignoredByKernel(vendor, product) {
		return info, true
	}
	if hidraw {
		return Info{}, false
	}
	desc, err := sysfsDescriptor(info)
	return info, err == nil && isPhone(desc)
}
