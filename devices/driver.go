package devices

import (
	"time"

	"offhook/devices/profile"
	"offhook/hid"
	"offhook/hid/report"
)

// driver is the protocol of one family of phones: input reports to events, the
// wanted state to what is to be written. It does no I/O and has no goroutine, clock
// or lock of its own; [Device] has them, and calls it with Device.mu held. Only
// render is called without, by the writer alone: it may touch nothing that the
// other methods do.
type driver interface {
	about() about

	// longest is the length in bytes of the longest input report as read, a
	// report ID included.
	longest() int
	// questions are what to ask at opening, in order; at most a few.
	questions() []question
	// answer takes what the device answered, within the time for a baseline.
	answer(q question, raw []byte, now time.Time) error
	// opened ends the time for a baseline: whether the handset is off its
	// cradle, or why the device is not to be used after all.
	opened() (lifted bool, err error)

	// take takes an input report and gives what a person did; the errors are of
	// reports that make no sense, which are dropped. While opening, a report may
	// be the baseline.
	take(raw []byte, now time.Time, opening bool) ([]Event, error)

	// show is told what the program wants shown. shown tells whether showing i,
	// which is wanted already, would change nothing.
	show(i Indicators)
	shown(i Indicators) bool
	// astray tells, once, that the device may have gone another way than
	// wanted, so that the state has to be written again.
	astray() bool

	// render gives what has to be written so that i is shown, whatever was
	// shown before.
	render(i Indicators) []message
	// writing is called before each message, wrote after it.
	writing(m message, i Indicators, now time.Time)
	wrote(now time.Time)
}

// about is what a driver knows of its device from the start.
type about struct {
	driver   string
	name     string // for a device that does not tell its own
	kind     Kind
	controls []string
	lights   []string
	// streams: it sends its state all the time, so the first report is worth
	// waiting for.
	streams bool
}

// question is a report to ask for.
type question struct {
	feature bool // else an input report
	id      uint8
	size    int // in bytes, a report ID included
}

// message is one report to be written, its first byte the report ID, 0 where the
// device does not number its reports.
type message struct {
	feature bool // else an output report
	report  []byte
	// pause is how long the device needs to be left alone before and after.
	pause time.Duration
}

// family is a phone that is known by its numbers, since its descriptor does not
// say what it can do.
type family struct {
	vendor, product uint16
	name            string
	// descriptorFirst: the numbers are those of a chip, and a device with them
	// whose descriptor declares telephony controls is driven by that.
	descriptorFirst bool
	driver          func(name string) driver
}

// families are the phones with protocols of their own.
var families = []family{
	{vendor: 0x03F0, product: 0x1C07, name: "HP Internet Handset", driver: newHP},
	{vendor: 0x04B4, product: 0x0307, name: "USB phone with graphic display", driver: newCypress},
	{vendor: 0x04B4, product: 0x0302, name: "EX-03 USB phone", driver: newEX03},
	{vendor: 0x04D9, product: 0x0602, name: "GoodCom IP-USBPH", driver: newGoodcom},
	{vendor: 0x0D8C, product: 0x0008, name: "Topcom Webt@lker", descriptorFirst: true, driver: newMCU},
}

// familyOf finds a phone by its numbers, nil when it is not known.
func familyOf(info hid.Info) *family {
	for i := range families {
		if f := &families[i]; f.vendor == info.VendorID && f.product == info.ProductID {
			return f
		}
	}
	return nil
}

// driverFor chooses the driver of a device: what the user says of it, else the one for its numbers, else the one
// for telephony descriptors. The error wraps ErrNotTelephony or is a
// *report.ParseError.
func driverFor(dev hid.Device, table *profile.Table) (driver, error) {
	info := dev.Info()
	known := table.Find(info.VendorID, info.ProductID)
	if known.Raw() {
		return newTaught(&known), nil
	}
	f := familyOf(info)
	if f != nil && !f.descriptorFirst && !known.User {
		return f.driver(f.name), nil
	}
	desc, err := report.Parse(dev.Descriptor())
	if err == nil {
		if l := newLayout(desc, &known); l.telephony() {
			return newTelephony(l), nil
		}
		err = ErrNotTelephony
	}
	if f != nil {
		return f.driver(f.name), nil
	}
	return nil, err
}
