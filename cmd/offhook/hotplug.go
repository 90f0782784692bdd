package main

import (
	"context"
	"errors"
	"log/slog"

	"offhook/devices"
	"offhook/devices/profile"
	"offhook/devices/watch"
	"offhook/hid"
	"offhook/phone"
)

// hotplug hands the phone what is plugged in, now and later, until ctx ends.
// The device profiles in a folder are read anew for each device, so that one that was written meanwhile is good as soon
// as its device is plugged in again.
func hotplug(ctx context.Context, p *phone.Phone, sounds *sounds, profiles string, models []devices.Model, log *slog.Logger) {
	cfg, err := watch.System(log)
	if err != nil {
		log.Warn("phones that are plugged in later may go unnoticed", "error", err)
	}
	cfg.Open = func(infos []hid.Info, byPort bool) (*devices.Device, error) {
		return devices.OpenPhone(infos, devices.Options{
			Logger: log, Profiles: loadProfiles(profiles, log), Models: models, ByPort: byPort,
		})
	}
	cfg.Attach = func(d *devices.Device) {
		p.Attach(d, d.Info().Path, sounds.open(d))
	}
	cfg.Skipped = func(s devices.Skipped) {
		if errors.Is(s.Reason, devices.ErrUndecided) {
			log.Info("what may be a phone is left alone", "device", s.Info.String(), "reason", s.Reason, "remedy", s.Remedy)
			return
		}
		log.Error("a phone can't be used", "phone", s.Info.String(), "error", s.Reason, "remedy", s.Remedy)
	}
	if err := watch.Run(ctx, cfg); ctx.Err() == nil {
		log.Error("phones that are plugged in from now on go unnoticed, until offhook is started again", "error", err)
	}
}

// loadProfiles reads the user's device profiles; those that are wrong are told and left out.
func loadProfiles(folder string, log *slog.Logger) *profile.Table {
	table, err := profile.Load(profile.SystemFolder, folder)
	if err != nil {
		log.Warn(err.Error())
	}
	return table
}
