//go:build usb

package vmtest

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
)

// Keys as the kernel names them (linux/input-event-codes.h).
const (
	keyVolumeUp   = 115
	keyVolumeDown = 114
	keyMicMute    = 248
)

// pressed reads what the desktop would hear of a device: the codes of keys that go
// down, from all of its event nodes.
func pressed(t *testing.T, sysfs string) <-chan uint16 {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(sysfs, "input", "input*", "event*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("event nodes of %s: %v, %v", sysfs, dirs, err)
	}
	keys := make(chan uint16, 64)
	for _, dir := range dirs {
		f, err := os.Open(filepath.Join("/dev/input", filepath.Base(dir)))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			buf := make([]byte, 24) // struct input_event: two times of 8 bytes, type, code, value
			for {
				if _, err := f.Read(buf); err != nil {
					if !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "no such device") {
						t.Errorf("an event node: %v", err)
					}
					return
				}
				const key = 1
				if binary.NativeEndian.Uint16(buf[16:]) == key && binary.NativeEndian.Uint32(buf[20:]) == 1 {
					keys <- binary.NativeEndian.Uint16(buf[18:])
				}
			}
		}()
		t.Cleanup(func() { f.Close(); <-done })
	}
	return keys
}

// press presses mute and then both volume keys; the last ends the waiting for what
// may or may not come before it.
func press(t *testing.T, phone *virtual.Phone, keys <-chan uint16, d *devices.Device) (desktop []uint16, ours []devices.EventKind) {
	t.Helper()
	for _, do := range []func() error{
		phone.PressMute, func() error { return phone.PressVolume(true) }, func() error { return phone.PressVolume(false) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	timeout := time.After(usbtest.Patience)
	for !slices.Contains(desktop, keyVolumeDown) || !slices.Contains(ours, devices.VolumeDown) {
		select {
		case k := <-keys:
			desktop = append(desktop, k)
		case e := <-d.Events():
			ours = append(ours, e.Kind)
		case <-timeout:
			t.Fatalf("not all keys came: the desktop has %v, we have %v", desktop, ours)
		}
	}
	return desktop, ours
}

func TestTheKeysOfAHeadsetActOnce(t *testing.T) {
	pl := usbtest.Plug(t, usbtest.Profile(t, "headset"), usb.Config{})
	d := pl.Open(t)
	pl.See(t, "idle lights", func(s virtual.State) bool { return s.Reports > 0 })
	keys := pressed(t, pl.Info.Sysfs)
	all := []devices.EventKind{devices.MutePress, devices.VolumeUp, devices.VolumeDown}

	// Without our rules the kernel tells the desktop of the mute key, too.
	desktop, ours := press(t, pl.Phone, keys, d)
	if !slices.Equal(desktop, []uint16{keyMicMute, keyVolumeUp, keyVolumeDown}) || !slices.Equal(ours, all) {
		t.Errorf("without rules: the desktop has %v, we have %v", desktop, ours)
	}
	rules(t)
	desktop, ours = press(t, pl.Phone, keys, d)
	if !slices.Equal(desktop, []uint16{keyVolumeUp, keyVolumeDown}) || !slices.Equal(ours, all) {
		t.Errorf("with rules: the desktop has %v, we have %v", desktop, ours)
	}
}
