package devices

import (
	"errors"
	"io"
	"log/slog"
	"time"

	"offhook/hid"
)

// ErrNotTelephony is given by Open for a device without a telephony control.
var ErrNotTelephony = errors.New("not a telephone: no telephony control in the report descriptor")

// Options of Open; the zero value is usable.
type Options struct {
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

type Device struct{}

func Open(dev hid.Device, opt Options) (*Device, error) { return nil, ErrNotTelephony }
func (d *Device) ID() string                            { return "" }
func (d *Device) Name() string                          { return "" }
func (d *Device) Kind() Kind                            { return 0 }
func (d *Device) Driver() string                        { return "" }
func (d *Device) Controls() []string                    { return nil }
func (d *Device) Lights() []string                      { return nil }
func (d *Device) Info() hid.Info                        { return hid.Info{} }
func (d *Device) Lifted() bool                          { return false }
func (d *Device) Events() <-chan Event                  { return nil }
func (d *Device) Show(Indicators)                       {}
func (d *Device) Err() error                            { return nil }
func (d *Device) Close() error                          { return nil }

// Description is what Describe finds.
type Description struct{}

func Describe(raw []byte) (*Description, error)    { return nil, nil }
func (d *Description) WriteText(w io.Writer) error { return nil }

// Skipped is a HID interface that OpenAll did not open, and why.
type Skipped struct {
	Info   hid.Info
	Reason error
	Remedy string
}

func OpenAll(opt Options) (opened []*Device, skipped []Skipped, err error) { return nil, nil, nil }
