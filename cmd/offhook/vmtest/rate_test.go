//go:build usb

package vmtest

import (
	"testing"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
)

// Some cards, of the cheapest and of the dearest, have no rate of telephony.
func TestACardThatHas44100HzAloneIsAPhoneToo(t *testing.T) {
	program(t)
	h := newHandpiece()
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h, Rates: []int{44100}})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	h.hear(t, dialTone, true)
	if err := pl.Phone.Press("600"); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) && s.Display[0] == "600" })
	h.forget()
	h.hear(t, voice, true)
	t.Logf("the voice was torn %d times; %+v", h.torn(voice), pl.USB.Device().Stats())
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}
}
