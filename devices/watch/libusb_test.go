package watch

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"offhook/hid"
	"offhook/udev"
)

func TestPhonesOfLibusbAreFoundByTheirUSBInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stop := m.run()
		settle()
		yealink := hid.Info{Path: "1-2:1.3", Backend: hid.BackendLibusb, Sysfs: "/sys/devices/1-2/1-2:1.3"}
		usb := func(action, product, class, devtype string) {
			m.events <- udev.Event{Action: action, Subsystem: "usb", Devpath: "/devices/usb1/1-2/1-2:1.3", Properties: map[string]string{
				"DEVTYPE": devtype, "PRODUCT": product, "INTERFACE": class,
			}}
		}
		m.plug(yealink, "handset", "one")
		// A device that will have a hidraw node in a moment must not be taken by libusb.
		usb("add", "1209/7e1e/100", "3/0/0", "usb_interface")
		usb("add", "6993/b001/100", "1/1/0", "usb_interface")
		usb("add", "6993/b001/100", "", "usb_device")
		usb("add", "nonsense", "3/0/0", "usb_interface")
		usb("unbind", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("other interfaces", "")
		usb("add", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("its HID interface", "one")
		// libusb takes the kernel's driver off and puts it back: nothing new.
		usb("unbind", "6993/b001/100", "3/0/0", "usb_interface")
		usb("bind", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("bound anew", "one")
		m.unplug(yealink.Path)
		usb("remove", "6993/b001/100", "3/0/0", "usb_interface")
		m.plug(yealink, "handset", "one")
		usb("add", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("plugged in again", "one one")
		stop()
	})
}

func TestTheNodeOfAUSBDeviceIsMadeOfBusAndNumber(t *testing.T) {
	dir := t.TempDir()
	if got := USBNode(dir); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	for name, text := range map[string]string{"busnum": "1\n", "devnum": "9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := USBNode(dir); got != "/dev/bus/usb/001/009" {
		t.Error(got)
	}
	if got := node(hid.Info{Backend: hid.BackendLibusb, Sysfs: filepath.Join(dir, "1-2:1.3")}); got != "/dev/bus/usb/001/009" {
		t.Error(got)
	}
	if got := node(hidraw(3, "x")); got != "/dev/hidraw3" {
		t.Error(got)
	}
}
