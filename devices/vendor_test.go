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

func TestTheEX03ShowsNumbersAndRings(t *testing.T) {
	tests := []struct {
		show devices.Indicators
		lit  string
		line string
	}{
		{devices.Indicators{Ring: true, Line1: "+48 22 123-45"}, "ring", "4822123-45"},
		{devices.Indicators{OffHook: true, Line1: "012345678901234"}, "off-hook", "5678901234"},
		{devices.Indicators{OffHook: true, Line1: "9876"}, "off-hook", "9876"},
		{devices.Indicators{OffHook: true, Line1: "*21#"}, "off-hook", " 21"},
		{devices.Indicators{Line1: "Alice", Line2: "Incoming call"}, "", ""},
		{devices.Indicators{}, "", ""},
	}
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "ex-03"))
		for _, tt := range tests {
			r.show(tt.show)
			time.Sleep(ms(100)) // it is left alone around the ringer
			synctest.Wait()
			s := r.phone.State()
			if strings.Join(s.Lit(), " ") != tt.lit || s.Display[0] != "" || s.Display[1] != tt.line || s.Ringing != tt.show.Ring {
				t.Errorf("%+v: lit %q, display %q", tt.show, s.Lit(), s.Display)
			}
		}
	})
}

func TestTheGoodcomIsBegunWithAndLitWhileInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "goodcom"))
		r.show(devices.Indicators{Ring: true})
		r.show(devices.Indicators{})
		r.dev.Close()
		const begin = "02 00 00 00 00 00 00 00"
		var got []string
		for _, rep := range r.phone.State().History {
			if rep.Out && !strings.HasPrefix(rep.Bytes, "02 c1") && !strings.HasPrefix(rep.Bytes, "02 61") {
				got = append(got, rep.Bytes)
			}
		}
		if want := []string{begin, "02 64 12 01 fd 00 00 00", begin, begin}; !slices.Equal(got, want) {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

// What each display of letters, and of digits and icons, makes of the same things.
func TestTheDisplaysOfVendorPhones(t *testing.T) {
	alice := devices.Indicators{OffHook: true, Line1: "Alice Žižková", Line2: "0:42", Number: "+48 22 1234567", Elapsed: 42 * time.Second, Mute: true}
	early := alice
	early.Elapsed = 40 * time.Second
	missed := devices.Indicators{Line1: "Offhook", Line2: "Missed 12", Missed: 12}
	dialled := devices.Indicators{OffHook: true, Line1: "00123456789", Number: "00123456789"}
	tests := []struct {
		profile string
		show    devices.Indicators
		want    []string
	}{
		{"goodcom", devices.Indicators{Ring: true, Line1: "Bob", Line2: "Incoming call", Number: "101"}, []string{"BOB", "IN", ""}},
		{"goodcom", alice, []string{"ALICE ZI", "mute", "0042"}},
		{"goodcom", missed, []string{"OFFHOOK", "NEW", "12"}},
		{"goodcom", dialled, []string{"23456789", "", ""}},
		{"goodcom", devices.Indicators{}, []string{"", "", ""}},
		{"philips", devices.Indicators{Ring: true, Line1: "Bob", Number: "101"}, []string{"BOB"}},
		{"philips", early, []string{"ALICE ZIZKOVA"}},
		{"philips", alice, []string{"ALICE ZIZKOVA"}},
		{"philips", devices.Indicators{OffHook: true, Line1: "Alice", Elapsed: 44 * time.Second}, []string{"00:44"}},
		{"philips", missed, []string{"MISSED 12"}},
		{"philips", dialled, []string{"00123456789"}},
		{"philips", devices.Indicators{}, []string{""}},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			r := vendor(t, profile(t, tt.profile))
			r.show(tt.show)
			if s := r.phone.State(); !slices.Equal(s.Display, tt.want) {
				t.Errorf("%+v: %q, want %q", tt.show, s.Display, tt.want)
			}
		})
	}
}

