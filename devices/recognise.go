package devices

import (
	"offhook/devices/profile"
	"offhook/hid"
)

// Recognition is what a device is, as far as that can be told without opening it.
type Recognition struct {
	Name     string
	Driver   string
	Kind     Kind
	Controls []string
	Lights   []string
}

// Recognise says how a device would be driven. descriptor is its report descriptor,
// nil where that is not known; table as in Options. The error wraps ErrNotTelephony
// or is a *report.ParseError.
func Recognise(info hid.Info, descriptor []byte, table *profile.Table) (Recognition, error) {
	drv, err := driverFor(unopened{info: info, raw: descriptor}, Options{Profiles: table})
	if err != nil {
		return Recognition{}, err
	}
	a := drv.about()
	id := Recognition{Name: info.Name, Driver: a.driver, Kind: a.kind, Controls: a.controls, Lights: a.lights}
	if id.Name == "" {
		id.Name = a.name
	}
	return id, nil
}

// unopened is a device of which no more is known than what the bus tells.
type unopened struct {
	hid.Device
	info hid.Info
	raw  []byte
}

func (u unopened) Info() hid.Info     { return u.info }
func (u unopened) Descriptor() []byte { return u.raw }
