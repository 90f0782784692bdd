package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gordonklaus/portaudio"

	"offhook/media/sound/engine"
)

// portAudio is the backend of real sound devices. Its methods are called by one
// goroutine.
type portAudio struct {
	ready   bool
	cards   string   // ALSA's configuration when the library was initialised; "": the system's
	conf    *os.File // where that is read
	devices []*portaudio.DeviceInfo

	reserved reservations // the cards of open streams; made with the first
}

// latency is what the device's buffers are asked to hold. Two periods bridge
// one late wake-up of the callback's thread; the device's own wish counts where it is longer.
const latency = 20 * time.Millisecond

// Devices lists what there is. A card that a sound server has open is not seen; where names mean such a one, it is
// reserved for the look.
func (b *portAudio) Devices(names []string, refresh bool) ([]engine.Device, error) {
	list, err := b.look(names, refresh)
	numbers, all := engine.Cards(names)
	if err != nil || !all {
		return list, err
	}
	for _, card := range numbers {
		if seen(list, card, "p", func(d engine.Device) int { return d.Outputs }) && seen(list, card, "c", func(d engine.Device) int { return d.Inputs }) {
			continue
		}
		if b.reserve(card, "hw:"+card) == nil {
			defer b.reserved.give(card)
			refresh = true
		}
	}
	if len(b.reserved) == 0 {
		return list, nil
	}
	return b.look(names, refresh)
}

// seen tells whether a direction of a card, which ALSA knows by the letter p or c, is in the list, if the card has it.
func seen(list []engine.Device, card, letter string, channels func(engine.Device) int) bool {
	has, err := filepath.Glob("/proc/asound/card" + card + "/pcm*" + letter)
	return err != nil || len(has) == 0 ||
		slices.ContainsFunc(list, func(d engine.Device) bool { return cardOf(d) == card && channels(d) > 0 })
}

func (b *portAudio) reserve(card, device string) error {
	if b.reserved == nil {
		b.reserved = reservations{}
	}
	return b.reserved.take(card, device)
}

// cardOf is the number of a device's ALSA card, "" of others.
func cardOf(d engine.Device) string {
	if numbers, ok := engine.Cards([]string{d.HW}); ok && len(numbers) == 1 {
		return numbers[0]
	}
	return ""
}

func (b *portAudio) look(names []string, refresh bool) ([]engine.Device, error) {
	var cards string
	if numbers, all := engine.Cards(names); all {
		cards = cardsConfig(numbers)
	}
	if b.ready && (refresh || cards != b.cards) {
		// PortAudio looks for devices only while it is initialised.
		b.ready = false
		if err := portaudio.Terminate(); err != nil {
			return nil, fmt.Errorf("sound library: %w", err)
		}
	}
	if !b.ready {
		conf, err := configure(cards)
		if err != nil {
			return nil, err
		}
		if b.conf != nil {
			b.conf.Close()
		}
		b.conf, b.cards = conf, cards
		if err := portaudio.Initialize(); err != nil {
			return nil, fmt.Errorf("sound library cannot be initialised: %w (is a card plugged in, or a sound server running?)", err)
		}
		b.ready = true
		b.devices = nil
	}
	if b.devices == nil {
		found, err := portaudio.Devices()
		if err != nil {
			return nil, fmt.Errorf("list of sound devices: %w", err)
		}
		b.devices = found
	}
	list := make([]engine.Device, 0, len(b.devices))
	for i, d := range b.devices {
		e := engine.Device{
			Index: i, Name: d.Name, HW: engine.HWName(d.Name),
			Inputs: d.MaxInputChannels, Outputs: d.MaxOutputChannels, Rate: d.DefaultSampleRate,
		}
		if d.HostApi != nil {
			e.API = d.HostApi.Name
			e.Default = d == d.HostApi.DefaultOutputDevice || d == d.HostApi.DefaultInputDevice
		}
		list = append(list, e)
	}
	return list, nil
}

func (b *portAudio) device(d engine.Device) (*portaudio.DeviceInfo, error) {
	if d.Index < 0 || d.Index >= len(b.devices) {
		return nil, &engine.Failure{Code: engine.NoDevice, Text: fmt.Sprintf("sound device %q is gone", d.Name)}
	}
	return b.devices[d.Index], nil
}

