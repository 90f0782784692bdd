package udev

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree makes a sysfs with two USB phones behind a hub, each with HID and sound, and an on-board card.
func tree(t *testing.T) Sysfs {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte("x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(class, target string) {
		t.Helper()
		put(filepath.Join(target, "uevent"))
		at := filepath.Join(root, "class", class, filepath.Base(target))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(root, target), at); err != nil {
			t.Fatal(err)
		}
	}
	usb := "devices/pci0/usb1/1-1"
	put(usb + "/idVendor") // the hub
	put(usb + "/idProduct")
	for _, dev := range []string{"1-1.1", "1-1.2"} {
		put(filepath.Join(usb, dev, "idVendor"))
		put(filepath.Join(usb, dev, "idProduct"))
	}
	link("sound", "devices/pci0/sound/card0")
	link("sound", usb+"/1-1.1/1-1.1:1.0/sound/card2")
	link("sound", usb+"/1-1.2/1-1.2:1.0/sound/card1")
	link("hidraw", usb+"/1-1.1/1-1.1:1.3/0003:1209:7E1E.0001/hidraw/hidraw0")
	link("hidraw", usb+"/1-1.2/1-1.2:1.3/0003:1209:7E1E.0002/hidraw/hidraw1")
	link("hidraw", "devices/virtual/misc/uhid/0003:1209:7E1E.0003/hidraw/hidraw2")
	return Sysfs(root)
}

func TestEachHandsetHasTheCardOfItsOwnUSBDevice(t *testing.T) {
	s := tree(t)
	for _, c := range []struct {
		node string
		want []int
	}{
		{"hidraw0", []int{2}},
		{"hidraw1", []int{1}},
		{"hidraw2", nil}, // Bluetooth or emulated: no USB device above it
		{"hidraw9", nil}, // gone
	} {
		if got := s.SoundCards(filepath.Join(string(s), "class", "hidraw", c.node)); !slices.Equal(got, c.want) {
			t.Errorf("%s: cards %v, want %v", c.node, got, c.want)
		}
	}
}

func TestAUSBDeviceIsCompleteWithTheNodesOfAllItsHIDInterfaces(t *testing.T) {
	dir := t.TempDir()
	put := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, complete bool) {
		t.Helper()
		if got := HIDComplete(dir); got != complete {
			t.Errorf("%s: %v, want %v", when, got, complete)
		}
	}
	want("nothing there", false)
	put("bNumInterfaces", " 3\n")
	put("1-2:1.0/bInterfaceClass", "01\n")
	put("1-2:1.1/bInterfaceClass", "03\n")
	put("1-2:1.1/0003:1209:7E1E.0001/hidraw/hidraw4/dev", "240:4\n")
	want("one interface is still to come", false)
	put("1-2:1.2/bInterfaceClass", "03\n")
	want("its node is still to come", false)
	put("1-2:1.2/0003:1209:7E1E.0002/hidraw/hidraw5/dev", "240:5\n")
	want("all there", true)

	// What another driver has taken gets no node.
	put("bNumInterfaces", " 4\n")
	put("1-2:1.3/bInterfaceClass", "03\n")
	if err := os.Symlink("../../../bus/usb/drivers/yealink", filepath.Join(dir, "1-2:1.3/driver")); err != nil {
		t.Fatal(err)
	}
	want("the last is yealink's", true)
}
