package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/profile"
	"offhook/devices/virtual"
)

var keyboard = []byte{0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0}

// talkKey declares usage FFA0:B7 and nothing else.
var talkKey = []byte{
	0x06, 0xA0, 0xFF, 0x09, 0x03, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09, 0xB7, 0x81, 0x02, 0xC0,
}

// descriptor is that of an emulated phone.
func descriptor(t *testing.T, profile string) []byte {
	t.Helper()
	p, err := virtual.ByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	return p.Descriptor
}

// usb is a USB device in a sysfs of its own.
type usb struct {
	t   *testing.T
	dir string
}

func plug(t *testing.T, vendor, product string) usb {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	u := usb{t, filepath.Join(root, "devices", "usb1", "1-2")}
	u.put("idVendor", []byte(vendor+"\n"))
	u.put("idProduct", []byte(product+"\n"))
	return u
}

func (u usb) put(name string, data []byte) {
	u.t.Helper()
	path := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		u.t.Fatal(err)
	}
}

// audio adds the audio interface, hid a HID interface that the kernel has read (nil: not yet).
func (u usb) audio() usb {
	u.put("1-2:1.0/bInterfaceClass", []byte("01\n"))
	return u
}

func (u usb) hid(number, name string, descriptor []byte) usb {
	dir := "1-2:1." + number
	u.put(dir+"/bInterfaceClass", []byte("03\n"))
	if name == "" {
		return u
	}
	u.put(dir+"/"+name+"/report_descriptor", descriptor)
	u.put(dir+"/"+name+"/hidraw/hidraw"+number+"/dev", []byte("244:0\n"))
	u.put(dir+"/"+name+"/input/input5/event7/dev", []byte("13:71\n"))
	return u
}

func (u usb) node(number, name string) string {
	return filepath.Join(u.dir, "1-2:1."+number, name, "hidraw", "hidraw"+number)
}

func TestNodesOfTelephonesMayBeOpenedAndOthersNot(t *testing.T) {
	handset := descriptor(t, "handset")
	profiles = t.TempDir()
	defer func() { profiles = profile.SystemFolder }()
	taught := "source taught\ndevice 1209:7a09 Mine\nhook @1.0.8=02 press\n"
	if err := os.WriteFile(filepath.Join(profiles, "mine.txt"), []byte(taught), 0o644); err != nil {
		t.Fatal(err)
	}
	vendors := []byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0xC0}
	for _, c := range []struct {
		name, hid  string
		descriptor []byte
		kind       string
	}{
		{"handset", "0003:1209:7E1E.0001", handset, "handset"},
		{"phone", "0003:1209:7E1E.0001", descriptor(t, "phone"), "phone"},
		{"headset", "0003:1209:7E1E.0001", descriptor(t, "headset"), "headset"},
		{"keyboard", "0003:1209:7E1E.0001", keyboard, ""},
		{"handset with a keyboard", "0003:1209:7E1E.0001", append(bytes.Clone(handset), keyboard...), ""},
		{"nothing read yet", "0003:1209:7E1E.0001", nil, ""},
		{"nonsense", "0003:1209:7E1E.0001", []byte{0x01, 0x02}, ""},
		{"too long", "0003:1209:7E1E.0001", make([]byte, 5000), ""},
		// Known by its numbers, with a descriptor of 16 vendor bytes.
		{"HP handset", "0003:03F0:1C07.0001", []byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x02, 0x15, 0x00, 0x25, 0x7F, 0x75, 0x08, 0x95, 0x10, 0x81, 0x02, 0xC0}, "handset"},
		{"a keyboard with its numbers", "0003:03F0:1C07.0001", keyboard, ""},
		{"a headset with the page of its maker", "0003:047F:C00E.0001", talkKey, "headset"},
		{"the same page, of another maker", "0003:1209:C00E.0001", talkKey, ""},
		{"the numbers without the talk key", "0003:047F:C00E.0001", []byte{0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x09, 0xE9, 0x81, 0x02, 0xC0}, ""},
		{"taught on this machine", "0003:1209:7A09.0001", vendors, "headset"},
		{"a keyboard that was taught", "0003:1209:7A09.0001", keyboard, ""},
		{"not taught", "0003:1209:7A0A.0001", vendors, ""},
		{"a microphone that says it is a phone", "0003:2F05:003B.0001", descriptor(t, "phone"), "headset"},
	} {
		u := plug(t, "1209", "7e1e").hid("3", c.hid, c.descriptor)
		var out bytes.Buffer
		code := run([]string{"node", u.node("3", c.hid)}, &out, &out)
		want, wantCode := "OFFHOOK_PHONE="+c.kind+"\n", 0
		if c.kind == "" {
			want, wantCode = "", 1
		}
		if code != wantCode || out.String() != want {
			t.Errorf("%s: status %d, %q; want %d, %q", c.name, code, out.String(), wantCode, want)
		}
	}
}

func TestTheDriversUseWhatMayBeOpened(t *testing.T) {
	for _, p := range virtual.Profiles() {
		u := plug(t, "1209", "7e1e").hid("3", "0003:1209:7E1E.0001", p.Descriptor)
		kind, ok := node(u.node("3", "0003:1209:7E1E.0001"))
		want := map[devices.Kind]string{devices.Phone: "phone", devices.Handset: "handset", devices.Headset: "headset"}[p.Kind]
		if !ok || kind != want {
			t.Errorf("%s: %q, %v; want %q", p.Name, kind, ok, want)
		}
	}
}

