package config

import (
	"reflect"
	"strings"
	"testing"

	"offhook/devices/profile"
)

func TestDevicesThatTheirNumbersDoNotTell(t *testing.T) {
	cfg, _, err := Parse("c.toml", []byte(`
[[device]]
id    = "0D8C:000E"
model = "gtalk"

[[device]]
id    = "0d8c:000c:usb-0000:00:14.0-2/Input3"
model = "adapter"
hook  = "gpio3"
hook_inverted = true
ring  = "gpio4"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []profile.Model{
		{Device: "0d8c:000e", Model: "gtalk"},
		{Device: "0d8c:000c:usb-0000:00:14.0-2/Input3", Model: "adapter", Hook: "gpio3", HookInverted: true, Ring: "gpio4"},
	}
	if !reflect.DeepEqual(cfg.Devices, want) {
		t.Errorf("%+v, want %+v", cfg.Devices, want)
	}
}

func TestWrongDevices(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"[device]\nid = \"0d8c:000e\"", "c.toml:1: devices are a list: write [[device]], with two brackets"},
		{"[[device]]\nmodel = \"gtalk\"", `c.toml:1: this device has no id: add id = "…", as offhook devices list shows it`},
		{"[[device]]\nid = \"0d8c:000e\"", "c.toml:1: this device has no model: add one of kip1000, gtalk, usbph01, atcom, adapter, cx300, usr9601"},
		{"[[device]]\nid = \"0d8c:000e\"\nmodel = \"gtalk\"\nhok = \"gpio1\"", `c.toml:4: unknown key "hok"`},
		{"[[device]]\nid = \"phone\"\nmodel = \"gtalk\"", `c.toml:1: device "phone": want the numbers`},
		{"[[device]]\nid = \"0d8c:000e\"\nmodel = \"gtalk\"\n[[device]]\nid = \"0d8c:000e\"\nmodel = \"atcom\"", "c.toml:5: the device 0d8c:000e is on line 1 already"},
		{"[[device]]\nid = \"0d8c:000c\"\nmodel = \"adapter\"\nhook = \"gpio0\"", `c.toml:1: hook "gpio0": where is the switch wired to?`},
		{strings.Repeat("[[device]]\n", 65), "c.toml: there are 65 [[device]] tables; 64 is the most"},
	} {
		_, _, err := Parse("c.toml", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n%v\nwant %s", tt.text, err, tt.want)
		}
	}
}
