package hid

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestEnumerateTellsWhatSysfsKnows(t *testing.T) {
	s, h := headset(t)
	bluetooth := s.hid("devices/virtual/misc/uhid", "0005:046D:0A37.0002",
		"HID_ID=0005:0000046D:00000A37\nHID_NAME=A headset\nHID_PHYS=00:11:22:33:44:55\nHID_UNIQ=66:77:88:99:aa:bb\n", phoneDescriptor)
	s.node(bluetooth, "hidraw12")
	unnamed := s.usbDevice("1-4", "0d8c", "0014", "", "", "")
	s.node(s.hid(s.usbInterface(unnamed, "1-4:1.0", "03", "00"), "0003:0D8C:0014.0001",
		"HID_ID=0003:00000D8C:00000014\nHID_NAME=C-Media\x1b[31m Audio\nHID_PHYS=usb-0000:00:14.0-4/input0\nHID_UNIQ=\n", phoneDescriptor), "hidraw0")

	got, err := h.enumerate()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.EvalSymlinks(s.root)
	if err != nil {
		t.Fatal(err)
	}
	want := []Info{{
		Path: "/dev/hidraw0", Bus: "usb", VendorID: 0x0D8C, ProductID: 0x0014,
		Name: "C-Media[31m Audio", // no control characters
		Phys: "usb-0000:00:14.0-4/input0", Interface: 0, Backend: "hidraw",
		Sysfs: root + "/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/0003:0D8C:0014.0001",
	}, {
		Path: "/dev/hidraw3", Bus: "usb", VendorID: 0x6993, ProductID: 0xB02B,
		Name: "WH66", Manufacturer: "Yealink", Serial: "0123",
		Phys: "usb-0000:00:14.0-2/input3", Interface: 3, Backend: "hidraw",
		Sysfs: root + "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.3/0003:6993:B02B.0007",
	}, {
		Path: "/dev/hidraw12", Bus: "bluetooth", VendorID: 0x046D, ProductID: 0x0A37,
		Name: "A headset", Serial: "66:77:88:99:aa:bb",
		Phys: "00:11:22:33:44:55", Interface: -1, Backend: "hidraw",
		Sysfs: root + "/devices/virtual/misc/uhid/0005:046D:0A37.0002",
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEnumerateLeavesOutWhatIsGoneOrSenseless(t *testing.T) {
	s, h := headset(t)
	s.link("class/hidraw/hidraw4", "devices/left")
	s.node(s.hid("devices/odd", "0003:0001:0002.0003", "HID_ID=what\n", nil), "hidraw5")
	s.node(s.hid("devices/odd", "0003:0001:0002.0004", "HID_NAME=no id\n", nil), "hidraw6")
	s.node(s.hid("devices/odd", "0003:0001:0002.0005", strings.Repeat("HID_NAME=long\n", 1000), nil), "hidraw7")
	got, err := h.enumerate()
	if err != nil || len(got) != 1 || got[0].Path != "/dev/hidraw3" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEnumerateWithoutHidrawIsEmpty(t *testing.T) {
	h := hidraws{sys: t.TempDir()}
	if got, err := h.enumerate(); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := usbPhones(h.sys); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestBusNames(t *testing.T) {
	for bus, want := range map[uint32]string{3: "usb", 5: "bluetooth", 6: "virtual", 0x18: "i2c", 0x1C: "1c"} {
		if got := busName(bus); got != want {
			t.Errorf("bus %x is %q", bus, got)
		}
	}
}

func TestDescriptorIsReadWithoutOpening(t *testing.T) {
	s, h := headset(t)
	infos, err := h.enumerate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Descriptor(infos[0])
	if err != nil || !bytes.Equal(got, phoneDescriptor) {
		t.Errorf("% x, %v", got, err)
	}
	file := filepath.Join(infos[0].Sysfs, "report_descriptor")
	if err := os.WriteFile(file, make([]byte, 4097), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Descriptor(infos[0]); err == nil || !strings.Contains(err.Error(), "more than 4096 bytes") {
		t.Errorf("too long: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(s.root, "devices")); err != nil {
		t.Fatal(err)
	}
	if _, err := Descriptor(infos[0]); !errors.Is(err, ErrGone) {
		t.Errorf("after the unplug: %v", err)
	}
	if _, err := Descriptor(Info{Backend: BackendVirtual}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("without sysfs: %v", err)
	}
}

func TestLibusbIsOnlyForPhonesWithoutANode(t *testing.T) {
	s, _ := headset(t) // 1-2:1.3 has a node
	p1k := s.usbDevice("1-3", "6993", "b001", "", "VOIP USB Phone", "")
	s.usbInterface(p1k, "1-3:1.0", "01", "00") // its sound
	s.usbInterface(p1k, "1-3:1.3", "03", "03")
	cm109 := s.usbDevice("1-4.2", "0d8c", "000e", "", "", "")
	s.usbInterface(cm109, "1-4.2:1.3", "03", "03")
	coming := s.usbDevice("1-5", "046d", "0001", "", "A phone whose node is not made yet", "")
	s.hid(s.usbInterface(coming, "1-5:1.0", "03", "00"), "0003:046D:0001.0001", "", phoneDescriptor)

	infos, err := usbPhones(s.root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range infos {
		got = append(got, i.String())
		if i.Backend != BackendLibusb || i.Phys != i.Path || i.Bus != "usb" {
			t.Errorf("%+v", i)
		}
	}
	want := []string{
		"6993:b001 VOIP USB Phone at 1-3:1.3",
		"0d8c:000e unnamed device at 1-4.2:1.3",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := Descriptor(infos[0]); !errors.Is(err, ErrUnsupported) {
		t.Errorf("descriptor of a phone that the kernel ignores: %v", err)
	}
}

func TestLibusbIsForPhonesOnAKernelWithoutHidraw(t *testing.T) {
	s := newFakeSysfs(t)
	plain := s.usbDevice("1-5", "046d", "0001", "", "A phone", "")
	s.hid(s.usbInterface(plain, "1-5:1.0", "03", "00"), "0003:046D:0001.0001", "", phoneDescriptor)
	// Never a keyboard or a mouse, nor what nothing is known of.
	keyboard := s.usbDevice("1-6", "046d", "0002", "", "Keyboard", "")
	s.hid(s.usbInterface(keyboard, "1-6:1.0", "03", "00"), "0003:046D:0002.0002", "", keyboardDescriptor)
	both := s.usbDevice("1-7", "046d", "0003", "", "Keyboard with telephone keys", "")
	s.hid(s.usbInterface(both, "1-7:1.0", "03", "00"), "0003:046D:0003.0003", "", keysOnPhone)
	broken := s.usbDevice("1-8", "046d", "0004", "", "", "")
	s.hid(s.usbInterface(broken, "1-8:1.0", "03", "00"), "0003:046D:0004.0004", "", []byte{0x26})
	unbound := s.usbDevice("1-9", "046d", "0005", "", "", "")
	s.usbInterface(unbound, "1-9:1.0", "03", "00")

	infos, err := usbPhones(s.root)
	if err != nil || len(infos) != 1 || infos[0].String() != "046d:0001 A phone at 1-5:1.0" {
		t.Fatalf("%v, %v", infos, err)
	}
	if desc, err := Descriptor(infos[0]); err != nil || !bytes.Equal(desc, phoneDescriptor) {
		t.Errorf("% x, %v", desc, err)
	}
}

func TestEnumerateOnThisMachine(t *testing.T) {
	infos, err := Enumerate()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		if i.Path == "" || i.Backend != BackendHidraw && i.Backend != BackendLibusb {
			t.Errorf("%+v", i)
		}
	}
}

func TestOpenOfAnUnknownTransport(t *testing.T) {
	if _, err := Open(Info{Backend: "pigeon"}); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("%v", err)
	}
}