func TestThePhilipsRingsAndIsToldThatSomebodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "philips"))
		r.show(devices.Indicators{Ring: true})
		r.wantLit("it rings", "blinking", "ring")
		r.show(devices.Indicators{OffHook: true})
		r.wantLit("in use", "off-hook")
		r.show(devices.Indicators{})
		r.wantLit("idle")
		before := r.phone.State().Reports
		time.Sleep(20 * time.Second)
		if n := r.phone.State().Reports - before; n != 10 {
			t.Errorf("%d reports in 20 s, want a ping every 2 s", n)
		}
	})
}

// The keys of two bits, one of which comes alone before or after, are one key; and those of one bit that
// might be half of such a key are not lost when they are held.
func TestThePhilipsKeysOfTwoBits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "philips"))
		r.do(press("mute")(r.phone))
		r.wantEvents("mute", "mute-press")
		r.do(press("skype")(r.phone))
		r.wantEvents("skype")
		r.do(r.phone.Hold("0", true))
		r.wantEvents("0 held", "key-down 0")
		r.do(r.phone.Hold("0", false))
		r.wantEvents("0 let go", "key-up 0")
	})
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

// Reports of any kind must neither panic nor make the driver write what the phone does not know.
func FuzzVendorDrivers(f *testing.F) {
	f.Add([]byte{2, 0, 3, 2, 0, 1, 4, 0x40, 8, 0, 0, 3, 1, 7, 0, 17, 1})
	numbers := [][2]uint16{
		{0x03F0, 0x1C07}, {0x04B4, 0x0307}, {0x04B4, 0x0302}, {0x04D9, 0x0602}, {0x0D8C, 0x0008}, {0x0D8C, 0x000E}, {0x0D8C, 0x000C},
		{0x0471, 0x2013}, {0x6993, 0xB001}, {0x6993, 0xB700},
	}
	sizes := map[uint16]int{0x0302: 33, 0x0602: 8, 0x2013: 5, 0xB001: 17, 0xB700: 9, 0x000E: 5, 0x000C: 5}
	models := []devices.Model{
		{Device: "0d8c:000e", Model: "gtalk"}, {Device: "0d8c:000c", Model: "adapter", Hook: "gpio1", Ring: "gpio2"},
	}
	// versions are what phones that are asked for it say.
	versions := map[uint16][]byte{
		0xB001: {0x87, 2, 0, 0, 0x02, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x44}, 0xB700: {0x87, 0, 0, 0, 0, 0, 0, 0x79},
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 512 {
			return
		}
		for _, number := range numbers {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(nil)
				n.info.VendorID, n.info.ProductID = number[0], number[1]
				n.getInput = func(uint8) []byte { return []byte{0x40, 0x80, 0, 0} }
				n.onWrite = func(rep []byte) {
					if versions[number[1]] != nil && rep[1] == 0x87 {
						if len(rep) == sizes[number[1]] {
							n.in <- versions[number[1]]
						}
					} else if len(rep) != sizes[number[1]] {
						t.Errorf("%04x: wrote % x", number, rep)
					}
				}
				d, err := devices.Open(n, devices.Options{Models: models})
				if err != nil {
					t.Fatal(err)
				}
				held := map[byte]bool{}
				for rest := script; len(rest) > 0; {
					size := min(int(rest[0]%20), len(rest)-1)
					n.in <- rest[1 : 1+size]
					d.Show(devices.Indicators{OffHook: rest[0]&0x20 != 0, Ring: rest[0]&0x40 != 0, Line1: string(rest[1 : 1+size])})
					rest = rest[1+size:]
					time.Sleep(ms(30))
					synctest.Wait()
					for more := true; more; {
						select {
						case e := <-d.Events():
							if e.Kind == devices.KeyDown || e.Kind == devices.KeyUp {
								if held[e.Key] == (e.Kind == devices.KeyDown) {
									t.Errorf("%04x: %s twice", number, word(e))
								}
								held[e.Key] = e.Kind == devices.KeyDown
							}
						default:
							more = false
						}
					}
				}
				d.Close()
			})
		}
	})
}
