package hid

import (
	"os"
	"path/filepath"
	"testing"
)

// fakeSysfs is a tree of files and links as the kernel lays it out.
type fakeSysfs struct {
	t    *testing.T
	root string
}

func newFakeSysfs(t *testing.T) fakeSysfs { return fakeSysfs{t, t.TempDir()} }

func (s fakeSysfs) write(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s fakeSysfs) link(path, target string) {
	s.t.Helper()
	path = filepath.Join(s.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	relative, err := filepath.Rel(filepath.Dir(path), filepath.Join(s.root, target))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink(relative, path); err != nil {
		s.t.Fatal(err)
	}
}

// usbDevice is a device in a port such as "1-2".
func (s fakeSysfs) usbDevice(port, vendor, product, manufacturer, name, serial string) string {
	dir := "devices/pci0000:00/0000:00:14.0/usb1/" + port
	for file, text := range map[string]string{
		"idVendor": vendor, "idProduct": product, "manufacturer": manufacturer,
		"product": name, "serial": serial, "busnum": "1", "devnum": "9",
	} {
		if text != "" {
			s.write(dir+"/"+file, text+"\n")
		}
	}
	s.link("bus/usb/devices/"+port, dir)
	return dir
}

// usbInterface is an interface such as "1-2:1.3" of a device's directory.
func (s fakeSysfs) usbInterface(device, name, class, number string) string {
	dir := device + "/" + name
	s.write(dir+"/bInterfaceClass", class+"\n")
	s.write(dir+"/bInterfaceNumber", number+"\n")
	s.link("bus/usb/devices/"+name, dir)
	return dir
}

// hid is a HID device, such as "0003:6993:B02B.0007", below a parent.
func (s fakeSysfs) hid(parent, name, uevent string, descriptor []byte) string {
	dir := parent + "/" + name
	s.write(dir+"/uevent", uevent)
	s.write(dir+"/report_descriptor", string(descriptor))
	return dir
}

// node gives a HID device its hidraw node.
func (s fakeSysfs) node(hid, node string) {
	dir := hid + "/hidraw/" + node
	s.write(dir+"/dev", "244:3\n")
	s.link(dir+"/device", hid)
	s.link("class/hidraw/"+node, dir)
}

var (
	phoneDescriptor    = []byte{0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x81, 0x22, 0x95, 0x07, 0x81, 0x01, 0xC0}
	keyboardDescriptor = []byte{0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0}
	keysOnPhone        = append(append([]byte(nil), phoneDescriptor...), keyboardDescriptor...)
)

// headset is a tree with one headset at hidraw3.
func headset(t *testing.T) (fakeSysfs, hidraws) {
	s := newFakeSysfs(t)
	device := s.usbDevice("1-2", "6993", "b02b", "Yealink", "WH66", "0123")
	hid := s.hid(s.usbInterface(device, "1-2:1.3", "03", "03"), "0003:6993:B02B.0007",
		"DRIVER=hid-generic\nHID_ID=0003:00006993:0000B02B\nHID_NAME=Yealink WH66\nHID_PHYS=usb-0000:00:14.0-2/input3\nHID_UNIQ=0123\nMODALIAS=hid:b0003\n", phoneDescriptor)
	s.node(hid, "hidraw3")
	return s, hidraws{sys: s.root, dev: "/dev", open: openNode, getInput: ioctlGetInput}
}
