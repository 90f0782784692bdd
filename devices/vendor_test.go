package devices_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

// vendor plugs in a phone with a protocol of its own.
func vendor(t *testing.T, p virtual.Profile) *rig {
	t.Helper()
	r := plug(t, p)
	r.wait = ms(500)
	if p.Name == "cx300" {
		r.wait = ms(20) // its hook falls back unless it is acknowledged
	}
	return r
}

// Every emulated phone with its own protocol gets its driver, and is seen by what it can do.
func TestVendorPhonesAreKnownByTheirNumbers(t *testing.T) {
	want := map[string]struct {
		driver           string
		cradled          bool
		controls, lights string
	}{
		"hp-handset":    {"hp-internet-handset", true, "hook mute hold drop send keypad volume", "off-hook mute speaker"},
		"cypress-phone": {"cypress-phone", false, "hook mute keypad volume", ""},
		"ex-03":         {"ex-03", true, "hook send reject keypad", "off-hook ring display"},
		"goodcom":       {"goodcom-phone", false, "hook keypad volume", "display"},
		"yealink-p1k":   {"yealink", false, "hook keypad", "off-hook ring display"},
		"usr9601":       {"yealink", false, "hook mute keypad volume", "off-hook ring display"},
		"cm109-kip1000": {"cm109-phone", false, "hook mute keypad volume", "ring"},
		"cm109-gtalk":   {"cm109-phone", false, "hook mute keypad volume", "ring"},
		"cm109-usbph01": {"cm109-phone", false, "hook mute keypad volume", "ring"},
		"cm109-atcom":   {"cm109-phone", false, "hook mute keypad volume", "ring"},
		"yealink-p1kh":  {"yealink", false, "hook keypad", "off-hook ring display"},
		"yealink-p4k":   {"yealink", true, "hook flash redial send speaker keypad volume", "speaker display"},
		"yealink-b2k":   {"yealink", true, "hook keypad", "off-hook ring"},
		"yealink-b3g":   {"yealink", true, "hook keypad", "off-hook ring"},
		"cx300":         {"polycom-cx300", true, "hook mute flash redial speed-dial reject keypad", "off-hook ring mute display"},
		"magicjack":     {"magicjack", true, "hook keypad", "ring"},
		"tigerjet":      {"hid-telephony", true, "hook mute flash redial hold transfer drop send keypad volume", ""},
		"philips":       {"philips-voip1511", false, "hook mute keypad", "off-hook ring display"},
		"webtalker":     {"cmedia-mcu-phone", false, "hook mute speaker keypad volume", ""},
	}
	for _, p := range virtual.VendorProfiles() {
		at(t, p.Name, func(t *testing.T) {
			w, ok := want[p.Name]
			if !ok {
				t.Fatal("no expectation of this phone")
			}
			r := vendor(t, p)
			controls, lights := strings.Join(r.dev.Controls(), " "), strings.Join(r.dev.Lights(), " ")
			if r.dev.Driver() != w.driver || r.dev.Kind() != p.Kind || r.dev.Kind().Cradled() != w.cradled ||
				controls != w.controls || lights != w.lights {
				t.Fatalf("driver %s, %v, controls %q, lights %q", r.dev.Driver(), r.dev.Kind(), controls, lights)
			}
		})
	}
}

