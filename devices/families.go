package devices

import (
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
	driver          func(name string) driver
}

// families are the phones with protocols of their own.
var families = []family{
	{vendor: 0x03F0, product: 0x1C07, name: "HP Internet Handset", driver: newHP},
	{vendor: 0x04B4, product: 0x0307, name: "USB phone with graphic display", driver: newCypress},
	{vendor: 0x04B4, product: 0x0302, name: "EX-03 USB phone", driver: newEX03},
	{vendor: 0x04D9, product: 0x0602, name: "GoodCom IP-USBPH", driver: newGoodcom},
	{vendor: 0x6993, product: 0xB001, name: "Yealink USB phone", driver: newYealink},
	{vendor: 0x6993, product: 0xB700, name: "Yealink USB phone", driver: newYealink},
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

// driverFor chooses the driver of a device: what the user says of it, else the one
// for its numbers, else the one for telephony descriptors. The error wraps
// ErrNotTelephony or is a *report.ParseError.
func driverFor(dev hid.Device, opt Options) (driver, error) {
	info := dev.Info()
	if m := modelOf(info, opt.Models); m != nil {
		return m.driver(), nil
	}
	known := opt.Profiles.Find(info.VendorID, info.ProductID)
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
