package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"offhook/devices/profile"
	"offhook/hid/ident"
	"offhook/udev"
)

// maxFile bounds what is read of any file, in bytes: the kernel's descriptors
// have at most 4096.
const maxFile = 4096

// profiles is the folder with what is known of devices on this machine.
var profiles = profile.SystemFolder

// node tells the kind of telephone behind a hidraw node that users may open.
func node(dir string) (kind string, ok bool) {
	hid, ok := hidDevice(dir)
	if !ok {
		return "", false
	}
	id, err := identify(hid)
	// A descriptor that is not understood may have a keyboard in it.
	if err != nil || id.Keyboard {
		return "", false
	}
	if p, ok := knownHID(hid); ok {
		return p.Kind, true
	}
	if !id.May() && profiled(hid) {
		return ident.Headset.String(), true
	}
	return id.Kind.String(), id.May()
}

// profiled tells whether a HID device, whose descriptor shows no telephone, has the controls that its profile names, as
// the headsets with a page of their maker's have.
func profiled(hid string) bool {
	vendor, product, ok := numbers(hid)
	if !ok {
		return false
	}
	table, _ := profile.Load(profiles) // what is wrong there is told by offhook, and left out
	known := table.Find(vendor, product)
	return known.Telephone(read(filepath.Join(hid, "report_descriptor")))
}

// typing tells whether an input node is a keyboard's: those are left alone,
// whatever else is in the same device.
func typing(dir string) bool {
	hid, ok := hidDevice(dir)
	if !ok {
		return false // one of the kernel's own drivers for phones made it
	}
	id, err := identify(hid)
	return err != nil || id.Keyboard
}

// hidden tells whether the sound and keys of a USB device, given by its
// directory, are a handset's and so not for the desktop. While the kernel has
// not read the descriptors of all its interfaces, it waits for changes, but no
// longer than patience.
func hidden(device string, changes <-chan struct{}, patience time.Duration) bool {
	if p, ok := knownUSB(device); ok {
		return p.Kind != "headset" && !p.Shared
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		handset, complete := handset(device)
		// A handset has sound. The keys of other devices need not wait.
		if handset || complete || !udev.HasInterface(device, "01") {
			return handset
		}
		select {
		case <-changes:
		case <-timeout.C:
			return false
		}
	}
}

// handset tells whether one of a USB device's HID interfaces is a phone or
// handset that users may open, and whether all of them could be looked at.
func handset(device string) (found, complete bool) {
	complete = true
	for _, dir := range udev.Interfaces(device) {
		if readLine(filepath.Join(dir, "bInterfaceClass")) != "03" {
			continue
		}
		hids, _ := filepath.Glob(filepath.Join(dir, "????:????:????.????")) // the pattern is well-formed
		if len(hids) == 0 {
			complete = false
		}
		for _, hid := range hids {
			if len(read(filepath.Join(hid, "report_descriptor"))) == 0 {
				complete = false // the driver is still at it
				continue
			}
			if id, err := identify(hid); err == nil && id.May() && id.Kind.Cradled() {
				found = true
			}
		}
	}
	return found, complete
}

// hidDevice finds the HID device above a node's directory: the one with a
// report descriptor.
func hidDevice(dir string) (string, bool) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", false
	}
	for range 8 { // …/0003:V:P.N/hidraw/hidraw3, …/0003:V:P.N/input/input5/event7
		if _, err := os.Stat(filepath.Join(dir, "report_descriptor")); err == nil {
			return dir, true
		}
		dir = filepath.Dir(dir)
	}
	return "", false
}

func identify(hid string) (ident.Identity, error) {
	return ident.Identify(read(filepath.Join(hid, "report_descriptor")))
}

// numbers are in the name of a HID device, "0003:6993:B02B.0007".
func numbers(hid string) (vendor, product uint16, ok bool) {
	parts := strings.FieldsFunc(filepath.Base(hid), func(r rune) bool { return r == ':' || r == '.' })
	if len(parts) != 4 {
		return 0, 0, false
	}
	return hexadecimal(parts[1], parts[2])
}

func hexadecimal(vendor, product string) (v, p uint16, ok bool) {
	v64, verr := strconv.ParseUint(vendor, 16, 16)
	p64, perr := strconv.ParseUint(product, 16, 16)
	return uint16(v64), uint16(p64), verr == nil && perr == nil
}

func knownHID(hid string) (udev.KnownPhone, bool) {
	vendor, product, ok := numbers(hid)
	if !ok {
		return udev.KnownPhone{}, false
	}
	return udev.Known(vendor, product)
}

func knownUSB(device string) (udev.KnownPhone, bool) {
	vendor, product, ok := hexadecimal(readLine(filepath.Join(device, "idVendor")), readLine(filepath.Join(device, "idProduct")))
	if !ok {
		return udev.KnownPhone{}, false
	}
	return udev.Known(vendor, product)
}

// read reads a file; what is missing or too long is nil.
func read(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil || len(data) > maxFile {
		return nil
	}
	return data
}

func readLine(path string) string { return strings.TrimSpace(string(read(path))) }
