package devices_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
)

func TestTheEX03ShowsNumbersAndRings(t *testing.T) {
	tests := []struct {
		show  devices.Indicators
		lit   string
		lines []string
	}{
		{devices.Indicators{Ring: true, Line1: "+48 22 123-45"}, "ring", []string{"", "4822123-45"}},
		{devices.Indicators{OffHook: true, Line1: "012345678901234"}, "off-hook", []string{"", "5678901234"}},
		{devices.Indicators{OffHook: true, Line1: "9876"}, "off-hook", []string{"", "9876"}},
		{devices.Indicators{OffHook: true, Line1: "*21#"}, "off-hook", []string{"", " 21"}},
		{devices.Indicators{OffHook: true, Line1: "Alice", Number: "101", Elapsed: 187 * time.Second}, "off-hook", []string{"0307", "101"}},
		{devices.Indicators{Line1: "Alice", Line2: "Incoming call"}, "", []string{"", ""}},
		{devices.Indicators{Line1: "Offhook", Missed: 4}, "", []string{"", "4"}},
		{devices.Indicators{}, "", []string{"", ""}},
	}
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "ex-03"))
		for _, tt := range tests {
			r.show(tt.show)
			time.Sleep(ms(100)) // it is left alone around the ringer
			synctest.Wait()
			s := r.phone.State()
			if strings.Join(s.Lit(), " ") != tt.lit || !slices.Equal(s.Display, tt.lines) || s.Ringing != tt.show.Ring {
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
