package udev

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Sysfs is where sysfs is mounted. Its methods may be called by any goroutine.
type Sysfs string

// System is the sysfs of this machine.
const System Sysfs = "/sys"

// maxDepth bounds the walk from a device up to its USB device: hubs nest at most 5 deep (USB 2.0, 4.1.1), and each
// level adds a directory or two.
const maxDepth = 32

// USBDevice is the directory of the USB device that a device belongs to, with links resolved; path is any directory or
// link of sysfs, such as /sys/class/hidraw/hidraw0. False when it belongs to none.
func (s Sysfs) USBDevice(path string) (string, bool) {
	dir, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", false
	}
	for range maxDepth {
		if exists(filepath.Join(dir, "idVendor")) && exists(filepath.Join(dir, "idProduct")) {
			return dir, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return "", false
}

// SoundCards are the numbers of the ALSA cards, in order, that belong to the same USB device as path.
func (s Sysfs) SoundCards(path string) []int {
	device, ok := s.USBDevice(path)
	if !ok {
		return nil
	}
	links, err := filepath.Glob(filepath.Join(string(s), "class", "sound", "card*"))
	if err != nil {
		return nil // only a malformed pattern gives one, and this is none
	}
	var cards []int
	for _, link := range links {
		n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(link), "card"))
		if err != nil {
			continue
		}
		if d, ok := s.USBDevice(link); ok && d == device {
			cards = append(cards, n)
		}
	}
	slices.Sort(cards)
	return cards
}

// HIDComplete tells whether a USB device, given by its directory, has all of its
// interfaces, and those of class HID the hidraw nodes that they will have. An
// interface that another driver than usbhid has taken gets none.
func HIDComplete(device string) bool {
	dirs := Interfaces(device)
	if n, err := strconv.Atoi(text(filepath.Join(device, "bNumInterfaces"))); err != nil || len(dirs) < n {
		return false
	}
	for _, dir := range dirs {
		if text(filepath.Join(dir, "bInterfaceClass")) != "03" {
			continue
		}
		driver, err := os.Readlink(filepath.Join(dir, "driver"))
		if err == nil && filepath.Base(driver) != "usbhid" {
			continue
		}
		if nodes, err := filepath.Glob(filepath.Join(dir, "*", "hidraw", "hidraw*")); err != nil || len(nodes) == 0 {
			return false
		}
	}
	return true
}

// text is a file of one line, "" when there is none.
func text(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