func TestEveryKeyOfAVendorPhone(t *testing.T) {
	tests := []struct {
		profile string
		press   func(*virtual.Phone) error
		want    []string
	}{
		{"hp-handset", press("green"), []string{"send"}},
		{"hp-handset", press("red"), []string{"drop"}},
		{"hp-handset", press("hold"), []string{"hold"}},
		{"hp-handset", press("mute"), []string{"mute-press"}},
		{"hp-handset", press("big-n"), nil},
		{"hp-handset", press("contacts"), nil},
		{"hp-handset", press("volume-up"), []string{"volume-up"}},
		{"hp-handset", press("volume-down"), []string{"volume-down"}},
		{"cypress-phone", press("mute"), []string{"mute-press"}},
		{"cypress-phone", press("volume-up"), []string{"volume-up"}},
		{"cypress-phone", press("volume-down"), []string{"volume-down"}},
		{"cypress-phone", press("red"), []string{"drop"}},
		{"cypress-phone", press("yes"), nil},
		{"cypress-phone", press("f"), nil},
		{"ex-03", press("send"), []string{"send"}},
		{"ex-03", press("reject"), []string{"reject"}},
		{"ex-03", press("up"), nil},
		{"goodcom", press("volume-up"), []string{"volume-up"}},
		{"goodcom", press("volume-down"), []string{"volume-down"}},
		{"goodcom", press("c"), nil},
		{"yealink-p1k", press("red"), []string{"drop"}},
		{"yealink-p1k", press("c"), nil},
		{"yealink-p1k", press("up"), nil},
		{"usr9601", press("mute"), []string{"mute-press"}},
		{"usr9601", press("volume-up"), []string{"volume-up"}},
		{"usr9601", press("volume-down"), []string{"volume-down"}},
		{"usr9601", press("clear"), nil},
		{"cm109-kip1000", press("in"), nil},
		{"cm109-gtalk", press("up"), nil},
		{"cm109-usbph01", press("left"), nil},
		{"cm109-atcom", press("mute"), []string{"mute-press"}},
		{"cm109-atcom", press("mute-playback"), nil},
		{"cm109-atcom", press("volume-up"), []string{"volume-up"}},
		{"cm109-atcom", press("volume-down"), []string{"volume-down"}},
		{"yealink-p1kh", press("red"), []string{"drop"}},
		{"yealink-p1kh", press("down"), nil},
		{"yealink-p4k", press("send"), []string{"send"}},
		{"yealink-p4k", press("green"), []string{"send"}}, // SEND, the other is DIAL
		{"yealink-p4k", press("flash"), []string{"flash"}},
		{"yealink-p4k", press("speaker"), []string{"speaker"}},
		{"yealink-p4k", press("redial"), []string{"redial"}},
		{"yealink-p4k", press("volume-up"), []string{"volume-up"}},
		{"yealink-p4k", press("volume-down"), []string{"volume-down"}},
		{"yealink-p4k", press("help"), nil},
		{"cx300", press("flash"), []string{"flash"}},
		{"cx300", press("redial"), []string{"redial"}},
		{"cx300", press("speed-dial"), []string{"speed-dial 1"}},
		{"cx300", press("mute"), []string{"mute-press"}},
		{"cx300", press("reject"), []string{"reject"}},
		{"tigerjet", press("transfer"), []string{"transfer"}},
		{"tigerjet", press("hold"), []string{"hold"}},
		{"tigerjet", press("redial"), []string{"redial"}},
		{"tigerjet", press("drop"), []string{"drop"}},
		{"tigerjet", press("flash"), []string{"flash"}},
		{"tigerjet", press("mute"), []string{"mute-press"}},
		{"tigerjet", press("send"), []string{"send"}},
		{"tigerjet", press("volume-up"), []string{"volume-up"}},
		{"tigerjet", press("volume-down"), []string{"volume-down"}},
		{"philips", press("red"), []string{"drop"}},
		{"philips", press("up"), nil},
		{"webtalker", press("mute"), []string{"mute-press"}},
		{"webtalker", press("speaker"), []string{"speaker"}},
		{"webtalker", press("volume-up"), []string{"volume-up"}},
		{"webtalker", press("volume-down"), []string{"volume-down"}},
		{"webtalker", press("up"), nil}, // its code is 0
		{"webtalker", press("delete"), nil},
	}
	for _, tt := range tests {
		at(t, tt.profile+" "+strings.Join(tt.want, " "), func(t *testing.T) {
			r := vendor(t, profile(t, tt.profile))
			r.do(tt.press(r.phone))
			r.wantEvents("pressed once", tt.want...)
		})
	}
}

func TestTheKeypadOfEveryVendorPhone(t *testing.T) {
	for _, p := range virtual.VendorProfiles() {
		at(t, p.Name, func(t *testing.T) {
			r := vendor(t, p)
			time.Sleep(time.Second)
			if p.Name == "magicjack" { // it hears tones, which a telephone has when it is lifted
				r.do(r.phone.Lift())
				r.wantEvents("lift", "off-hook")
			}
			var want []string
			for _, key := range "0123456789*#" {
				r.do(r.phone.Press(string(key)))
				want = append(want, "key-down "+string(key), "key-up "+string(key))
			}
			r.wantEvents("the whole keypad", want...)
			r.do(r.phone.Press("77"))
			r.wantEvents("twice the same", "key-down 7", "key-up 7", "key-down 7", "key-up 7")
		})
	}
}

