package devices_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

func TestTheFirstLiftGivesOffHookWithEveryProfile(t *testing.T) {
	for _, p := range virtual.Profiles() {
		at(t, p.Name, func(t *testing.T) {
			r := plug(t, p)
			r.wantEvents("after opening")
			if r.dev.Lifted() {
				t.Fatal("lifted after opening on-hook")
			}
			r.do(r.phone.Lift())
			r.wantEvents("first lift", "off-hook")
			r.do(r.phone.HangUp())
			r.wantEvents("put down", "on-hook")
		})
	}
}

func TestAHandsetThatIsOffTheCradleAtOpeningIsABaseline(t *testing.T) {
	tests := []struct {
		profile string
		lifted  bool // what can be known
	}{
		{"handset", true},
		{"phone", true},
		{"handset-unnumbered", true},
		{"handset-report-at-opening", true},
		{"handset-stalls-get-report", false},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			phone := virtual.New(profile(t, tt.profile))
			if err := phone.Lift(); err != nil {
				t.Fatal(err)
			}
			r := open(t, phone)
			r.wantEvents("opening")
			if got := r.dev.Lifted(); got != tt.lifted {
				t.Fatalf("Lifted() = %v, want %v", got, tt.lifted)
			}
			r.do(phone.HangUp())
			if tt.lifted {
				r.wantEvents("put down", "on-hook")
			} else {
				r.wantEvents("put down") // it was taken as on-hook
			}
			r.do(phone.Lift())
			r.wantEvents("lift", "off-hook")
		})
	}
}

func TestAPhoneThatLeavesGetReportUnansweredOpensWithin150ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := plug(t, profile(t, "handset-stalls-get-report"))
		if took := time.Since(start); took > ms(150) {
			t.Fatalf("opening took %v", took)
		}
		// The question is still open; keys are heard all the same, and its late
		// failure changes nothing.
		r.do(r.phone.Lift())
		r.wantEvents("lift while the question is open", "off-hook")
		time.Sleep(6 * time.Second)
		r.wantEvents("after its end")
	})
}

func TestAPhoneThatAnswersOpensAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		plug(t, profile(t, "handset"))
		if took := time.Since(start); took != 0 {
			t.Fatalf("opening took %v", took)
		}
	})
}

func TestOnlyTheFirstReportWithin150msIsABaseline(t *testing.T) {
	tests := []struct {
		name   string
		send   []time.Duration // lifted, put down, lifted …
		lifted bool
		want   []string
	}{
		{"none", nil, false, nil},
		{"at once", []time.Duration{0}, true, nil},
		{"late in the window", []time.Duration{ms(149)}, true, nil},
		{"after the window", []time.Duration{ms(151)}, false, []string{"off-hook"}},
		{"second in the window is news", []time.Duration{ms(20), ms(40)}, false, []string{"on-hook"}},
		{"second after the window is news", []time.Duration{ms(20), ms(900)}, true, []string{"on-hook"}},
	}
	for _, tt := range tests {
		at(t, tt.name, func(t *testing.T) {
			p := profile(t, "handset")
			p.GetReport = virtual.Refuses
			phone := virtual.New(p)
			for i, d := range tt.send {
				time.AfterFunc(d, func() {
					if i%2 == 0 {
						phone.Lift()
					} else {
						phone.HangUp()
					}
				})
			}
			r := open(t, phone)
			if got := r.dev.Lifted(); got != tt.lifted {
				t.Errorf("Lifted() = %v, want %v", got, tt.lifted)
			}
			time.Sleep(2 * time.Second)
			r.wantEvents("in all", tt.want...)
		})
	}
}

func TestAReportOverridesALaterAnswerToGetReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(profile(t, "handset").Descriptor)
		n.getInput = func(uint8) []byte {
			time.Sleep(ms(100))
			return []byte{1, 0, 0} // taken before the lift
		}
		time.AfterFunc(ms(50), func() { n.in <- []byte{1, 1, 0} })
		d, err := devices.Open(n, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if !d.Lifted() {
			t.Fatal("the stale answer won")
		}
	})
}

