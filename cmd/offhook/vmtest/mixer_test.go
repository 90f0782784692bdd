//go:build usb

package vmtest

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
)

// A fresh card that is muted and all the way down is turned up, and said; then its mixer and the phone agree.
func TestTheMixerOfAHandset(t *testing.T) {
	o := program(t)
	h := newHandpiece()
	quiet := usb.Level{Volume: usb.LowestVolume, Mute: true}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h, Mixer: usb.Mixer{Earpiece: quiet, Microphone: quiet}})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	s := o.await("its mixer", func(s control.Status) bool { return len(s.Handsets) == 1 && s.Handsets[0].Mixer != nil })
	if m := s.Handsets[0].Mixer; m.EarMuted || m.MicMuted || m.Ear == nil || *m.Ear != 100 || m.Mic == nil || *m.Mic != 100 {
		t.Errorf("mixer %+v, want all open at 0 dB", m)
	}
	if m := pl.USB.Device().Mixer(); m != (usb.Mixer{}) {
		t.Errorf("the device was set to %+v, want 0 dB and not muted", m)
	}
	talk(t, pl)
	h.forget()
	h.hear(t, voice, true)

	card := strings.TrimSuffix(strings.TrimPrefix(pl.ALSA(t), "hw:"), ",0")
	amixer := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("amixer", append([]string{"-c", card}, args...)...).CombinedOutput()
		if err != nil {
			all, _ := exec.Command("amixer", "-c", card).CombinedOutput()
			t.Fatalf("amixer %v: %v %s\n%s", args, err, out, all)
		}
		return string(out)
	}
	amixer("-q", "set", "Headset", "nocap")
	from := time.Now()
	pl.See(t, "the mute light", func(s virtual.State) bool { return s.Lights["mute"] })
	t.Logf("muted in the mixer → mute light at the device %v", time.Since(from))
	if err := pl.Phone.PressMute(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "no mute light", func(s virtual.State) bool { return !s.Lights["mute"] })
	o.await("the microphone", func(s control.Status) bool { return !s.Handsets[0].Mixer.MicMuted })
	if got := amixer("get", "Headset"); !strings.Contains(got, "[on]") {
		t.Errorf("unmuted on the phone, but the card says\n%s", got)
	}
	h.forget()
	h.hear(t, voice, true)

	for range 2 {
		if err := pl.Phone.PressVolume(false); err != nil {
			t.Fatal(err)
		}
	}
	o.await("a softer earpiece", func(s control.Status) bool { return *s.Handsets[0].Mixer.Ear == 85 })
	if m := pl.USB.Device().Mixer().Earpiece; m.Volume != -6*256 {
		t.Errorf("after two presses of softer the device has %+v, want -6 dB", m)
	}
	t.Logf("%s", o.do("status"))
}
