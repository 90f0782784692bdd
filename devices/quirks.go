package devices

// quirk is what a descriptor does not say about a device. The driver does
// without where it can; a quirk needs a source.
type quirk struct {
	vendor, product uint16
	why             string

	momentaryHook bool // declared as a level, but reports presses
	echoesMute    bool // answers the mute light by a press of the mute key
}

// quirks is searched by vendor and product. The Sennheiser rows follow a
// commercial phone's device profiles, in which 0B:20 of these headsets is a
// "talk" key and not a state; not tried on hardware.
var quirks = []quirk{
	{vendor: 0x1395, product: 0x0008, why: "Sennheiser UUSB 8", momentaryHook: true},
	{vendor: 0x1395, product: 0x0028, why: "Sennheiser SC230 Control", momentaryHook: true},
	{vendor: 0x1395, product: 0x0029, why: "Sennheiser SC260 Control", momentaryHook: true},
	{vendor: 0x1395, product: 0x0034, why: "Sennheiser SC30 Control", momentaryHook: true},
	{vendor: 0x1395, product: 0x0035, why: "Sennheiser SC60 Control", momentaryHook: true},
	{vendor: 0x1395, product: 0x0038, why: "Sennheiser SC630 Control", momentaryHook: true},
	{vendor: 0x1395, product: 0x0039, why: "Sennheiser SC660 Control", momentaryHook: true},
}

// quirkOf finds what is known of a device; the zero quirk when nothing is.
func quirkOf(vendor, product uint16) quirk {
	for _, q := range quirks {
		if q.vendor == vendor && q.product == product {
			return q
		}
	}
	return quirk{vendor: vendor, product: product}
}
