package devices

import (
	"errors"

	"offhook/hid"
	"offhook/hid/report"
)

// family is a phone that is known by its numbers, since its descriptor does not
// say what it can do.
type family struct {
	vendor, product uint16
	name            string
	// descriptorFirst: the numbers are those of a chip, and a device with them
	// whose descriptor declares telephony controls is driven by that.
	descriptorFirst bool
	// driver is nil for a chip that is in several phones and in what is none: only
	// the user can say.
	driver func(name string) driver
}

// ErrUndecided is wrapped by the error of opening a device whose numbers do not tell
// whether it is a telephone, nor which. It was not touched. See [Model].
var ErrUndecided = errors.New("its numbers are those of a chip that is in several telephones, and in sound adapters")

// families are the phones with protocols of their own.
var families = []family{
	{vendor: 0x03F0, product: 0x1C07, name: "HP Internet Handset", driver: newHP},
	{vendor: 0x04B4, product: 0x0307, name: "USB phone with graphic display", driver: newCypress},
	{vendor: 0x04B4, product: 0x0302, name: "EX-03 USB phone", driver: newEX03},
	{vendor: 0x04D9, product: 0x0602, name: "GoodCom IP-USBPH", driver: newGoodcom},
	{vendor: 0x0471, product: 0x2013, name: "Philips VOIP1511", driver: newPhilips},
	{vendor: 0x6993, product: 0xB001, name: "Yealink USB phone", driver: newYealink},
	{vendor: 0x6993, product: 0xB700, name: "Yealink USB phone", driver: newYealink},
	{vendor: 0x0D8C, product: 0x000E, name: "C-Media CM109"},
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

// undecided tells whether nobody knows what a device is. Opening it would take it
// away from the kernel.
func undecided(info hid.Info, opt Options) bool {
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
	f := familyOf(info)
	return f != nil && f.driver == nil && modelOf(info, opt.Models) == nil && !known.Raw() && !known.User
}

// driverFor chooses the driver of a device: what the user says of it, else the one
// for its numbers, else the one for telephony descriptors. The error wraps
// ErrNotTelephony or is a *report.ParseError.
func driverFor(dev hid.Device, opt Options) (driver, error) {
	if j, ok := dev.(*joint); ok {
		return newJointDriver(j.nodes, opt)
	}
	info := dev.Info()
	if m := modelOf(info, opt.Models); m != nil {
		return m.driver(), nil
	}
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
	if known.Raw() {
		return newTaught(&known), nil
	}
	f := familyOf(info)
	switch {
	case undecided(info, opt):
		return nil, ErrUndecided
	case f != nil && !f.descriptorFirst && !known.User:
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
