//go:build usb && cgo

package usb_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/hid"
)

// The kernel has drivers of its own for these, which take the HID interface and
// make no hidraw node of it.
func TestPhonesThatTheKernelTakesAreReachedByLibusb(t *testing.T) {
	for _, tt := range []struct {
		name            string
		vendor, product uint16
	}{{"Yealink", 0x6993, 0xB001}, {"CM109", 0x0D8C, 0x000E}} {
		t.Run(tt.name, func(t *testing.T) {
			events := usbtest.Listen(t)
			phone := virtual.New(usbtest.Profile(t, "handset-unnumbered"), virtual.WithSerial(tt.name))
			from := time.Now()
			a, err := usb.Plug(phone, usb.Config{VendorID: tt.vendor, ProductID: tt.product, NoSound: true})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			usbtest.Await(t, events, "the interface", func(e usbtest.News) bool {
				return e.Subsystem == "usb" && e.Properties["DEVTYPE"] == "usb_interface" && e.Action == "bind"
			})
			t.Logf("plug → a driver took the interface: %v; reports it wrote: %d", time.Since(from), phone.State().Reports)
			infos, err := hid.Enumerate()
			if err != nil {
				t.Fatal(err)
			}
			var info hid.Info
			for _, i := range infos {
				if i.VendorID == tt.vendor && i.ProductID == tt.product {
					info = i
				}
			}
			if info.Backend != hid.BackendLibusb {
				t.Fatalf("enumerated: %v", infos)
			}
			d, err := hid.Open(info)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			read := make(chan []byte)
			go func() {
				defer close(read)
				for {
					buf := make([]byte, 64)
					n, err := d.Read(buf)
					if err != nil {
						if !errors.Is(err, hid.ErrGone) {
							t.Errorf("the last read: %v", err)
						}
						return
					}
					read <- buf[:n]
				}
			}()
			opened := time.After(usbtest.Patience)
			for !phone.State().Opened {
				select {
				case <-phone.Changed():
				case <-opened:
					t.Fatal("nobody opened the phone")
				}
			}
			if err := phone.Lift(); err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-read:
				if !bytes.Equal(got, []byte{0, 0x10, 0}) {
					t.Errorf("read % x, want the lift", got)
				}
			case <-time.After(usbtest.Patience):
				t.Error("the lift was not read")
			}
			before := phone.State().Reports
			if err := d.Write([]byte{0, 1}); err != nil {
				t.Error(err)
			}
			if s := phone.State(); s.Reports != before+1 || len(s.Lit()) != 1 {
				t.Errorf("after a write the phone shows %v, %d reports after %d", s.Lit(), s.Reports, before)
			}
			from = time.Now()
			phone.Unplug()
			for range read {
			}
			t.Logf("unplug → end of reading %v", time.Since(from))
		})
	}
}
