//go:build usb && cgo

package usb_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/hid"
)

// Phones with protocols of their own through the kernel: by hidraw, and by libusb out of the hands of the
// kernel's own drivers yealink and cm109.
func TestVendorPhonesThroughTheKernel(t *testing.T) {
	for _, tt := range []struct {
		profile string
		backend string
		keys    string // "" when it has none that can be heard without a call
		ring    []string
		display []string // while 101 calls
	}{
		{"hp-handset", hid.BackendHidraw, "19#", []string{"off-hook", "speaker"}, []string{}},   // feature reports
		{"goodcom", hid.BackendHidraw, "19#", []string{}, []string{"101", "IN", ""}},            // numbered reports
		{"cx300", hid.BackendHidraw, "19#", []string{"ring"}, []string{"101", "Incoming call"}}, // its own descriptor
		{"magicjack", hid.BackendHidraw, "19#", []string{"line", "ring"}, []string{}},           // registers in a feature report
		{"yealink-p1k", hid.BackendLibusb, "19#", []string{"ring"}, []string{"", "IN", "101"}},  // asked for its keys
		{"yealink-p4k", hid.BackendLibusb, "19#", []string{"backlight", "speaker"}, []string{"", "IN", "101"}},
		{"cm109-gtalk", hid.BackendLibusb, "19#", []string{"ring"}, []string{}}, // a matrix, by control transfers
	} {
		t.Run(tt.profile, func(t *testing.T) {
			phone, d := openVendor(t, tt.profile, tt.backend)
			pl := &usbtest.Plugged{Phone: phone}
			pl.See(t, "the first report", func(s virtual.State) bool { return s.Reports > 0 })
			must(t, phone.Lift())
			if e := usbtest.Next(t, d); e.Kind != devices.OffHook {
				t.Fatalf("lifted: %v", e.Kind)
			}
			d.Show(devices.Indicators{OffHook: true})
			must(t, phone.Press(tt.keys))
			var pressed []byte
			for len(pressed) < len(tt.keys) {
				if e := usbtest.Next(t, d); e.Kind == devices.KeyDown {
					pressed = append(pressed, e.Key)
				}
			}
			if string(pressed) != tt.keys {
				t.Errorf("pressed %q, want %q", pressed, tt.keys)
			}
			must(t, phone.HangUp())
			for e := usbtest.Next(t, d); e.Kind != devices.OnHook; e = usbtest.Next(t, d) {
				if e.Kind != devices.KeyUp {
					t.Fatalf("put down: %v", e.Kind)
				}
			}
			d.Show(devices.Indicators{Ring: true, Line1: "101", Line2: "Incoming call", Number: "101"})
			pl.See(t, "ringing "+strings.Join(tt.ring, " "), func(s virtual.State) bool {
				return slices.Equal(s.Lit(), tt.ring) && slices.Equal(s.Display, tt.display)
			})
			must(t, d.Close())
			pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 && !s.Ringing })
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openVendor plugs a phone in and drives it, however the kernel lets us.
func openVendor(t *testing.T, name, backend string) (*virtual.Phone, *devices.Device) {
	t.Helper()
	events := usbtest.Listen(t)
	p := usbtest.Profile(t, name)
	phone := virtual.New(p, virtual.WithSerial(name))
	a, err := usb.Plug(phone, usb.Config{NoSound: true})
	must(t, err)
	t.Cleanup(func() { a.Close() })
	usbtest.Await(t, events, "the interface", func(e usbtest.News) bool {
		if backend == hid.BackendHidraw {
			return e.Subsystem == "hidraw" && e.Action == "add"
		}
		return e.Subsystem == "usb" && e.Properties["DEVTYPE"] == "usb_interface" && e.Action == "bind"
	})
	infos, err := hid.Enumerate()
	must(t, err)
	i := slices.IndexFunc(infos, func(i hid.Info) bool {
		return i.VendorID == phone.Info().VendorID && i.ProductID == phone.Info().ProductID
	})
	if i < 0 || infos[i].Backend != backend {
		t.Fatalf("enumerated: %v", infos)
	}
	from := time.Now()
	d, err := devices.OpenPhone(infos[i:i+1], devices.Options{Models: []devices.Model{p.Model}})
	must(t, err)
	t.Cleanup(func() { d.Close() })
	t.Logf("%s opened in %v: %s, lights %v", d.Driver(), time.Since(from), d.Name(), d.Lights())
	return phone, d
}
