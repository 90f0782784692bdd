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
	// One of the following; none for a chip that is in several phones and in what is
	// none: only the user can say.

	// driver needs no descriptor.
	driver func(name string) driver
	// described gives the driver of a phone whose descriptor has a vendor's usages
	// only, nil when it has not those.
	described func(name string, d *report.Descriptor) driver
	// wrap adds to what the descriptor declares.
	wrap func(name string, t *telephony) driver
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
	{vendor: 0x095D, product: 0x9201, name: "Polycom CX300", wrap: newCX300},
	{vendor: 0x095D, product: 0x0005, name: "Polycom CX100", described: newCX100},
	{vendor: 0x0B0E, product: 0x8120, name: "GN8120", wrap: newGN8120},
	{vendor: 0x0B0E, product: 0x9330, name: "GN9330", wrap: newGN9350},
	{vendor: 0x0B0E, product: 0x9350, name: "GN9350", wrap: newGN9350},
	{vendor: 0x06E6, product: 0xC200, name: "magicJack", wrap: newMagicJack},
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
	return f != nil && f.driver == nil && f.described == nil && f.wrap == nil && modelOf(info, opt.Models) == nil && !known.Raw() && !known.User
}

// driverFor chooses the driver of a device: what the user says of it, else the one
// for its numbers, else the one for telephony descriptors. The error wraps
// ErrNotTelephony or is a *report.ParseError.
func driverFor(dev hid.Device, opt Options) (driver, error) {
	if j, ok := dev.(*joint); ok {
		return newJointDriver(j.nodes, opt)
	}
	info := dev.Info()
	m := modelOf(info, opt.Models)
	if m != nil && models[m.Model].driver != nil {
		return models[m.Model].driver(*m), nil
	}
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
	if known.Raw() {
		return newTaught(&known), nil
	}
	f := familyOf(info)
	switch {
	case undecided(info, opt):
		return nil, ErrUndecided
	case f != nil && f.driver != nil && !f.descriptorFirst && !known.User:
		return f.driver(f.name), nil
	}
	desc, err := report.Parse(dev.Descriptor())
	if err == nil {
		if l := newLayout(desc, &known); l.telephony() {
			switch t := newTelephony(l); {
			case m != nil:
				return models[m.Model].wrap(m.What(), t), nil
			case f != nil && f.wrap != nil && !known.User:
				return f.wrap(f.name, t), nil
			default:
				return t, nil
			}
		}
		err = ErrNotTelephony
	}
	switch {
	case f == nil:
	case f.driver != nil:
		return f.driver(f.name), nil
	case f.described != nil && desc != nil:
		if d := f.described(f.name, desc); d != nil {
			return d, nil
		}
	}
	return nil, err
}
