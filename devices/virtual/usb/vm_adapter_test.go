//go:build usb && cgo

package usb_test

import (
	"os"
	"os/exec"
	"testing"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/hid"
)

// adapterRule is what the manual has somebody write who made a telephone of a sound adapter.
const adapterRule = `SUBSYSTEM=="hidraw", ATTRS{idVendor}=="0d8c", ATTRS{idProduct}=="000c", TAG+="uaccess", GROUP="plugdev", MODE="0660"` + "\n"

func TestATelephoneOnASoundAdapterThroughTheKernel(t *testing.T) {
	const file = "/etc/udev/rules.d/71-telephone.rules"
	must(t, os.WriteFile(file, []byte(adapterRule), 0o644))
	reload := func() error { return exec.Command("udevadm", "control", "--reload").Run() }
	must(t, reload())
	t.Cleanup(func() { os.Remove(file); reload() })
	phone, d := openVendor(t, "adapter-gpio3", hid.BackendHidraw)
	pl := &usbtest.Plugged{Phone: phone}
	info, err := os.Stat(d.Info().Path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o660 {
		t.Errorf("%s has mode %o", d.Info().Path, got)
	}
	must(t, phone.Lift())
	if e := usbtest.Next(t, d); e.Kind != devices.OffHook {
		t.Errorf("lifted: %v", e.Kind)
	}
	must(t, phone.HangUp())
	if e := usbtest.Next(t, d); e.Kind != devices.OnHook {
		t.Errorf("put down: %v", e.Kind)
	}
	d.Show(devices.Indicators{Ring: true})
	pl.See(t, "the bell", func(s virtual.State) bool { return s.Ringing })
}
