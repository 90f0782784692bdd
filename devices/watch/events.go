package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"offhook/hid"
	"offhook/udev"
)

// event takes what the kernel or udev tells.
func (w *watcher) event(e udev.Event) {
	switch e.Subsystem {
	case "hidraw":
		switch {
		case e.Devname == "":
		case e.Action == "remove":
			w.removed(e.Devname)
		default: // "add"; "change" where udev's rules were applied anew
			w.lookFor(e.Devname)
			w.permitted(e.Devname)
		}
	case "usb":
		// libusb's phones: the path is the name of the USB interface. Their nodes
		// are those of the USB device, which udev has done with by now.
		if e.Properties["DEVTYPE"] != "usb_interface" {
			break
		}
		path := filepath.Base(e.Devpath)
		switch {
		case e.Action == "remove":
			w.removed(path)
		case e.Action != "unbind" && withoutHidraw(e):
			w.lookFor(path)
		}
	case "sound":
		w.soundChanged()
	}
}

// lookFor looks for one interface that was announced.
func (w *watcher) lookFor(path string) {
	all := w.list()
	for _, info := range all {
		if info.Path == path {
			w.found(info, all)
		}
	}
}

// removed ends with the phone to which an interface belonged.
func (w *watcher) removed(path string) {
	if e := w.entries[path]; e != nil {
		w.forget(e)
	}
}

// soundChanged hands over what has waited for its sound card, if that is ready.
func (w *watcher) soundChanged() {
	for _, e := range w.all() {
		if e.phase == waiting && w.Sound(e.infos[0]) != udev.SoundComing {
			w.handOver(e)
		}
	}
}

// withoutHidraw tells an interface of class HID that will never have a hidraw
// node from one that only has none yet: opening that by libusb would take it
// from the kernel's driver. PRODUCT is "6993/b001/100", INTERFACE "3/0/0".
func withoutHidraw(e udev.Event) bool {
	if !strings.HasPrefix(e.Properties["INTERFACE"], "3/") {
		return false
	}
	parts := strings.Split(e.Properties["PRODUCT"], "/")
	if len(parts) != 3 {
		return false
	}
	vendor, verr := strconv.ParseUint(parts[0], 16, 16)
	product, perr := strconv.ParseUint(parts[1], 16, 16)
	if verr != nil || perr != nil {
		return false
	}
	p, ok := udev.Known(uint16(vendor), uint16(product))
	return ok && p.NoHidraw
}

// node is the device node through which an interface is opened, "" when unknown.
func node(info hid.Info) string {
	if info.Backend != hid.BackendLibusb {
		return info.Path
	}
	return USBNode(filepath.Dir(info.Sysfs))
}

// USBNode is the node of a USB device, given by its directory in sysfs:
// "/dev/bus/usb/001/009"; "" when it has gone.
func USBNode(device string) string {
	number := func(name string) (int, error) {
		text, err := os.ReadFile(filepath.Join(device, name))
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(string(text)))
	}
	bus, err := number("busnum")
	if err != nil {
		return ""
	}
	dev, err := number("devnum")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, dev)
}
