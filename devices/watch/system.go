package watch

import (
	"errors"
	"log/slog"

	"offhook/devices"
	"offhook/hid"
	"offhook/udev"
)

// System is the Config for the telephones of this machine; Attach and Skipped
// are left to be set. Where the system tells nothing of devices, as on other
// systems than Linux, what is there at the start is found all the same, and the
// error says so.
func System(log *slog.Logger) (Config, error) {
	cfg := Config{
		Enumerate: hid.Enumerate,
		Open: func(info hid.Info) (*devices.Device, error) {
			return devices.OpenInfo(info, devices.Options{Logger: log})
		},
		Sound:  sound,
		Logger: log,
	}
	events, err := udev.Listen(log)
	if err == nil {
		cfg.Events = events
	}
	nodes, nerr := udev.WatchNodes()
	if nerr == nil {
		cfg.Nodes = nodes
	}
	return cfg, errors.Join(err, nerr)
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