func TestTheHookOfEveryVendorPhone(t *testing.T) {
	for _, p := range virtual.VendorProfiles() {
		at(t, p.Name, func(t *testing.T) {
			r := vendor(t, p)
			r.wantEvents("opening")
			for range 2 {
				r.do(r.phone.Lift())
				r.wantEvents("lift", "off-hook")
				r.show(devices.Indicators{OffHook: true})
				r.do(r.phone.Press("5"))
				r.wantEvents("a key in between", "key-down 5", "key-up 5")
				r.do(r.phone.HangUp())
				r.wantEvents("put down", "on-hook")
				r.show(devices.Indicators{})
			}
		})
	}
}

func TestAVendorPhoneOffItsCradleAtOpeningIsABaseline(t *testing.T) {
	for _, p := range virtual.VendorProfiles() {
		if !p.Kind.Cradled() {
			continue
		}
		at(t, p.Name, func(t *testing.T) {
			phone := virtual.New(p)
			if err := phone.Lift(); err != nil {
				t.Fatal(err)
			}
			r := open(t, phone)
			r.wait = ms(500)
			r.wantEvents("opening")
			if !r.dev.Lifted() {
				t.Fatal("taken as on-hook")
			}
			r.do(phone.HangUp())
			r.wantEvents("put down", "on-hook")
		})
	}
}

func TestRedDeclinesWhileItRings(t *testing.T) {
	for _, p := range virtual.VendorProfiles() {
		at(t, p.Name, func(t *testing.T) {
			r := vendor(t, p)
			r.show(devices.Indicators{Ring: true})
			key := "red"
			switch p.Name {
			case "ex-03", "cx300":
				key = "reject"
			case "yealink-p4k", "yealink-b2k", "yealink-b3g", "magicjack", "tigerjet":
				return // no such key
			}
			r.do(r.phone.PressControl(key))
			r.wantEvents("red", "reject")
		})
	}
}

func TestTheLightsOfTheHPHandset(t *testing.T) {
	tests := []struct {
		show devices.Indicators
		lit  []string
		raw  string
	}{
		{devices.Indicators{Ring: true}, []string{"off-hook", "speaker"}, "00 11"},
		{devices.Indicators{OffHook: true}, []string{"off-hook"}, "00 10"},
		{devices.Indicators{OffHook: true, Mute: true}, []string{"mute", "off-hook"}, "00 50"},
		{devices.Indicators{}, []string{}, "00 00"},
	}
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "hp-handset"))
		for _, tt := range tests {
			r.show(tt.show)
			s := r.phone.State()
			if got := s.History[len(s.History)-1]; !slices.Equal(s.Lit(), tt.lit) || got.Bytes != tt.raw {
				t.Errorf("%+v: lit %q by %s, want %q by %s", tt.show, s.Lit(), got.Bytes, tt.lit, tt.raw)
			}
		}
		r.show(devices.Indicators{Ring: true})
		r.dev.Close()
		if lit := r.phone.State().Lit(); len(lit) > 0 {
			t.Errorf("closing left %q on", lit)
		}
	})
}

func TestGreenAndRedAreTheHookOfAHandsetWithoutACradle(t *testing.T) {
	for _, p := range virtual.VendorProfiles() {
		if p.Kind.Cradled() {
			continue
		}
		at(t, p.Name, func(t *testing.T) {
			r := vendor(t, p)
			r.do(press("green")(r.phone))
			r.wantEvents("green while idle", "off-hook")
			r.show(devices.Indicators{OffHook: true})
			r.do(press("green")(r.phone))
			r.wantEvents("green while off-hook", "send")
			r.show(devices.Indicators{})
			r.do(press("red")(r.phone))
			r.wantEvents("red after the program has put down", "drop")
			r.do(press("green")(r.phone))
			r.wantEvents("green after it", "off-hook")
			r.show(devices.Indicators{}) // it had no effect
			r.do(press("green")(r.phone))
			r.wantEvents("green once more", "off-hook")
			r.do(press("red")(r.phone))
			r.wantEvents("red", "on-hook")
		})
	}
}

func TestAnAdapterWithTheNumbersOfAPhoneIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := virtual.New(virtual.Adapter())
		node, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := devices.Open(node, devices.Options{}); !errors.Is(err, devices.ErrNotTelephony) {
			t.Fatalf("Open: %v", err)
		}
		if s := phone.State(); s.Opened || s.Reports != 0 {
			t.Fatalf("left open, or %d reports written", s.Reports)
		}
	})
}
