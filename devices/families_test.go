package devices

import (
	"testing"

	"offhook/devices/profile"
	"offhook/udev"
)

// A driver is of use only where users may open the device.
func TestTheRulesOpenEveryPhoneThatThereIsADriverFor(t *testing.T) {
	for _, f := range families {
		if f.wrap != nil {
			continue // by its descriptor; see TestTheDriversAgreeOnEmulatedPhones
		}
		if p, ok := udev.Known(f.vendor, f.product); !ok {
			t.Errorf("%04x:%04x %s is not among the phones of the rules", f.vendor, f.product, f.name)
		} else if (f.vendor == 0x0D8C) != p.Shared {
			t.Errorf("%s: shared with the desktop: %v", f.name, p.Shared)
		}
	}
}

func TestThereIsADriverForEveryModel(t *testing.T) {
	for _, name := range profile.ModelNames() {
		if m, ok := models[name]; !ok || (m.driver == nil) == (m.wrap == nil) {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if len(models) != len(profile.ModelNames()) {
		t.Error("there are models that nobody can choose")
	}
}

func TestAChoiceOfTheUserIsChecked(t *testing.T) {
	for _, tt := range []struct {
		m    Model
		want string
	}{
		{Model{Device: "6993:b001", Model: "usr9601"}, ""},
		{Model{Device: "6993:b001:usb-1/input3", Model: "usr9601"}, ""},
		{Model{Device: "6993:B001", Model: "usr9601"}, `device "6993:B001": want the numbers as ` + "`offhook devices`" + ` shows them, "0d8c:000e", or the whole ID`},
		{Model{Device: "0d8c:000e", Model: "gtalk"}, ""},
		{Model{Device: "0d8c:000c", Model: "adapter", Hook: "gpio3", Ring: "gpio4"}, ""},
		{Model{Device: "0d8c:000c", Model: "adapter", Hook: "vol-down", HookInverted: true}, ""},
		{Model{Device: "0d8c:000c", Model: "adapter"}, `hook "": where is the switch wired to? There are vol-up, vol-down, and gpio1 to gpio8`},
		{Model{Device: "0d8c:000c", Model: "adapter", Hook: "gpio9"}, `hook "gpio9": where is the switch wired to? There are vol-up, vol-down, and gpio1 to gpio8`},
		{Model{Device: "0d8c:000c", Model: "adapter", Hook: "gpio1", Ring: "vol-up"}, `ring "vol-up": a bell is wired to gpio1 … gpio8`},
		{Model{Device: "0d8c:000c", Model: "adapter", Hook: "gpio1", Ring: "gpio1"}, `hook and ring are both wired to gpio1`},
		{Model{Device: "0d8c:000e", Model: "gtalk", Hook: "gpio1"}, `hook: only of model "adapter" can be said where it is wired to`},
		{Model{Device: "0d8c:000e", Model: "usr9601"}, `model "usr9601": a device 0d8c:000e cannot be a US Robotics USR9601`},
	} {
		got := ""
		if err := tt.m.Check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.m, got, tt.want)
		}
	}
	if err := (Model{Device: "0d8c:000e", Model: "nokia"}).Check(); err == nil {
		t.Error("any model goes")
	}
}
