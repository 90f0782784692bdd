package demo

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/watch"
	"offhook/hid"
	"offhook/media/sound"
	"offhook/phone"
	"offhook/udev"
)

// inKernel plugs a device into the kernel of this machine, as vhci_hcd lets root do: it becomes a hidraw node and an
// ALSA card, and is found, opened and heard as any other. helper is offhook-sound.
func inKernel(helper string, log *slog.Logger, found func(node, card string)) plug {
	return func(ctx context.Context, p *phone.Phone, v *virtual.Phone, play, record string) (*monitor, func() error, error) {
		who, err := newPerson(play, record)
		if err != nil {
			return nil, nil, err
		}
		cfg, err := watch.System(log)
		if err != nil {
			return nil, nil, fmt.Errorf("listening to the kernel: %w", err)
		}
		serial, all := v.Info().Serial, cfg.Enumerate
		cfg.Enumerate = func() ([]hid.Info, error) { // no other phone is touched
			infos, err := all()
			return slices.DeleteFunc(infos, func(i hid.Info) bool { return i.Serial != serial }), err
		}
		cfg.Open = func(infos []hid.Info, byPort bool) (*devices.Device, error) {
			return devices.OpenPhone(infos, devices.Options{Logger: log, ByPort: byPort})
		}
		type outcome struct {
			m   *monitor
			err error
		}
		there := make(chan outcome, 1)
		tell := func(o outcome) {
			select {
			case there <- o:
			default: // it has been told
			}
		}
		cfg.Skipped = func(s devices.Skipped) { tell(outcome{err: fmt.Errorf("%s: %w", s.Info, s.Reason)}) }
		cfg.Attach = func(d *devices.Device) {
			cards := udev.System.SoundCards(d.Info().Sysfs)
			if len(cards) == 0 {
				d.Close()
				tell(outcome{err: errNoCard})
				return
			}
			card := cardName(cards[0])
			port, err := sound.OpenDevice(sound.DeviceConfig{Helper: helper, Device: card, Logger: log})
			if err != nil {
				d.Close()
				tell(outcome{err: err})
				return
			}
			m := watchPort(port)
			p.Attach(d, d.Info().Path, phone.Sound{Port: m, Name: card})
			found(d.Info().Path, card)
			tell(outcome{m: m})
		}
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if err := watch.Run(ctx, cfg); ctx.Err() == nil {
				tell(outcome{err: err})
			}
		}()
		wire, err := usb.Plug(v, usb.Config{Sound: who, Rates: []int{sound.Rate}, Logger: log})
		if err != nil {
			cancel()
			<-ended
			return nil, nil, err
		}
		pull := func() error {
			cancel()
			<-ended
			if err := wire.Close(); err != nil {
				return err
			}
			return who.keep()
		}
		select {
		case o := <-there:
			return o.m, pull, o.err
		case <-ctx.Done():
			return nil, pull, fmt.Errorf("waited in vain for the kernel to know the handset: %w", ctx.Err())
		}
	}
}

// ByKernel tells whether an emulated phone can be plugged into the kernel of this machine.
func ByKernel() bool { return os.Geteuid() == 0 && usb.Bus() == nil }
