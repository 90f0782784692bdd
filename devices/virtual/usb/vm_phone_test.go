//go:build usb

package usb_test

import (
	"errors"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/hid"
	"offhook/udev"
)

func TestPlugMakesANodeAndACardOfOneDevice(t *testing.T) {
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{VendorID: 0x1209, ProductID: 0x7E1E, Product: "Desk Phone", Manufacturer: "Acme"})
	t.Logf("plug → node %v, → card %v", pl.Node, pl.Card)

	i := pl.Info
	if i.VendorID != 0x1209 || i.ProductID != 0x7E1E || i.Bus != "usb" || i.Interface != 3 || i.Name != "Acme Desk Phone" && i.Name != "Desk Phone" || i.Serial == "" {
		t.Errorf("hid.Enumerate: %+v", i)
	}
	if s := udev.System.Sound(i.Sysfs, udev.RunDatabase); s != udev.SoundReady {
		t.Errorf("sound is %v, not ready", s)
	}
	cards := udev.System.SoundCards(i.Sysfs)
	if len(cards) != 1 {
		t.Fatalf("cards of the device: %v", cards)
	}
	card, err := filepath.EvalSymlinks("/sys/class/sound/card0")
	if err != nil {
		t.Fatal(err)
	}
	ofCard, _ := udev.System.USBDevice(card)
	ofNode, _ := udev.System.USBDevice(i.Sysfs)
	if ofCard == "" || ofCard != ofNode {
		t.Errorf("the card is of %s, the node of %s", ofCard, ofNode)
	}
	desc, err := hid.Descriptor(i)
	if err != nil || !slices.Equal(desc, pl.Phone.Profile().Descriptor) {
		t.Errorf("report descriptor from the kernel: % x, %v", desc, err)
	}
}

func TestKeysReachTheDriverThroughTheKernel(t *testing.T) {
	type kinds []devices.EventKind
	for _, tt := range []struct {
		profile string
		do      []func(*virtual.Phone) error
		want    kinds
	}{
		{"handset",
			[]func(*virtual.Phone) error{(*virtual.Phone).Lift, func(p *virtual.Phone) error { return p.Press("1#") }, (*virtual.Phone).PressMute, (*virtual.Phone).PressFlash, (*virtual.Phone).HangUp},
			kinds{devices.OffHook, devices.KeyDown, devices.KeyUp, devices.KeyDown, devices.KeyUp, devices.MutePress, devices.Flash, devices.OnHook}},
		{"handset-unnumbered",
			[]func(*virtual.Phone) error{(*virtual.Phone).Lift, func(p *virtual.Phone) error { return p.Press("9") }, (*virtual.Phone).HangUp},
			kinds{devices.OffHook, devices.KeyDown, devices.KeyUp, devices.OnHook}},
		{"phone",
			[]func(*virtual.Phone) error{(*virtual.Phone).Lift, (*virtual.Phone).HangUp},
			kinds{devices.OffHook, devices.OnHook}},
		{"headset",
			[]func(*virtual.Phone) error{(*virtual.Phone).PressHook, (*virtual.Phone).PressMute, (*virtual.Phone).PressHook},
			kinds{devices.OffHook, devices.MutePress, devices.OnHook}},
		{"headset-relative",
			[]func(*virtual.Phone) error{(*virtual.Phone).PressHook, (*virtual.Phone).PressHook},
			kinds{devices.OffHook, devices.OnHook}},
	} {
		t.Run(tt.profile, func(t *testing.T) {
			pl := usbtest.Plug(t, usbtest.Profile(t, tt.profile), usb.Config{NoSound: true})
			d := pl.Open(t)
			// Opening writes the idle lights; what the phone answers to those is not
			// of this test.
			pl.See(t, "idle lights", func(s virtual.State) bool { return s.Reports > 0 })
			var got kinds
			var first time.Duration
			for i, do := range tt.do {
				at := time.Now()
				if err := do(pl.Phone); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					got = append(got, usbtest.Next(t, d).Kind)
					first = time.Since(at)
				}
			}
			for len(got) < len(tt.want) {
				got = append(got, usbtest.Next(t, d).Kind)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("events %v, want %v", got, tt.want)
			}
			t.Logf("lift → event %v", first)
		})
	}
}

