package devices_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid/ident"
	"offhook/hid/report"
)

// The drivers decide by the same rules; what they use must be what the rules open.
func TestTheDriversAgreeOnEmulatedPhones(t *testing.T) {
	for _, p := range slices.Concat(virtual.Profiles(), virtual.VendorProfiles(), virtual.VendorHeadsets()) {
		agree(t, p.Name, p.Descriptor)
	}
}

func TestTheDriversAgreeOnRealDescriptors(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/hid-descriptors/*.hex")
	if len(files) == 0 {
		t.Skip("no captured descriptors beside this repository; the emulated phones cover the same rules")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := report.ReadDescriptor(text)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, strings.TrimSuffix(filepath.Base(file), ".hex"), raw)
	}
}

func agree(t *testing.T, name string, raw []byte) {
	t.Helper()
	got, err := ident.Identify(raw)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	d, err := devices.Describe(raw)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	want := ident.None
	if k, ok := d.Telephony(); ok {
		want = map[devices.Kind]ident.Kind{devices.Phone: ident.Phone, devices.Handset: ident.Handset, devices.Headset: ident.Headset}[k]
	}
	if got.Kind != want {
		t.Errorf("%s: kind %q, the driver says %q", name, got.Kind, want)
	}
	if got.Keyboard {
		t.Errorf("%s: taken for a keyboard", name)
	}
}
