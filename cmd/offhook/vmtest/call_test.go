//go:build usb

package vmtest

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
)

func TestTheProgramIsAPhoneOnAKernelsHandset(t *testing.T) {
	program(t)
	h := newHandpiece()
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h})
	there := time.Now()
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	t.Logf("node and card → in use %v", time.Since(there))

	lifted := time.Now()
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	t.Logf("lift → dial tone at the earpiece %v", h.hear(t, dialTone, true).Sub(lifted))
	if err := pl.Phone.Press("600"); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) && s.Display[0] == "600" })
	connected := time.Now()
	h.forget()
	t.Logf("connected → echo of the voice at the earpiece %v", h.hear(t, voice, true).Sub(connected))
	if err := pl.Phone.PressMute(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "the mute light", func(s virtual.State) bool { return s.Lights["mute"] })
	h.hear(t, voice, false)
	if err := pl.Phone.PressMute(); err != nil {
		t.Fatal(err)
	}
	h.hear(t, voice, true)
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })

	// Being called: 601 rings back.
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	if err := pl.Phone.Press("601"); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) && s.Display[0] == "601" })
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	s := pl.See(t, "ringing", func(s virtual.State) bool { return s.Ringing })
	t.Logf("rings: %v, display %q", s.Lit(), s.Display)
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "an answered call", func(s virtual.State) bool { return !s.Ringing && s.Lights["off-hook"] })
	t.Logf("%+v", pl.USB.Device().Stats())
}
