package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/phone"
)

// A plug brings an emulated device to a phone that runs. Its microphone hears the file play again and again, and what
// its earpiece plays is kept in the file record. It returns the sound port that the phone uses, and what pulls the
// device out again once the phone has ended.
type plug func(ctx context.Context, p *phone.Phone, v *virtual.Phone, play, record string) (m *monitor, pull func() error, err error)

// inProcess plugs a device in within the program: its HID bytes go through the parser and the drivers, its sound is files.
func inProcess(log *slog.Logger) plug {
	return func(_ context.Context, p *phone.Phone, v *virtual.Phone, play, record string) (*monitor, func() error, error) {
		port, err := sound.OpenFile(sound.FileConfig{Play: play, Record: record, Loop: true, Logger: log})
		if err != nil {
			return nil, nil, err
		}
		m := watchPort(port)
		return m, func() error { return nil }, p.AttachVirtual(v, phone.Sound{Port: m, Name: "file"})
	}
}

// errNoCard means that the kernel has made no sound card of the handset.
var errNoCard = errors.New("the kernel has made no sound card of it; snd-usb-audio is missing")

// cardName is how the sound process knows an ALSA card.
func cardName(card int) string { return fmt.Sprintf("hw:%d,0", card) }