func TestLightsAndDisplayReachTheFirmware(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile string
		cfg     usb.Config
	}{
		{"by SET_REPORT", "handset", usb.Config{NoSound: true}},
		{"by interrupt OUT", "handset", usb.Config{NoSound: true, InterruptOut: true}},
		{"without report IDs", "handset-unnumbered", usb.Config{NoSound: true}},
		{"without report IDs by interrupt OUT", "handset-unnumbered", usb.Config{NoSound: true, InterruptOut: true}},
		{"a report for each light", "headset-report-per-light", usb.Config{NoSound: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pl := usbtest.Plug(t, usbtest.Profile(t, tt.profile), tt.cfg)
			d := pl.Open(t)
			from := time.Now()
			d.Show(devices.Indicators{Ring: true, Line1: "Alice", Line2: "100"})
			s := pl.See(t, "ringing", func(s virtual.State) bool {
				return s.Ringing && (len(s.Display) == 0 || s.Display[0] == "Alice" && s.Display[1] == "100")
			})
			t.Logf("Show → ring and display at the phone: %v; lit %v", time.Since(from), s.Lit())
			d.Show(devices.Indicators{})
			pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })
			d.Show(devices.Indicators{OffHook: true, Mute: true})
			pl.See(t, "the mute light", func(s virtual.State) bool { return s.Lights["mute"] })
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			pl.See(t, "darkness after Close", func(s virtual.State) bool { return len(s.Lit()) == 0 })
		})
	}
}

func TestTheStateAtOpeningIsAskedOfTheDevice(t *testing.T) {
	for _, name := range []string{"handset", "handset-unnumbered"} {
		t.Run(name, func(t *testing.T) {
			phone := virtual.New(usbtest.Profile(t, name), virtual.WithSerial(name))
			if err := phone.Lift(); err != nil {
				t.Fatal(err)
			}
			pl := usbtest.PlugPhone(t, phone, usb.Config{NoSound: true})
			from := time.Now()
			d := pl.Open(t)
			t.Logf("opened in %v", time.Since(from))
			if !d.Lifted() {
				t.Error("the handset lay beside the phone when it was opened, and is said to be down")
			}
			if err := phone.HangUp(); err != nil {
				t.Fatal(err)
			}
			if e := usbtest.Next(t, d); e.Kind != devices.OnHook {
				t.Errorf("first event %v, want on-hook", e.Kind)
			}
		})
	}
}

// Linux discards what a device reports in the first 50 ms after it was opened
// (usbhid_open in drivers/hid/usbhid/hid-core.c, since reports from before may be
// pending in the device). Of a phone that reports its state then, and does not
// answer when asked, the cradle is not known; it is taken to be on-hook, and the
// next lift is heard.
//
// There is no way around that which hidraw has. The report is dropped where the
// transfer ends, before hidraw, hiddev, evdev and HID-BPF; opening the node twice
// starts no transfer, since the kernel counts who has the device open; closing and
// opening it again has the report sent again, but again in the first 50 ms;
// HIDIOCGINPUT is the GET_REPORT that was refused. SET_IDLE would have the device
// repeat its report (HID 1.11, 7.2.4), but hidraw has no call for it, and usbfs
// passes it on only to who has taken the interface from usbhid, by which the node
// goes; the kernel sets it back as it makes the node again.
func TestAReportAtOpeningIsNotHeardThroughTheKernel(t *testing.T) {
	phone := virtual.New(usbtest.Profile(t, "handset-report-at-opening"), virtual.WithSerial("opening"))
	if err := phone.Lift(); err != nil {
		t.Fatal(err)
	}
	pl := usbtest.PlugPhone(t, phone, usb.Config{NoSound: true})
	d := pl.Open(t)
	if d.Lifted() {
		t.Error("the kernel has passed the report on: this comment is out of date")
	}
	for _, do := range []func() error{phone.HangUp, phone.Lift} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if e := usbtest.Next(t, d); e.Kind != devices.OffHook {
		t.Errorf("first event %v, want the lift", e.Kind)
	}
}

func TestADeviceThatLeavesGetReportUnansweredOpensAllTheSame(t *testing.T) {
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset-stalls-get-report"), usb.Config{NoSound: true})
	from := time.Now()
	d := pl.Open(t)
	if took := time.Since(from); took > time.Second {
		t.Errorf("opening took %v", took)
	}
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	if e := usbtest.Next(t, d); e.Kind != devices.OffHook {
		t.Errorf("first event %v", e.Kind)
	}
}

