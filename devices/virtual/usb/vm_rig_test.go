//go:build usb

package usb_test

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

// These tests need a kernel with vhci_hcd, and root: `make test-usb` runs them
// in a virtual machine.

// patience is for what the machine under test does; it is slow, and shares its
// processor with the device.
const patience = 20 * time.Second

// news are udev's events with the time at which they came.
type news struct {
	udev.Event
	at time.Time
}

// listen hears udev from now on.
func listen(t *testing.T) <-chan news {
	t.Helper()
	if !udev.Running() {
		t.Fatal("no udev runs here; these tests are for the virtual machine of .ci/vm")
	}
	m, err := udev.Listen(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := make(chan news, 4096)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(c)
		for {
			e, err := m.Receive()
			if err != nil {
				return
			}
			c <- news{e, time.Now()}
		}
	}()
	t.Cleanup(func() { m.Close(); <-done })
	return c
}

// await gives the first event that is wanted.
func await(t *testing.T, c <-chan news, what string, wanted func(news) bool) news {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case e := <-c:
			if wanted(e) {
				return e
			}
		case <-timeout:
			t.Fatalf("udev did not tell of %s in %v", what, patience)
		}
	}
}

// plugged is a phone that the kernel has made a node of.
type plugged struct {
	phone *virtual.Phone
	usb   *usb.Attached
	info  hid.Info
	node  time.Duration // from the plug to udev's event of the node
	card  time.Duration // to that of the sound card being ready; 0 without
}

var serials int

// plug plugs a phone in and waits for its node, and its card when it has one.
func plug(t *testing.T, p virtual.Profile, cfg usb.Config) *plugged {
	t.Helper()
	serials++
	phone := virtual.New(p, virtual.WithSerial(fmt.Sprintf("vm-%d", serials)))
	return plugPhone(t, phone, cfg)
}

func plugPhone(t *testing.T, phone *virtual.Phone, cfg usb.Config) *plugged {
	t.Helper()
	events := listen(t)
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
	pl := &plugged{phone: phone, usb: a}
	pl.ready(t, events, from, !cfg.NoSound)
	return pl
}

// ready waits until the kernel has node and card of the phone.
func (pl *plugged) ready(t *testing.T, events <-chan news, from time.Time, sound bool) {
	t.Helper()
	var node, card time.Time
	var path string
	await(t, events, "node and card", func(e news) bool {
		switch {
		case e.Subsystem == "hidraw" && e.Action == "add":
			node, path = e.at, e.Devname
		case e.Subsystem == "sound" && e.Action == "change" && e.Properties["SOUND_INITIALIZED"] == "1":
			card = e.at
		}
		return !node.IsZero() && (!sound || !card.IsZero())
	})
	pl.node = node.Sub(from)
	if sound {
		pl.card = card.Sub(from)
	}
	infos, err := hid.Enumerate()
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		if info.Path == path {
			pl.info = info
			return
		}
	}
	t.Fatalf("udev told of %s, and hid.Enumerate has only %v", path, infos)
}

// open drives the phone through its node.
func (pl *plugged) open(t *testing.T) *devices.Device {
	t.Helper()
	node, err := hid.Open(pl.info)
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

// alsa is the name of the phone's card for programs.
func (pl *plugged) alsa(t *testing.T) string {
	t.Helper()
	cards := udev.System.SoundCards(pl.info.Sysfs)
	if len(cards) != 1 {
		t.Fatalf("sound cards of %s: %v, not one", pl.info.Sysfs, cards)
	}
	return fmt.Sprintf("hw:%d,0", cards[0])
}

// next gives the next event of the phone.
func next(t *testing.T, d *devices.Device) devices.Event {
	t.Helper()
	select {
	case e, ok := <-d.Events():
		if !ok {
			t.Fatalf("no more events: %v", d.Err())
		}
		return e
	case <-time.After(patience):
		t.Fatalf("no event in %v", patience)
	}
	panic("not reached")
}

// see waits until the phone looks as wanted.
func (pl *plugged) see(t *testing.T, what string, ok func(virtual.State) bool) virtual.State {
	t.Helper()
	timeout := time.After(patience)
	for {
		changed, s := pl.phone.Changed(), pl.phone.State()
		if ok(s) {
			return s
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the phone did not show %s in %v; it shows %+v", what, patience, s)
		}
	}
}

// openFiles are what this process has open, by what they are.
func openFiles(t *testing.T) map[string]int {
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

// TestMain plugs a phone in and out before the tests, so that the kernel's
// modules, udev's rules and all they read are in memory: reading takes the
// machine's clock ahead by minutes.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := warm(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func warm() error {
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
