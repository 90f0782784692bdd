package hid

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Bounds of what is read from sysfs: devices choose these texts. The kernel
// has 4096 for a descriptor and one page for a text file.
const maxSysfsFile = 4096

// readSysfs reads a file that must be no longer than maxSysfsFile.
func readSysfs(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSysfsFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSysfsFile {
		return nil, fmt.Errorf("%s: more than %d bytes", path, maxSysfsFile)
	}
	return data, nil
}

// readText reads an attribute of one line, "" when there is none.
func readText(dir, name string) string {
	data, err := readSysfs(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return cleanText(string(data))
}

// cleanText makes a device's string fit to be printed: it comes from outside.
func cleanText(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}

// readHex reads an attribute that is a number of up to 16 bits in hexadecimal.
func readHex(dir, name string) (uint16, bool) {
	n, err := strconv.ParseUint(readText(dir, name), 16, 16)
	return uint16(n), err == nil
}

// gone tells whether an error of sysfs means that the device has just left.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || isGone(err)
}

// sysfsDescriptor reads the descriptor that the kernel's HID core keeps: from
// the HID device itself or, for libusb, from the HID device of the interface.
func sysfsDescriptor(info Info) ([]byte, error) {
	dir := info.Sysfs
	if info.Backend == BackendLibusb {
		dirs := hidDirs(dir)
		if len(dirs) == 0 {
			return nil, fmt.Errorf("report descriptor of %v: %w, the kernel has none for it", info, ErrUnsupported)
		}
		dir = dirs[0]
	}
	desc, err := readSysfs(filepath.Join(dir, "report_descriptor"))
	switch {
	case err == nil && len(desc) > 0:
		return desc, nil
	case err == nil || gone(err):
		return nil, fmt.Errorf("report descriptor of %v: %w", info, ErrGone)
	}
	return nil, fmt.Errorf("report descriptor of %v: %w", info, err)
}

// hidDirs are the HID devices of a USB interface, "0003:6993:B02B.0007" each.
func hidDirs(usbInterface string) []string {
	dirs, _ := filepath.Glob(filepath.Join(usbInterface, "[0-9A-F][0-9A-F][0-9A-F][0-9A-F]:*:*.*"))
	return dirs
}

// fromUevent takes what the HID device's uevent file says:
// HID_ID=0003:00006993:0000B02B, HID_NAME, HID_PHYS, HID_UNIQ.
func (i *Info) fromUevent(uevent []byte) bool {
	identified := false
	for line := range bytes.Lines(uevent) {
		key, value, _ := strings.Cut(strings.TrimRight(string(line), "\n"), "=")
		value = cleanText(value)
		switch key {
		case "HID_ID":
			var bus, vendor, product uint32
			if n, err := fmt.Sscanf(value, "%x:%x:%x", &bus, &vendor, &product); n != 3 || err != nil {
				return false
			}
			i.Bus, i.VendorID, i.ProductID = busName(bus), uint16(vendor), uint16(product)
			identified = true
		case "HID_NAME":
			i.Name = value
		case "HID_PHYS":
			i.Phys = value
		case "HID_UNIQ":
			i.Serial = value
		}
	}
	return identified
}

// busName names the bus types of linux/input.h.
func busName(bus uint32) string {
	switch bus {
	case 0x03:
		return "usb"
	case 0x05:
		return "bluetooth"
	case 0x06:
		return "virtual"
	case 0x18:
		return "i2c"
	}
	return fmt.Sprintf("%02x", bus)
}

// fromUSB takes what the USB interface and its device say, when the directory
// is one of a USB interface.
func (i *Info) fromUSB(usbInterface string) {
	n, ok := readHex(usbInterface, "bInterfaceNumber")
	if !ok {
		return
	}
	i.Interface = int(n)
	device := filepath.Dir(usbInterface)
	if name := readText(device, "product"); name != "" {
		i.Name = name
	}
	if serial := readText(device, "serial"); serial != "" {
		i.Serial = serial
	}
	i.Manufacturer = readText(device, "manufacturer")
}
