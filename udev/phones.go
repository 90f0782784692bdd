package udev

// KnownPhone is a telephone whose report descriptor does not say that it is one,
// or says it wrongly; it is known by its numbers.
type KnownPhone struct {
	Vendor, Product uint16
	Name            string
	// Kind is "phone", "handset" or "headset".
	Kind string
	// NoHidraw: Linux gives it no hidraw node, since its HID core ignores it
	// (hid_ignore_list in drivers/hid/hid-quirks.c). It is reached by libusb.
	NoHidraw bool
	// Shared: the numbers are those of a chip that is also in things which are
	// no telephones, so its sound card must stay with the desktop.
	Shared bool
}

// KnownPhones has only what is certain: where two makers share numbers, or the
// source did not give them, the device is left out. The sources are programs
// that drive these phones, and the kernel's own drivers yealink and cm109.
var KnownPhones = []KnownPhone{
	{Vendor: 0x6993, Product: 0xB001, Name: "Yealink USB-P1K and relatives", Kind: "handset", NoHidraw: true},
	{Vendor: 0x6993, Product: 0xB700, Name: "Yealink USB-P1KH and relatives", Kind: "handset"},
	{Vendor: 0x0D8C, Product: 0x000E, Name: "C-Media CM109 phone", Kind: "handset", NoHidraw: true, Shared: true},
	{Vendor: 0x095D, Product: 0x0005, Name: "Polycom Communicator CX100", Kind: "headset"},
	{Vendor: 0x0471, Product: 0x2013, Name: "Philips VOIP1511", Kind: "handset"},
	{Vendor: 0x04B4, Product: 0x0302, Name: "EX-03 USB phone", Kind: "handset"},
	{Vendor: 0x04B4, Product: 0x0307, Name: "USB phone with graphic display", Kind: "handset"},
	{Vendor: 0x0D8C, Product: 0x0008, Name: "Topcom Webt@lker", Kind: "handset", Shared: true},
	{Vendor: 0x04D9, Product: 0x0602, Name: "IP-USBPH handset", Kind: "handset"},
	{Vendor: 0x03F0, Product: 0x1C07, Name: "HP Internet Handset", Kind: "handset"},
	// A microphone receiver with the descriptor of a desk phone in it.
	{Vendor: 0x2F05, Product: 0x003B, Name: "BOYA mini 2", Kind: "headset", Shared: true},
}

// Known finds a phone by its numbers.
func Known(vendor, product uint16) (KnownPhone, bool) {
	for _, p := range KnownPhones {
		if p.Vendor == vendor && p.Product == product {
			return p, true
		}
	}
	return KnownPhone{}, false
}