func TestNonsenseInAnswerToGetReportIsIgnored(t *testing.T) {
	for name, answer := range map[string][]byte{
		"empty": {}, "another report": {6, 1}, "too short": {1, 1}, "unknown": {99, 1, 1}, "too long": {1, 1, 0, 7},
	} {
		at(t, name, func(t *testing.T) {
			n := newNode(profile(t, "handset").Descriptor)
			n.getInput = func(uint8) []byte { return answer }
			d, err := devices.Open(n, devices.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			n.in <- []byte{1, 1, 0}
			if e := <-d.Events(); e.Kind != devices.OffHook {
				t.Fatalf("first lift gave %v", e.Kind)
			}
		})
	}
}

func TestOpeningRefusesWhatIsNoTelephone(t *testing.T) {
	keyboard := []byte{
		0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01,
		0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x05, 0x08, 0x09, 0x09, 0x95, 0x01, 0x91, 0x02, 0x95, 0x07, 0x91, 0x03, 0xC0,
	}
	emptyHeadset := []byte{0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0xC0}
	volumeOnly := []byte{
		0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x09, 0xE9, 0x09, 0xEA, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xC0,
	}
	vendorOnly := []byte{ // the telephony usages, but in a vendor's collection
		0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x05, 0x0B, 0x09, 0x20, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xC0,
	}
	for name, raw := range map[string][]byte{
		"keyboard": keyboard, "empty headset": emptyHeadset, "volume only": volumeOnly, "vendor only": vendorOnly,
	} {
		at(t, name, func(t *testing.T) {
			n := newNode(raw)
			d, err := devices.Open(n, devices.Options{})
			if !errors.Is(err, devices.ErrNotTelephony) || d != nil {
				t.Fatalf("Open = %v, %v", d, err)
			}
			if !n.isClosed() {
				t.Fatal("the device was left open")
			}
		})
	}
}

func TestOpeningABrokenDescriptorClosesTheDevice(t *testing.T) {
	n := newNode([]byte{0xA1, 0x01, 0x05})
	if _, err := devices.Open(n, devices.Options{}); err == nil {
		t.Fatal("opened")
	}
	if !n.isClosed() {
		t.Fatal("left open")
	}
}

func TestAPhoneUnpluggedWhileOpeningIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := profile(t, "handset-stalls-get-report")
		phone := virtual.New(p)
		n, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(ms(50), phone.Unplug)
		if _, err := devices.Open(n, devices.Options{}); !errors.Is(err, hid.ErrGone) {
			t.Fatalf("Open: %v, want ErrGone", err)
		}
	})
}

func TestUnpluggingEndsTheEventsAndReplugGivesTheSameDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		r.do(r.phone.Lift())
		r.phone.Unplug()
		r.wantEvents("unplugged", "off-hook", "closed")
		if !errors.Is(r.dev.Err(), hid.ErrGone) {
			t.Fatalf("Err() = %v", r.dev.Err())
		}
		if err := r.dev.Close(); err != nil {
			t.Fatal(err)
		}
		r.dev.Show(devices.Indicators{Ring: true}) // harmless
		if _, err := r.phone.Plug(); !errors.Is(err, hid.ErrGone) {
			t.Fatalf("plugged in without a cable: %v", err)
		}
		r.phone.Replug()
		again := open(t, r.phone)
		if again.dev.ID() != r.dev.ID() {
			t.Fatalf("ID %q, was %q", again.dev.ID(), r.dev.ID())
		}
		if !again.dev.Lifted() {
			t.Fatal("still off the cradle, but not found so")
		}
	})
}

func TestCloseEndsTheEventsWithoutAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		if err := r.dev.Close(); err != nil {
			t.Fatal(err)
		}
		if err := r.dev.Close(); err != nil {
			t.Fatal("second Close:", err)
		}
		r.wantEvents("closed", "closed")
		if err := r.dev.Err(); err != nil {
			t.Fatal("Err() =", err)
		}
	})
}

func TestIDsAreStableAndTellDevicesApart(t *testing.T) {
	tests := []struct {
		name, serial, phys string
		want               string
	}{
		{"serial", "ABC123", "usb-1/input3", "1234:5678:ABC123"},
		{"no serial", "", "usb-1/input3", "1234:5678:usb-1/input3"},
		{"placeholder", "00000000", "usb-1/input3", "1234:5678:usb-1/input3"},
		{"blank", "  ", "", "1234:5678:test:1"},
	}
	for _, tt := range tests {
		at(t, tt.name, func(t *testing.T) {
			n := newNode(profile(t, "handset").Descriptor)
			n.info.Serial, n.info.Phys = tt.serial, tt.phys
			d, err := devices.Open(n, devices.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if d.ID() != tt.want {
				t.Errorf("ID() = %q, want %q", d.ID(), tt.want)
			}
		})
	}
}
