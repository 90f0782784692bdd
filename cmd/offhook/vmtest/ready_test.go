//go:build usb

package vmtest

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/devices/watch"
	"offhook/hid"
	"offhook/udev"
)

func TestAPhoneIsReadySoonAfterItsNodeAndCardAndPairedWithThatCard(t *testing.T) {
	rules(t)
	command(t, "modprobe", "snd_dummy")
	t.Cleanup(func() { command(t, "modprobe", "-r", "snd_dummy") })
	other := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{})

	cfg, err := watch.System(nil)
	if err != nil {
		t.Fatal(err)
	}
	type ready struct {
		at     time.Time
		device *devices.Device
	}
	attached := make(chan ready, 10)
	cfg.Open = func(infos []hid.Info, byPort bool) (*devices.Device, error) {
		return devices.OpenPhone(infos, devices.Options{ByPort: byPort})
	}
	cfg.Attach = func(d *devices.Device) { attached <- ready{time.Now(), d} }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch.Run(ctx, cfg)
	}()
	t.Cleanup(func() { stop(); <-ended })
	next := func() ready {
		select {
		case r := <-attached:
			t.Cleanup(func() { r.device.Close() })
			return r
		case <-time.After(usbtest.Patience):
			t.Fatalf("no phone was handed over in %v", usbtest.Patience)
		}
		panic("not reached")
	}
	if got := next().device.Info(); got != other.Info {
		t.Fatalf("at the start: %v, want %v", got, other.Info)
	}

	events := usbtest.Listen(t)
	phone := virtual.New(usbtest.Profile(t, "handset"), virtual.WithSerial("ready"))
	from := time.Now()
	a, err := usb.Plug(phone, usb.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	r := next()
	var node, card time.Time
	usbtest.Await(t, events, "node and card", func(e usbtest.News) bool {
		switch {
		case e.Subsystem == "hidraw" && e.Action == "add":
			node = e.At
		case e.Subsystem == "sound" && e.Properties["SOUND_INITIALIZED"] == "1" && e.Action == "change":
			card = e.At
		}
		return !node.IsZero() && !card.IsZero()
	})
	later := node
	if card.After(node) {
		later = card
	}
	took := r.at.Sub(later)
	t.Logf("plug → node %v, → card %v; the later → ready %v", node.Sub(from), card.Sub(from), took)
	if took > 300*time.Millisecond { // by a clock that does not depend on the computer
		t.Errorf("ready %v after the later of node and card", took)
	}

	info := r.device.Info()
	cards, others := udev.System.SoundCards(info.Sysfs), udev.System.SoundCards(other.Info.Sysfs)
	if len(cards) != 1 || len(others) != 1 || slices.Equal(cards, others) {
		t.Errorf("cards of the handset %v, of the headset %v, in\n%s", cards, others, command(t, "cat", "/proc/asound/cards"))
	}
	if n := len(udev.System.SoundCards("/sys/class/sound/card0")); n != 0 {
		t.Errorf("the card of no USB device has %d", n)
	}

	// What udev itself has made of our rules.
	st, err := os.Stat(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	const plugdev = 46 // Debian's, see base-passwd
	if sys := st.Sys().(*syscall.Stat_t); st.Mode().Perm() != 0o660 || sys.Gid != plugdev {
		t.Errorf("%s: %v of group %d", info.Path, st.Mode(), sys.Gid)
	}
	for n, want := range map[int]string{cards[0]: "1", others[0]: ""} {
		rec, _ := udev.RunDatabase.Record("+sound:card" + string(rune('0'+n)))
		if rec.Properties["PULSE_IGNORE"] != want || rec.Properties["ACP_IGNORE"] != want {
			t.Errorf("card %d: %v, want it hidden: %q", n, rec.Properties, want)
		}
	}
}
