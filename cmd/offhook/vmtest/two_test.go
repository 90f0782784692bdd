//go:build usb

package vmtest

import (
	"testing"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
)

// A phone of two HID interfaces has two nodes, and is one handset.
func TestAPhoneOfTwoInterfacesIsOneHandset(t *testing.T) {
	o := program(t)
	second := virtual.New(usbtest.Profile(t, "headset"))
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{NoSound: true, Second: second})
	other := &usbtest.Plugged{Phone: second}
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	if s := o.await("its handset", func(s control.Status) bool { return len(s.Handsets) > 0 }); len(s.Handsets) != 1 {
		t.Fatalf("handsets: %+v", s.Handsets)
	}
	talk(t, pl)
	if err := second.PressMute(); err != nil {
		t.Fatal(err)
	}
	muted := func(s virtual.State) bool { return s.Lights["mute"] }
	pl.See(t, "the mute light of one interface", muted)
	other.See(t, "the mute light of the other", muted)
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*usbtest.Plugged{pl, other} {
		p.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })
	}

	pl.Phone.Unplug()
	o.await("the unplug", func(s control.Status) bool { return count(s, control.HandsetUnplugged) == 1 })
	pl.Phone.Replug()
	pl.See(t, "the idle display again", func(s virtual.State) bool { return s.Opened && s.Display[0] == "Offhook" })
	if s := o.await("its handset", func(s control.Status) bool { return count(s, control.HandsetUnplugged) == 0 }); len(s.Handsets) != 1 {
		t.Fatalf("handsets, plugged in again: %+v", s.Handsets)
	}
}
