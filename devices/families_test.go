package devices

import (
	"testing"

	"offhook/udev"
)

// A driver is of use only where users may open the device.
func TestTheRulesOpenEveryPhoneThatThereIsADriverFor(t *testing.T) {
	for _, f := range families {
		if p, ok := udev.Known(f.vendor, f.product); !ok {
			t.Errorf("%04x:%04x %s is not among the phones of the rules", f.vendor, f.product, f.name)
		} else if (f.vendor == 0x0D8C) != p.Shared {
			t.Errorf("%s: shared with the desktop: %v", f.name, p.Shared)
		}
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
