// Package usbtest plugs emulated phones into the kernel of the machine, for tests:
// it needs vhci_hcd, udev and root, as in the virtual machine of .ci/vm.
package usbtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/hid"
	"offhook/udev"
)

// Patience is for what the machine under test does; it is slow, and shares its
// processor with the device.
const Patience = 20 * time.Second

// News are udev's events with the time at which they came.
type News struct {
	udev.Event
	At time.Time
}

// Listen hears udev from now on.
func Listen(t *testing.T) <-chan News {
	t.Helper()
	if !udev.Running() {
		t.Fatal("no udev runs here; these tests are for the virtual machine of .ci/vm")
	}
	m, err := udev.Listen(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := make(chan News, 4096)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(c)
		for {
			e, err := m.Receive()
			if err != nil {
				return
			}
			c <- News{e, time.Now()}
		}
	}()
	t.Cleanup(func() { m.Close(); <-done })
	return c
}

// Await gives the first event that is wanted.
func Await(t *testing.T, c <-chan News, what string, wanted func(News) bool) News {
	t.Helper()
	timeout := time.After(Patience)
	for {
		select {
		case e := <-c:
			if wanted(e) {
				return e
			}
		case <-timeout:
			t.Fatalf("udev did not tell of %s in %v", what, Patience)
		}
	}
}

// Plugged is a phone that the kernel has made a node of.
type Plugged struct {
	Phone *virtual.Phone
	USB   *usb.Attached
	Info  hid.Info
	Node  time.Duration // from the plug to udev's event of the node
	Card  time.Duration // to that of the sound card being ready; 0 without
}

var serials int

// Plug plugs a phone in and waits for its node, and its card when it has one.
func Plug(t *testing.T, p virtual.Profile, cfg usb.Config) *Plugged {
	t.Helper()
	serials++
	phone := virtual.New(p, virtual.WithSerial(fmt.Sprintf("vm-%d", serials)))
	return PlugPhone(t, phone, cfg)
}

// PlugPhone is Plug for a phone that there is already.
func PlugPhone(t *testing.T, phone *virtual.Phone, cfg usb.Config) *Plugged {
	t.Helper()
	events := Listen(t)
	from := time.Now()
	a, err := usb.Plug(phone, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	pl := &Plugged{Phone: phone, USB: a}
	pl.Ready(t, events, from, !cfg.NoSound)
	return pl
}

// Ready waits until the kernel has node and card of the phone.
func (pl *Plugged) Ready(t *testing.T, events <-chan News, from time.Time, sound bool) {
	t.Helper()
	var node, card time.Time
	var path string
	Await(t, events, "node and card", func(e News) bool {
		switch {
		case e.Subsystem == "hidraw" && e.Action == "add":
			node, path = e.At, e.Devname
		case e.Subsystem == "sound" && e.Action == "change" && e.Properties["SOUND_INITIALIZED"] == "1":
			card = e.At
		}
		return !node.IsZero() && (!sound || !card.IsZero())
	})
	pl.Node = node.Sub(from)
	if sound {
		pl.Card = card.Sub(from)
	}
	infos, err := hid.Enumerate()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		if info.Path == path {
			pl.Info = info
			return
		}
	}
	t.Fatalf("udev told of %s, and hid.Enumerate has only %v", path, infos)
}

// Open drives the phone through its node.
func (pl *Plugged) Open(t *testing.T) *devices.Device {
	t.Helper()
	node, err := hid.Open(pl.Info)
	if err != nil {
		t.Fatal(err)
	}
	d, err := devices.Open(node, devices.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// ALSA is the name of the phone's card for programs.
func (pl *Plugged) ALSA(t *testing.T) string {
	t.Helper()
	cards := udev.System.SoundCards(pl.Info.Sysfs)
	if len(cards) != 1 {
		t.Fatalf("sound cards of %s: %v, not one", pl.Info.Sysfs, cards)
	}
	return fmt.Sprintf("hw:%d,0", cards[0])
}

// Next gives the next event of the phone.
func Next(t *testing.T, d *devices.Device) devices.Event {
	t.Helper()
	select {
	case e, ok := <-d.Events():
		if !ok {
			t.Fatalf("no more events: %v", d.Err())
		}
		return e
	case <-time.After(Patience):
		t.Fatalf("no event in %v", Patience)
	}
	panic("not reached")
}

// See waits until the phone looks as wanted.
func (pl *Plugged) See(t *testing.T, what string, ok func(virtual.State) bool) virtual.State {
	t.Helper()
	timeout := time.After(Patience)
	for {
		changed, s := pl.Phone.Changed(), pl.Phone.State()
		if ok(s) {
			return s
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the phone did not show %s in %v; it shows %+v", what, Patience, s)
		}
	}
}

// OpenFiles are what this process has open, by what they are.
func OpenFiles(t *testing.T) map[string]int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]int{}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil {
			kind, _, _ := strings.Cut(to, ":")
			files[kind]++
		}
	}
	return files
}

// Warm plugs a phone in and out, for before the tests: so that the kernel's
// modules, udev's rules and all they read are in memory. Reading takes the
// machine's clock ahead by minutes. While it is plugged in, plugged is called.
func Warm(plugged ...func() error) error {
	p, err := virtual.ByName("handset")
	if err != nil {
		return err
	}
	monitor, err := udev.Listen(nil)
	if err != nil {
		return err
	}
	defer monitor.Close()
	a, err := usb.Plug(virtual.New(p), usb.Config{})
	if err != nil {
		return err
	}
	node, card := false, false
	for !node || !card {
		e, err := monitor.Receive()
		if err != nil {
			return err
		}
		node = node || e.Subsystem == "hidraw" && e.Action == "add"
		card = card || e.Properties["SOUND_INITIALIZED"] == "1"
	}
	for _, f := range plugged {
		if err := f(); err != nil {
			a.Close()
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	for node {
		e, err := monitor.Receive()
		if err != nil {
			return err
		}
		node = e.Subsystem != "usb" || e.Action != "remove" || e.Properties["DEVTYPE"] != "usb_device"
	}
	return nil
}

// Profile is the emulated phone of a name.
func Profile(t *testing.T, name string) virtual.Profile {
	t.Helper()
	p, err := virtual.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Main is the body of a TestMain: Warm, once for all runs of these tests on a machine, then the tests.
func Main(m *testing.M, plugged ...func() error) {
	flag.Parse()
	warm := filepath.Join(os.TempDir(), filepath.Base(os.Args[0])+".warm")
	if _, err := os.Stat(warm); err != nil {
		err := Warm(plugged...)
		if err == nil {
			err = os.WriteFile(warm, nil, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
