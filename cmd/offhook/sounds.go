package main

import (
	"errors"
	"fmt"
	"log/slog"

	"offhook/devices"
	"offhook/media/sound"
	"offhook/phone"
	"offhook/phone/config"
	"offhook/udev"
)

// sounds opens the sound of each handset as [audio] says.
type sounds struct {
	audio    config.Audio
	handsets []config.Handset
	log      *slog.Logger
	used     bool // the file backend has one pair of files
}

// open opens the sound of a handset; of an emulated one, nil, which has no card of its own, the system's default.
// The configuration may name another for a handset.
func (s *sounds) open(d *devices.Device) phone.Sound {
	if s.audio.Backend == "file" {
		if s.used {
			return phone.Sound{Err: errors.New(`the "file" backend has sound for one handset only`)}
		}
		s.used = true
		port, err := sound.OpenFile(sound.FileConfig{Play: s.audio.Play, Record: s.audio.Record, Logger: s.log})
		return phone.Sound{Port: port, Name: "file", Err: err}
	}
	helper, err := sibling("offhook-sound")
	if err != nil {
		return phone.Sound{Err: err}
	}
	names := []string{"default"}
	if d != nil {
		if h := handsetOf(s.handsets, d.Info()); h != nil && h.Sound != "" {
			names = []string{h.Sound}
		} else if cards := udev.System.SoundCards(d.Info().Sysfs); len(cards) > 0 {
			record, _ := udev.RunDatabase.Record(fmt.Sprintf("+sound:card%d", cards[0]))
			names = soundDevices(d.Kind(), cards[0], record.Properties["PULSE_IGNORE"] == "1")
		}
	}
	open := func() (sound.Port, error) {
		var failed error
		for _, name := range names {
			port, err := sound.OpenDevice(sound.DeviceConfig{Helper: helper, Device: name, Logger: s.log})
			if err == nil {
				return port, nil
			}
			failed = errors.Join(failed, err)
			if !errors.Is(err, sound.ErrNoDevice) && !errors.Is(err, sound.ErrNoServer) {
				break
			}
		}
		return nil, failed
	}
	return phone.Sound{Open: open, Name: names[0]}
}

// soundDevices names the sound of a handset with an ALSA card, in the order in which it is tried. A headset is the
// desktop's, and reached through its sound server; a telephone's card is ours, and opened directly. What the server has
// nevertheless, since the rule that hides the card from it is not installed, is tried there as well.
func soundDevices(kind devices.Kind, card int, hidden bool) []string {
	direct, served := fmt.Sprintf("hw:%d,0", card), fmt.Sprintf("%s:hw:%d", sound.ServerDevice, card)
	switch {
	case hidden:
		return []string{direct}
	case kind == devices.Headset:
		return []string{served, direct}
	}
	return []string{direct, served}
}
