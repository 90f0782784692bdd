package watch

import (
	"errors"
	"log/slog"

	"offhook/devices/seat"
	"offhook/hid"
	"offhook/udev"
)

// System is the Config for the telephones of this machine; Open, Attach and Skipped
// are left to be set. Where the system tells nothing of devices, as on other
// systems than Linux, what is there at the start is found all the same, and the
// error says so.
func System(log *slog.Logger) (Config, error) {
	cfg := Config{
		Enumerate: hid.Enumerate,
		USBDevice: usbDevice,
		Sound:     sound,
		Logger:    log,
	}
	events, err := udev.Listen(log)
	if err == nil {
		cfg.Events = events
	}
	nodes, nerr := udev.WatchNodes()
	if nerr == nil {
		cfg.Nodes = nodes
	}
	if s, serr := seat.System(); serr == nil {
		cfg.Seat = s
	} else {
		log.Debug("users at the seat are not told apart", "error", serr) // no logind: there is no need to
	}
	return cfg, errors.Join(err, nerr)
}

// usbDevice is about hidraw alone: libusb has whole devices.
func usbDevice(info hid.Info) (string, bool) {
	if info.Backend != hid.BackendHidraw || info.Bus != "usb" {
		return "", true
	}
	device, ok := udev.System.USBDevice(info.Sysfs)
	return device, !ok || udev.HIDComplete(device)
}

// sound asks sysfs, and udev where it runs.
func sound(info hid.Info) udev.SoundState {
	if info.Sysfs == "" {
		return udev.SoundNone
	}
	db := udev.RunDatabase
	if !udev.Running() {
		db = ""
	}
	return udev.System.Sound(info.Sysfs, db)
}