// channelsTo is how many are played: mono sound on a stereo device would be heard on one ear only.
func channelsTo(info *portaudio.DeviceInfo) int { return min(2, info.MaxOutputChannels) }

func outputLatency(info *portaudio.DeviceInfo) time.Duration {
	return max(latency, info.DefaultLowOutputLatency)
}
func inputLatency(info *portaudio.DeviceInfo) time.Duration {
	return max(latency, info.DefaultLowInputLatency)
}

func (b *portAudio) Play(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	return b.begin(d, rate, "played to", func(info *portaudio.DeviceInfo) (engine.Stream, error) {
		channels := channelsTo(info)
		p := portaudio.StreamParameters{SampleRate: float64(rate), FramesPerBuffer: period}
		p.Output = portaudio.StreamDeviceParameters{Device: info, Channels: channels, Latency: outputLatency(info)}
		return started(p, func(out []int16, _ portaudio.StreamCallbackTimeInfo, flags portaudio.StreamCallbackFlags) {
			cycle(out, channels, flags&portaudio.OutputUnderflow != 0)
		})
	})
}

func (b *portAudio) Capture(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	return b.begin(d, rate, "recorded from", func(info *portaudio.DeviceInfo) (engine.Stream, error) {
		p := portaudio.StreamParameters{SampleRate: float64(rate), FramesPerBuffer: period}
		p.Input = portaudio.StreamDeviceParameters{Device: info, Channels: 1, Latency: inputLatency(info)}
		return started(p, func(in []int16, _ portaudio.StreamCallbackTimeInfo, flags portaudio.StreamCallbackFlags) {
			cycle(in, 1, flags&portaudio.InputOverflow != 0)
		})
	})
}

// started opens and starts a stream with a callback in Go.
func started(p portaudio.StreamParameters, callback any) (engine.Stream, error) {
	s, err := portaudio.OpenStream(p, callback)
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return stream{s}, nil
}

// begin has a stream opened and started, of a card that is reserved as long, or explains why it can't.
func (b *portAudio) begin(d engine.Device, rate int, verb string, open func(*portaudio.DeviceInfo) (engine.Stream, error)) (engine.Stream, error) {
	info, err := b.device(d)
	if err != nil {
		return nil, err
	}
	card := cardOf(d)
	if card != "" {
		if err := b.reserve(card, d.HW); err != nil {
			return nil, err
		}
	}
	s, err := open(info)
	if err == nil {
		return reserved{s, func() { b.reserved.give(card) }}, nil
	}
	b.reserved.give(card)
	what := fmt.Sprintf("%q cannot be %s at %d Hz", d.Name, verb, rate)
	code := classify(err)
	switch code {
	case engine.Busy:
		what += ": another program is using it (fuser -v /dev/snd/* names it)"
	case engine.NoDevice:
		what += ": it is not there any more"
	default:
		what += ": " + err.Error()
	}
	return nil, &engine.Failure{Code: code, Text: what}
}

func classify(err error) engine.Code {
	var host portaudio.UnanticipatedHostError
	if errors.As(err, &host) {
		switch syscall.Errno(-host.Code) {
		case syscall.EBUSY, syscall.EAGAIN:
			return engine.Busy
		case syscall.ENODEV, syscall.ENOENT, syscall.ENXIO:
			return engine.NoDevice
		}
		return engine.Failed
	}
	switch err {
	case portaudio.DeviceUnavailable:
		return engine.Busy
	case portaudio.InvalidDevice:
		return engine.NoDevice
	case portaudio.InvalidSampleRate, portaudio.InvalidChannelCount, portaudio.SampleFormatNotSupported:
		return engine.Format
	}
	return engine.Failed
}

// reserved is a stream of a card that is given back after it.
type reserved struct {
	engine.Stream
	give func()
}

func (r reserved) Close() error {
	defer r.give()
	return r.Stream.Close()
}

// stream is an open, running PortAudio stream with a callback in Go.
type stream struct{ s *portaudio.Stream }

func (s stream) Latency() time.Duration {
	info := s.s.Info()
	if info == nil {
		return 0
	}
	return info.OutputLatency + info.InputLatency
}

// Close may hang for ever when a sound server has died; the program then kills
// this process.
func (s stream) Close() error { return errors.Join(s.s.Abort(), s.s.Close()) }
