//go:build usb

package vmtest

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
)

// A handset whose card is shared with the desktop plays the desktop's music, until it is lifted: then the sound server
// lets go of the card, and has it again a few seconds after it was put down.
func TestASharedHandsetIsTheDesktopsWhileItIsDown(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; it runs in CI, and by its name")
	}
	rules(t, "--share")
	d := newDesktop(t, desktops[0].programs)
	h := newHandpiece()
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h})
	d.await("the handset's sink", func() bool { return d.of("sinks", pl) != nil })
	d.loud(pl)
	d.play(pl)
	h.hear(t, music, true)

	o := program(t, d.env...)
	defer func() {
		if t.Failed() {
			t.Logf("%s", o.do("status"))
		}
	}()
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	for range 2 {
		h.hear(t, music, true)
		lifted := time.Now()
		if err := pl.Phone.Lift(); err != nil {
			t.Fatal(err)
		}
		t.Logf("lift → dial tone %v", h.hear(t, dialTone, true).Sub(lifted))
		h.hear(t, music, false)
		if n := d.of("sinks", pl); n != nil {
			t.Errorf("the server has the card of a lifted handset: %v", n)
		}
		if err := pl.Phone.Press("600#"); err != nil {
			t.Fatal(err)
		}
		pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) })
		h.forget()
		h.hear(t, voice, true)
		if err := pl.Phone.HangUp(); err != nil {
			t.Fatal(err)
		}
		d.await("the handset's sink again", func() bool { return d.of("sinks", pl) != nil })
		h.forget()
		d.loud(pl)
		d.play(pl)
	}
}
