package usb

import (
	"fmt"
	"log/slog"
	"time"

	"offhook/devices/virtual"
)

// Config is what the USB device is, beside what the profile of the phone says.
// The zero value is a handset with sound as most are.
type Config struct {
	// VendorID and ProductID; both 0: as virtual.Phone.Info says.
	VendorID, ProductID uint16
	// Release is the device's version in binary-coded decimal; 0: 1.00.
	Release uint16
	// Manufacturer, Product and Serial; empty: as virtual.Phone.Info says.
	// NoSerial leaves the serial number out, as most phones do.
	Manufacturer, Product, Serial string
	NoSerial                      bool

	// NoSound leaves the audio interfaces out.
	NoSound bool
	// Rates in Hz that earpiece and microphone can do, at most 8; nil: 8000,
	// 16000 and 48000.
	Rates []int
	// Channels of both, 1 or 2; 0: 1.
	Channels int
	// Sound is the earpiece and the microphone; nil: nobody listens or speaks.
	Sound Sound
	// Mixer is how volumes and mutes are set when power comes; the zero value
	// is 0 dB and not muted.
	Mixer Mixer
	// Drop loses sound when the host has no transfer queued in time, as
	// hardware does. Else the device's time waits for the host.
	Drop bool

	// Second is the firmware behind a second HID interface, as some phones have for their keys; nil: there is one. Its
	// lamps and keys are those of the one phone, whose cable alone is followed.
	Second *virtual.Phone

	// InterruptOut gives the first HID interface an endpoint for output reports;
	// without, they come by SET_REPORT.
	InterruptOut bool
	// Interval is how often the host asks for input reports, in ms, 1-255; 0: 8.
	Interval int

	Logger *slog.Logger // nil: nothing is logged
}

// Sound is the far side of earpiece and microphone. The methods are called by
// the bus, in the order of time, and must not block. Samples are 16 bit, those
// of channels interleaved.
type Sound interface {
	// Play is called with what the earpiece plays from a time on, volume and
	// mute applied, a millisecond at a time while the host streams. The slice
	// is valid during the call.
	Play(at time.Time, rate int, samples []int16)
	// Capture fills samples, which are 0, with what the microphone hears from a
	// time on.
	Capture(at time.Time, rate int, samples []int16)
}

// model is a Config with nothing left open, and the phone behind it.
type model struct {
	Config
	phone     *virtual.Phone
	functions []*function // the phone's, and that of Second
	log       *slog.Logger
}

func (c Config) model(phone *virtual.Phone) (*model, error) {
	info := phone.Info()
	if c.VendorID == 0 && c.ProductID == 0 {
		c.VendorID, c.ProductID = info.VendorID, info.ProductID
	}
	if c.Release == 0 {
		c.Release = 0x0100
	}
	c.Manufacturer = or(c.Manufacturer, info.Manufacturer)
	c.Product = or(c.Product, info.Name)
	c.Serial = or(c.Serial, info.Serial)
	if c.NoSerial {
		c.Serial = ""
	}
	if c.Rates == nil {
		c.Rates = []int{8000, 16000, 48000}
	}
	if c.Channels == 0 {
		c.Channels = 1
	}
	if c.Interval == 0 {
		c.Interval = 8
	}
	if c.Sound == nil {
		c.Sound = silence{}
	}
	if len(c.Rates) == 0 || len(c.Rates) > 8 {
		return nil, fmt.Errorf("an emulated sound device has 1 to 8 rates, not %d", len(c.Rates))
	}
	for _, r := range c.Rates {
		if r < 4000 || r > 96000 {
			return nil, fmt.Errorf("an emulated sound device does 4000 to 96000 Hz, not %d", r)
		}
	}
	if c.Channels < 1 || c.Channels > 2 || c.Interval < 1 || c.Interval > 255 {
		return nil, fmt.Errorf("an emulated phone has 1 or 2 channels and an interval of 1 to 255 ms, not %d and %d", c.Channels, c.Interval)
	}
	for _, s := range []string{c.Manufacturer, c.Product, c.Serial} {
		if len(s) > 126 {
			return nil, fmt.Errorf("%q is too long for a USB string", s)
		}
	}
	m := &model{Config: c, phone: phone, log: c.Logger}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	number := uint8(interfaceHID)
	if c.NoSound {
		number = 0
	}
	for i, p := range []*virtual.Phone{phone, c.Second} {
		if p == nil {
			continue
		}
		f, err := newFunction(p, number+uint8(i), []uint8{endpointInput, endpointSecond}[i])
		if err != nil {
			return nil, err
		}
		m.functions = append(m.functions, f)
	}
	return m, nil
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// silence is the Sound of a phone that nobody holds.
type silence struct{}

func (silence) Play(time.Time, int, []int16)    {}
func (silence) Capture(time.Time, int, []int16) {}
