package devices_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
)

func TestYealinkPhonesRingAndShowNumbers(t *testing.T) {
	talking := devices.Indicators{OffHook: true, Number: "4822123456789", Line1: "Alice", Elapsed: 754 * time.Second}
	tests := []struct {
		profile string
		show    devices.Indicators
		lit     string
		display []string
	}{
		{"yealink-p1k", devices.Indicators{Ring: true, Number: "+48221234567"}, "ring", []string{"", "IN", "48221234567"}},
		{"yealink-p1k", talking, "off-hook", []string{"12:34", "", "822123456789"}},
		{"yealink-p1k", devices.Indicators{Missed: 3, Line1: "Offhook"}, "", []string{"", "NEW", "3"}},
		{"yealink-p1k", devices.Indicators{MessageWaiting: true}, "", []string{"", "NEW", ""}},
		{"yealink-p1k", devices.Indicators{OffHook: true, Elapsed: 5400 * time.Second}, "off-hook", []string{"01:30", "", ""}},
		{"yealink-p1k", devices.Indicators{}, "", []string{"", "", ""}},
		{"yealink-p1kh", devices.Indicators{Ring: true, Number: "100"}, "ring", []string{"", "IN", "100"}},
		{"yealink-p1kh", talking, "off-hook", []string{"12:34", "", "822123456789"}},
		{"yealink-p1kh", devices.Indicators{}, "", []string{"", "", ""}},
		{"yealink-p4k", devices.Indicators{Ring: true, Number: "100"}, "backlight speaker", []string{"", "IN", "100"}},
		{"yealink-p4k", talking, "backlight", []string{"12:34", "", "822123456789"}},
		{"yealink-p4k", devices.Indicators{OffHook: true, Speaker: true}, "backlight speaker", []string{"", "", ""}},
		{"yealink-b2k", devices.Indicators{Ring: true}, "ring", []string{}},
		{"yealink-b3g", devices.Indicators{OffHook: true}, "off-hook", []string{}},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			r := vendor(t, profile(t, tt.profile))
			r.show(tt.show)
			s := r.phone.State()
			if got := strings.Join(s.Lit(), " "); got != tt.lit || !slices.Equal(s.Display, tt.display) {
				t.Errorf("%+v: lit %q, display %q, want %q and %q", tt.show, got, s.Display, tt.lit, tt.display)
			}
		})
	}
}

func TestYealinkRingersAreTurnedOnAndOffByTheHost(t *testing.T) {
	for _, name := range []string{"yealink-p1kh", "yealink-b2k", "yealink-b3g"} {
		at(t, name, func(t *testing.T) {
			r := plug(t, profile(t, name))
			r.dev.Show(devices.Indicators{Ring: true})
			var heard []bool
			for range 12 {
				time.Sleep(ms(500))
				synctest.Wait()
				heard = append(heard, r.phone.State().Ringing)
				time.Sleep(ms(500))
			}
			want := []bool{true, false, false, false, false, true, false, false, false, false, true, false}
			if !slices.Equal(heard, want) {
				t.Errorf("in each second: %v, want %v", heard, want)
			}
			r.dev.Show(devices.Indicators{})
			time.Sleep(ms(500))
			if r.phone.State().Ringing {
				t.Error("rings on")
			}
		})
	}
}

// The phone remembers its key events; however many there were between two questions, none is lost.
func TestYealinkKeysBetweenTwoQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "yealink-p1k"))
		for range 9 { // the memory wraps round
			r.do(r.phone.Press("12345"))
			var want []string
			for _, key := range "12345" {
				want = append(want, "key-down "+string(key), "key-up "+string(key))
			}
			r.wantEvents("five keys at once", want...)
		}
	})
}

func TestACallOnTheTelephoneLineOfAYealinkBox(t *testing.T) {
	for _, name := range []string{"yealink-b2k", "yealink-b3g"} {
		at(t, name, func(t *testing.T) {
			r := vendor(t, profile(t, name))
			r.do(press("line-rings")(r.phone))
			r.wantLit("the line rings", "line", "to-line")
			r.do(r.phone.Lift())
			r.do(press("line-stops")(r.phone))
			time.Sleep(time.Minute)
			r.wantLit("a talk on the line", "line", "to-line")
			r.wantEvents("none of our calls")
			r.do(r.phone.HangUp())
			time.Sleep(7 * time.Second)
			r.wantLit("over")
			r.wantEvents("none of our calls")
			r.do(r.phone.Lift())
			r.wantEvents("lifted", "off-hook")
			r.show(devices.Indicators{OffHook: true})
			r.do(press("line-rings")(r.phone))
			r.wantLit("the line rings during our call, which keeps the handset", "line", "off-hook")
			r.do(press("line-stops")(r.phone))
			r.do(r.phone.HangUp())
			r.wantEvents("put down", "on-hook")
			r.dev.Close()
			r.wantLit("without a program the telephone is on the line", "to-line")
		})
	}
}

func TestAYealinkModelIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nil)
		n.info.VendorID, n.info.ProductID = 0x6993, 0xB001
		sizes := map[int]int{}
		n.onWrite = func(rep []byte) { sizes[len(rep)]++ }
		_, err := devices.Open(n, devices.Options{})
		if !errors.Is(err, devices.ErrNotTelephony) || !n.isClosed() {
			t.Errorf("a device that says nothing: %v", err)
		}
		if sizes[17] == 0 || sizes[9] == 0 || len(sizes) != 2 {
			t.Errorf("it was asked by packets of %v bytes", sizes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nil)
		n.info.VendorID, n.info.ProductID = 0x6993, 0xB001
		n.onWrite = func(rep []byte) {
			if len(rep) == 17 && rep[1] == 0x87 {
				n.in <- []byte{0x87, 2, 0, 0, 0x09, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xD5}
			}
		}
		if _, err := devices.Open(n, devices.Options{}); !errors.Is(err, devices.ErrNotTelephony) {
			t.Errorf("an unknown version: %v", err)
		}
	})
}

// Nothing but the questions crosses the cable while nothing happens, and of those no more than the source says.
func TestHowOftenAYealinkPhoneIsAsked(t *testing.T) {
	for name, want := range map[string]int{"yealink-p1k": 100, "yealink-p1kh": 0, "yealink-p4k": 200, "yealink-b2k": 200, "yealink-b3g": 100} {
		at(t, name, func(t *testing.T) {
			r := vendor(t, profile(t, name))
			time.Sleep(time.Second)
			before := r.phone.State().Reports
			time.Sleep(10 * time.Second)
			if got := r.phone.State().Reports - before; got < want-2 || got > want+2 {
				t.Errorf("%d packets in ten seconds, want %d", got, want)
			}
		})
	}
}
