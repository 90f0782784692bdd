//go:build usb

package vmtest

import (
	"os"
	"path/filepath"
	"testing"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
)

// Whole calls on phones with protocols of their own: one of each way to talk to them.
func TestTheProgramOnPhonesWithProtocolsOfTheirOwn(t *testing.T) {
	const cm109 = "[[device]]\nid = \"0d8c:000e\"\nmodel = \"gtalk\"\n"
	for _, tt := range []struct {
		profile, config string
		rings           func(virtual.State) bool
	}{
		{"hp-handset", "", func(s virtual.State) bool { return s.Lights["speaker"] }}, // feature reports; rings by sound
		{"goodcom", "", func(s virtual.State) bool { return s.Display[1] == "IN" && s.Display[0] == "RING ME" }},
		{"yealink-p1k", "", func(s virtual.State) bool { return s.Ringing && s.Display[2] == "601" }}, // libusb
		{"cm109-gtalk", cm109, func(s virtual.State) bool { return s.Ringing }},                       // libusb, a matrix
	} {
		t.Run(tt.profile, func(t *testing.T) {
			o := program(t, "XDG_CONFIG_HOME="+configuration(t, tt.config))
			h := newHandpiece()
			pl := plugVendor(t, tt.profile, h)
			o.reach(control.StateIdle)

			must(t, pl.Phone.Lift)
			h.hear(t, dialTone, true)
			must(t, func() error { return pl.Phone.Press("600#") })
			o.reach(control.StateTalking)
			h.forget()
			h.hear(t, voice, true)
			must(t, pl.Phone.HangUp)
			o.reach(control.StateIdle)

			must(t, pl.Phone.Lift)
			must(t, func() error { return pl.Phone.Press("601#") }) // which calls back
			o.reach(control.StateTalking)
			must(t, pl.Phone.HangUp)
			pl.See(t, "ringing", tt.rings)
			must(t, pl.Phone.Lift)
			o.reach(control.StateTalking)
			must(t, pl.Phone.HangUp)
			o.reach(control.StateIdle)
		})
	}
}

// plugVendor plugs a phone in and waits for its card; there may be no node.
func plugVendor(t *testing.T, name string, sound usb.Sound) *usbtest.Plugged {
	t.Helper()
	events := usbtest.Listen(t)
	phone := virtual.New(usbtest.Profile(t, name), virtual.WithSerial(name))
	a, err := usb.Plug(phone, usb.Config{Sound: sound})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	usbtest.Await(t, events, "the card", func(e usbtest.News) bool {
		return e.Subsystem == "sound" && e.Action == "change" && e.Properties["SOUND_INITIALIZED"] == "1"
	})
	return &usbtest.Plugged{Phone: phone, USB: a}
}

// configuration is a folder with a configuration file.
func configuration(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "offhook"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "offhook", "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func must(t *testing.T, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatal(err)
	}
}

// reach waits until the program has its handset and is in a state.
func (o *offhook) reach(state string) {
	o.t.Helper()
	o.await(state, func(s control.Status) bool {
		return s.State == state && len(s.Handsets) == 1 && s.Handsets[0].State != control.HandsetUnplugged
	})
}