func TestAStalledDeviceDoesNotBlockClose(t *testing.T) {
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset-stalls-writes"), usb.Config{NoSound: true})
	d := pl.Open(t)
	d.Show(devices.Indicators{Ring: true})
	from := time.Now()
	if err := d.Close(); err != nil {
		t.Logf("close: %v", err)
	}
	took := time.Since(from)
	t.Logf("Close took %v while a write was stalled", took)
	if took > 2*time.Second {
		t.Errorf("Close waited %v for a device that stalls its writes", took)
	}
}

func TestTenUnplugsLeaveNothingBehind(t *testing.T) {
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{})
	events := usbtest.Listen(t)
	device, _ := udev.System.USBDevice(pl.Info.Sysfs)
	var files map[string]int
	var goroutines int
	var slowest, gone time.Duration
	for i := range 11 {
		d := pl.Open(t)
		if err := pl.Phone.Lift(); err != nil {
			t.Fatal(err)
		}
		if e := usbtest.Next(t, d); e.Kind != devices.OffHook {
			t.Fatalf("round %d: %v", i, e.Kind)
		}
		from := time.Now()
		pl.Phone.Unplug()
		for range d.Events() {
		}
		gone = max(gone, time.Since(from))
		if !errors.Is(d.Err(), hid.ErrGone) {
			t.Fatalf("round %d: events ended by %v, not by the unplug", i, d.Err())
		}
		d.Close()
		usbtest.Await(t, events, "the unplug", func(e usbtest.News) bool {
			return e.Subsystem == "usb" && e.Action == "remove" && "/sys"+e.Devpath == device
		})
		if err := pl.Phone.HangUp(); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // the first round warms up
			files, goroutines = usbtest.OpenFiles(t), runtime.NumGoroutine()
		} else if i == 10 {
			if now := usbtest.OpenFiles(t); !maps.Equal(now, files) {
				t.Errorf("open files %v, after the first round %v", now, files)
			}
			if now := runtime.NumGoroutine(); now > goroutines {
				buf := make([]byte, 1<<16)
				t.Errorf("%d goroutines, after the first round %d\n%s", now, goroutines, buf[:runtime.Stack(buf, true)])
			}
		}
		was := pl.Info
		from = time.Now()
		pl.Phone.Replug()
		pl.Ready(t, events, from, true)
		slowest = max(slowest, pl.Node, pl.Card)
		t.Logf("round %d: plug → node %v, → card %v", i, pl.Node, pl.Card)
		if back, _ := udev.System.USBDevice(pl.Info.Sysfs); back != device {
			t.Errorf("plugged in again at %s, not %s", back, device)
		}
		if pl.Info.Serial != was.Serial || pl.Info.Phys != was.Phys {
			t.Errorf("came back as %v, was %v", pl.Info, was)
		}
	}
	t.Logf("unplug → end of events at most %v; plug → node and card at most %v", gone, slowest)
}

func TestTwoPhonesAreTwo(t *testing.T) {
	a := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{})
	b := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{})
	if a.ALSA(t) == b.ALSA(t) || a.Info.Path == b.Info.Path || a.USB.Port() == b.USB.Port() {
		t.Fatalf("%v with %s and %v with %s", a.Info, a.ALSA(t), b.Info, b.ALSA(t))
	}
	da, db := a.Open(t), b.Open(t)
	b.See(t, "idle lights", func(s virtual.State) bool { return s.Reports > 0 }) // which a headset obeys
	if err := b.Phone.PressHook(); err != nil {
		t.Fatal(err)
	}
	if e := usbtest.Next(t, db); e.Kind != devices.OffHook {
		t.Errorf("headset: %v", e.Kind)
	}
	db.Show(devices.Indicators{OffHook: true})
	b.See(t, "off-hook", func(s virtual.State) bool { return s.Lights["off-hook"] })
	da.Show(devices.Indicators{Ring: true})
	a.See(t, "ringing", func(s virtual.State) bool { return s.Ringing })
	if b.Phone.State().Ringing {
		t.Error("both ring")
	}
	a.Phone.Unplug()
	for range da.Events() {
	}
	if err := b.Phone.PressHook(); err != nil {
		t.Fatal(err)
	}
	if e := usbtest.Next(t, db); e.Kind != devices.OnHook {
		t.Errorf("headset after the other's unplug: %v", e.Kind)
	}
}
