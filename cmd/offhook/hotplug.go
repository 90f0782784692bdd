package main

import (
	"context"
	"log/slog"

	"offhook/devices"
	"offhook/devices/watch"
	"offhook/phone"
)

// hotplug hands the phone what is plugged in, now and later, until ctx ends.
func hotplug(ctx context.Context, p *phone.Phone, sounds *sounds, log *slog.Logger) {
	cfg, err := watch.System(log)
	if err != nil {
		log.Warn("phones that are plugged in later may go unnoticed", "error", err)
	}
	cfg.Attach = func(d *devices.Device) {
		p.Attach(d, d.Info().Path, sounds.open(d.Info().Sysfs))
	}
	cfg.Skipped = func(s devices.Skipped) {
		log.Error("a phone can't be used", "phone", s.Info.String(), "error", s.Reason, "remedy", s.Remedy)
	}
	if err := watch.Run(ctx, cfg); ctx.Err() == nil {
		log.Error("phones that are plugged in from now on go unnoticed, until offhook is started again", "error", err)
	}
}
