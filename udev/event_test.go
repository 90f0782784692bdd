package udev

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// kernelAdd is how Linux tells of a hidraw node.
const kernelAdd = "add@/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.3/0003:6993:B02B.0007/hidraw/hidraw3\x00" +
	"ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.3/0003:6993:B02B.0007/hidraw/hidraw3\x00" +
	"SUBSYSTEM=hidraw\x00MAJOR=244\x00MINOR=3\x00DEVNAME=hidraw3\x00SEQNUM=4711\x00"

// udevMessage puts udev's header before properties.
func udevMessage(properties string) []byte {
	raw := make([]byte, headerLength, headerLength+len(properties))
	copy(raw, headerPrefix)
	binary.BigEndian.PutUint32(raw[8:], headerMagic)
	binary.NativeEndian.PutUint32(raw[12:], headerLength)
	binary.NativeEndian.PutUint32(raw[16:], headerLength)
	binary.NativeEndian.PutUint32(raw[20:], uint32(len(properties)))
	return append(raw, properties...)
}

func TestAMessageOfTheKernelIsRead(t *testing.T) {
	e, err := parseMessage([]byte(kernelAdd))
	if err != nil {
		t.Fatal(err)
	}
	want := Event{
		Action: "add", Subsystem: "hidraw", Devname: "/dev/hidraw3",
		Devpath: "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.3/0003:6993:B02B.0007/hidraw/hidraw3",
		Properties: map[string]string{
			"ACTION": "add", "SUBSYSTEM": "hidraw", "MAJOR": "244", "MINOR": "3", "DEVNAME": "hidraw3", "SEQNUM": "4711",
			"DEVPATH": "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.3/0003:6993:B02B.0007/hidraw/hidraw3",
		},
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("%+v, want %+v", e, want)
	}
}

// The bytes as a little-endian machine has them: header, then three properties and a longer-than-known header.
func TestAMessageOfUdevIsReadByteForByte(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("these bytes are of a little-endian machine")
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(
		"6c69627564657600 feedcafe 2c000000 2c000000 3e000000 11111111 22222222 33333333 44444444 55555555"+
			"414354494f4e3d616464 00"+ // ACTION=add
			"444556504154483d2f646576696365732f61 00"+ // DEVPATH=/devices/a
			"53554253595354454d3d686964726177 00"+ // SUBSYSTEM=hidraw
			"4445564e414d453d2f6465762f61 00", // DEVNAME=/dev/a
		" ", ""))
	if err != nil {
		t.Fatal(err)
	}
	e, err := parseMessage(raw)
	if err != nil {
		t.Fatal(err)
	}
	if e.Action != "add" || e.Subsystem != "hidraw" || e.Devpath != "/devices/a" || e.Devname != "/dev/a" || len(e.Properties) != 4 {
		t.Errorf("%+v", e)
	}
}

func TestMessagesThatMakeNoSenseAreIgnored(t *testing.T) {
	const good = "ACTION=add\x00DEVPATH=/devices/a\x00SUBSYSTEM=hidraw\x00"
	if _, err := parseMessage(udevMessage(good)); err != nil {
		t.Fatal(err)
	}
	broken := func(change func(raw []byte)) string {
		raw := udevMessage(good)
		change(raw)
		return string(raw)
	}
	for name, raw := range map[string]string{
		"empty":                    "",
		"header cut":               string(udevMessage(good)[:30]),
		"magic in the wrong order": broken(func(raw []byte) { binary.LittleEndian.PutUint32(raw[8:], headerMagic) }),
		"properties in the header": broken(func(raw []byte) { binary.NativeEndian.PutUint32(raw[16:], 8) }),
		"properties beyond":        broken(func(raw []byte) { binary.NativeEndian.PutUint32(raw[20:], 1<<20) }),
		"offset overflows":         broken(func(raw []byte) { binary.NativeEndian.PutUint32(raw[16:], 1<<32-1) }),
		"length cuts a property":   broken(func(raw []byte) { binary.NativeEndian.PutUint32(raw[20:], 20) }),
		"no value":                 string(udevMessage(good + "X\x00")),
		"no key":                   string(udevMessage(good + "=x\x00")),
		"no action":                string(udevMessage("DEVPATH=/devices/a\x00SUBSYSTEM=hidraw\x00")),
		"path goes up":             string(udevMessage("ACTION=add\x00DEVPATH=/devices/../../etc\x00SUBSYSTEM=hidraw\x00")),
		"node elsewhere":           string(udevMessage(good + "DEVNAME=/etc/shadow\x00")),
		"node goes up":             string(udevMessage(good + "DEVNAME=../etc/shadow\x00")),
		"two devices":              "add@/devices/b\x00" + good,
		"two actions":              "remove@/devices/a\x00" + good,
		"plain text":               "hello",
		"too many properties":      string(udevMessage(good + strings.Repeat("A", 1) + manyProperties())),
		"too long":                 string(udevMessage(good + "X=" + strings.Repeat("y", maxMessage) + "\x00")),
	} {
		if e, err := parseMessage([]byte(raw)); !errors.Is(err, errIgnored) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func manyProperties() string {
	var b strings.Builder
	b.WriteString("=1\x00")
	for i := range maxProperties {
		b.WriteString("K" + strings.Repeat("x", i%20) + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "=1\x00")
	}
	return b.String()
}

func TestOnlyTheKernelAndRootsUdevAreBelieved(t *testing.T) {
	for _, c := range []struct {
		name      string
		from      from
		listening uint32
		ok        bool
	}{
		{"kernel", from{port: 0, group: 1, hasUID: true}, groupKernel, true},
		{"udev", from{port: 321, group: 2, hasUID: true}, groupUdev, true},
		{"a user as udev", from{port: 321, group: 2, uid: 1000, hasUID: true}, groupUdev, false},
		{"nobody as udev", from{port: 321, group: 2}, groupUdev, false},
		{"root as the kernel", from{port: 321, group: 1, hasUID: true}, groupKernel, false},
		{"to our port alone", from{port: 321, group: 0, hasUID: true}, groupUdev, false},
		{"kernel to udev's group", from{port: 0, group: 1, hasUID: true}, groupUdev, false},
	} {
		if err := c.from.check(c.listening); (err == nil) != c.ok || err != nil && !errors.Is(err, errIgnored) {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(kernelAdd))
	f.Add(udevMessage("ACTION=add\x00DEVPATH=/devices/a\x00SUBSYSTEM=hidraw\x00DEVNAME=/dev/a\x00"))
	f.Add(udevMessage(""))
	f.Add([]byte("libudev\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseMessage(raw)
		if err != nil {
			if !errors.Is(err, errIgnored) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if e.Action == "" || e.Subsystem == "" || !strings.HasPrefix(e.Devpath, "/") || strings.Contains(e.Devpath+"/", "/../") {
			t.Fatalf("%+v", e)
		}
		if e.Devname != "" && (!strings.HasPrefix(e.Devname, "/dev/") || strings.Contains(e.Devname+"/", "/../")) {
			t.Fatalf("node %q", e.Devname)
		}
	})
}
