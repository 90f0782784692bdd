//go:build usb

package vmtest

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
	"offhook/udev"
)

// Where no udev runs, the kernel's own events have to do: there are no rules then, and a card is ready when it is there.
func TestWithoutUdevTheKernelsEventsDo(t *testing.T) {
	command(t, "systemctl", "stop", "systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket")
	t.Cleanup(func() {
		command(t, "systemctl", "start", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service")
	})
	if udev.Running() {
		t.Fatal("udev was stopped, and is said to run")
	}
	o := program(t)
	o.await("the program", func(control.Status) bool { return true }) // what is plugged in from now on it has to be told of

	h := newHandpiece()
	phone := virtual.New(usbtest.Profile(t, "handset"), virtual.WithSerial("without-udev"))
	from := time.Now()
	a, err := usb.Plug(phone, usb.Config{Sound: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	pl := &usbtest.Plugged{Phone: phone, USB: a}
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	t.Logf("plug → in use %v", time.Since(from))
	talk(t, pl)
	h.forget()
	h.hear(t, voice, true)

	phone.Unplug()
	o.await("the unplug", func(s control.Status) bool { return len(s.Calls) == 1 && count(s, control.HandsetUnplugged) == 1 })
	from = time.Now()
	phone.Replug()
	o.await("the handset", func(s control.Status) bool { return len(s.Calls) == 1 && count(s, control.HandsetUnplugged) == 0 })
	h.forget()
	h.hear(t, voice, true)
	t.Logf("plugged in again → voice heard %v", time.Since(from))
	if err := phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })
}
