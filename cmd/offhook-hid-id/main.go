// Command offhook-hid-id answers the questions of our udev rules about one
// device, given by its directory in sysfs:
//
//	offhook-hid-id node DIR   may users open this hidraw node?          OFFHOOK_PHONE=phone|handset|headset
//	offhook-hid-id card DIR   is this sound card a handset's?           OFFHOOK_HIDE=1
//	offhook-hid-id keys DIR   are the keys of this input a handset's?   OFFHOOK_HIDE=1
//	offhook-hid-id mute DIR   is this input a telephone's?              OFFHOOK_MUTE=1
//
// It prints a property for udev to import and ends with status 0, or prints
// nothing and ends with status 1: no. Status 2 is a wrong command line.
//
// It runs as root for every such device that is plugged in, so it opens no
// device, reads a few bounded files, needs no library and writes nothing.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"offhook/udev"
)

// patience is how long card and keys wait for a HID interface that has not been
// asked for its descriptor yet. Most take some milliseconds, those whose driver
// must be loaded some hundred; one that no driver takes delays its sound by this.
const patience = 2 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "usage: offhook-hid-id node|card|keys|mute DIRECTORY-IN-SYSFS")
		return 2
	}
	property, ok := "", false
	switch args[0] {
	case "node":
		var kind string
		kind, ok = node(args[1])
		property = "OFFHOOK_PHONE=" + kind
	case "mute":
		_, ok = node(args[1])
		property = "OFFHOOK_MUTE=1"
	case "card", "keys":
		property = "OFFHOOK_HIDE=1"
		device, found := udev.System.USBDevice(args[1])
		if !found || args[0] == "keys" && typing(args[1]) {
			break
		}
		// Listening begins before the first look, so that nothing is missed.
		changes, stop := listen(device)
		defer stop()
		ok = hidden(device, changes, patience)
	default:
		return run(nil, stdout, stderr)
	}
	if !ok {
		return 1
	}
	if _, err := fmt.Fprintln(stdout, property); err != nil {
		return 1
	}
	return 0
}

// listen tells each time something changes at a USB device, as the kernel says.
// Where the kernel cannot be heard it tells nothing, and patience runs out.
func listen(device string) (<-chan struct{}, func()) {
	changes := make(chan struct{}, 1)
	m, err := udev.ListenKernel(nil)
	if err != nil {
		return changes, func() {}
	}
	below := strings.TrimPrefix(device, string(udev.System)) + "/"
	go func() {
		for {
			e, err := m.Receive()
			if err != nil && err != udev.ErrOverrun {
				return
			}
			if err == nil && !strings.HasPrefix(e.Devpath, below) {
				continue
			}
			select {
			case changes <- struct{}{}:
			default: // one is waiting already
			}
		}
	}()
	return changes, func() { m.Close() }
}