func TestTheMuteKeyOfTelephonesThatMayBeOpenedIsKeptFromTheDesktop(t *testing.T) {
	headset := descriptor(t, "headset")
	for _, c := range []struct {
		name       string
		descriptor []byte
		want       string
	}{
		{"headset", headset, "OFFHOOK_MUTE=1\n"},
		{"handset", descriptor(t, "handset"), "OFFHOOK_MUTE=1\n"},
		{"headset with a keyboard, which nobody opens", append(bytes.Clone(headset), keyboard...), ""},
		{"keyboard", keyboard, ""},
	} {
		const hid = "0003:1209:7E1E.0001"
		u := plug(t, "1209", "7e1e").hid("3", hid, c.descriptor)
		input := "1-2:1.3/" + hid + "/input/input5/event7/uevent"
		u.put(input, []byte("MAJOR=13\n"))
		var out bytes.Buffer
		code := run([]string{"mute", filepath.Join(u.dir, filepath.Dir(input))}, &out, &out)
		if out.String() != c.want || (code == 0) != (c.want != "") {
			t.Errorf("%s: %q, status %d", c.name, out.String(), code)
		}
	}
}

func TestOnlyAHandsetsCardIsHidden(t *testing.T) {
	handset, headset := descriptor(t, "handset"), descriptor(t, "headset")
	for _, c := range []struct {
		name string
		dev  usb
		want bool
	}{
		{"handset", plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", handset), true},
		{"desk phone", plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", descriptor(t, "phone")), true},
		{"headset", plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", headset), false},
		{"sound card with volume keys", plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", []byte{0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0xC0}), false},
		{"sound card", plug(t, "1209", "7e1e").audio(), false},
		{"handset at the second of two", plug(t, "1209", "7e1e").audio().hid("2", "0003:1209:7E1E.0001", headset).hid("3", "0003:1209:7E1E.0002", handset), true},
		{"handset that nobody may open", plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", append(bytes.Clone(handset), keyboard...)), false},
		{"Yealink, no descriptor", plug(t, "6993", "b001").audio().hid("3", "", nil), true},
		{"C-Media, which may be a plain adapter", plug(t, "0d8c", "000e").audio().hid("3", "", nil), false},
		{"a microphone that says it is a phone", plug(t, "2f05", "003b").audio().hid("3", "0003:2F05:003B.0001", descriptor(t, "phone")), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if got := hidden(c.dev.dir, nil, patience); got != c.want {
				t.Errorf("%s: hidden %v, want %v", c.name, got, c.want)
			}
			if waited := time.Since(start); waited != 0 {
				t.Errorf("%s: waited %v, though all was known", c.name, waited)
			}
		})
	}
}

func TestACardWaitsForTheHIDInterfaceBesideIt(t *testing.T) {
	handset := descriptor(t, "handset")
	for _, before := range []func(u usb) usb{
		func(u usb) usb { return u.hid("3", "", nil) },                    // no driver yet
		func(u usb) usb { return u.hid("3", "0003:1209:7E1E.0001", nil) }, // not read yet
	} {
		synctest.Test(t, func(t *testing.T) {
			u := before(plug(t, "1209", "7e1e").audio())
			changes := make(chan struct{}, 1)
			go func() {
				time.Sleep(40 * time.Millisecond) // in virtual time
				changes <- struct{}{}             // of something else
				time.Sleep(40 * time.Millisecond)
				u.hid("3", "0003:1209:7E1E.0001", handset)
				changes <- struct{}{}
			}()
			start := time.Now()
			if !hidden(u.dir, changes, patience) {
				t.Error("not hidden")
			}
			if waited := time.Since(start); waited != 80*time.Millisecond {
				t.Errorf("waited %v", waited)
			}
		})
	}
}

func TestACardDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := plug(t, "0b0e", "0412").audio().hid("3", "", nil) // ignored by the kernel's HID core
		start := time.Now()
		if hidden(u.dir, make(chan struct{}), patience) {
			t.Error("hidden")
		}
		if waited := time.Since(start); waited != patience {
			t.Errorf("waited %v", waited)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		u := plug(t, "046d", "c31c").hid("0", "", nil) // no sound: a mouse, say
		start := time.Now()
		if hidden(u.dir, make(chan struct{}), patience) || time.Since(start) != 0 {
			t.Error("a device without sound waited")
		}
	})
}

func TestKeyboardsAreNeverKeptFromTheDesktop(t *testing.T) {
	const name = "0003:1209:7E1E.0002"
	u := plug(t, "1209", "7e1e").audio().hid("3", "0003:1209:7E1E.0001", descriptor(t, "handset")).hid("4", name, keyboard)
	keys := func(number, name string) int {
		var out bytes.Buffer
		return run([]string{"keys", filepath.Join(u.dir, "1-2:1."+number, name, "input", "input5", "event7")}, &out, &out)
	}
	if code := keys("4", name); code != 1 {
		t.Errorf("a keyboard in a handset: status %d", code)
	}
	if code := keys("3", "0003:1209:7E1E.0001"); code != 0 {
		t.Errorf("the handset's own keys: status %d", code)
	}
}

func TestAWrongCommandLineIsSaidAndDoesNothing(t *testing.T) {
	for _, args := range [][]string{nil, {"node"}, {"node", "a", "b"}, {"disk", "/sys"}} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 2 || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, code, out.String())
		}
	}
	var out bytes.Buffer
	for _, verb := range []string{"node", "card", "keys"} {
		if code := run([]string{verb, "/nowhere"}, &out, &out); code != 1 || out.Len() > 0 {
			t.Errorf("%s of nothing: status %d, %q", verb, code, out.String())
		}
	}
}
