package virtual

import "offhook/devices"

// VendorProfiles lists the phones with protocols of their own. Each call makes a
// new list.
func VendorProfiles() []Profile {
	return []Profile{
		{
			Name: "hp-handset", Description: "HP Internet Handset: cradle, keypad, two lights, rings by sound", Kind: devices.Handset,
			vendor: 0x03F0, product: 0x1C07, Descriptor: hpDescriptor, layout: bare,
			firmware: func() firmware { return &hpFirmware{} },
		},
		{
			Name: "cypress-phone", Description: "USB phone on a Cypress chip: green and red key, keypad, no cradle, no lights", Kind: devices.KeyedHandset,
			vendor: 0x04B4, product: 0x0307, Descriptor: opaqueReports([3]byte{0, 8, 64}), layout: bare,
			firmware: func() firmware { return cypressFirmware{} },
		},
		{
			Name: "ex-03", Description: "EX-03: cradle, keypad, ringer and a display of digits; reports without end", Kind: devices.Handset,
			vendor: 0x04B4, product: 0x0302, Descriptor: opaqueReports([3]byte{1, 16, 0}, [3]byte{1, 0, 32}, [3]byte{3, 0, 32}), layout: bare,
			firmware: func() firmware { return &ex03Firmware{} },
		},
		{
			Name: "goodcom", Description: "GoodCom WJT602, Sabrent IP-USBPH: green and red key, keypad, LCD, no cradle, no ringer", Kind: devices.KeyedHandset,
			vendor: 0x04D9, product: 0x0602, Descriptor: opaqueReports([3]byte{2, 7, 7}), layout: bare,
			firmware: func() firmware { return &goodcomFirmware{} },
		},
		{
			Name: "webtalker", Description: "Topcom Webt@lker 211: C-Media chip with a processor for its keys, no cradle, no lights", Kind: devices.KeyedHandset,
			vendor: 0x0D8C, product: 0x0008, Descriptor: opaqueReports([3]byte{0, 4, 4}), layout: bare,
			firmware: func() firmware { return &topcomFirmware{} },
		},
		{
			Name: "philips", Description: "Philips VOIP1511: green and red key, keypad, ringer, light, a line of capital letters", Kind: devices.KeyedHandset,
			vendor: 0x0471, product: 0x2013, Descriptor: opaqueReports([3]byte{0, 4, 4}), layout: bare,
			firmware: func() firmware { return &philipsFirmware{} },
		},
		{
			Name: "cx300", Description: "Polycom CX300: cradle, keypad, display of two lines, a light of presence", Kind: devices.Phone,
			vendor: 0x095D, product: 0x9201, Descriptor: cx300Descriptor, layout: bare,
			firmware: func() firmware { return &cx300Firmware{} },
		},
		{
			Name: "magicjack", Description: "magicJack Home: a socket for a telephone, with power, bell and tones", Kind: devices.Phone,
			vendor: 0x06E6, product: 0xC200, Descriptor: magicJackDescriptor, layout: bare,
			firmware: func() firmware { return &magicJackFirmware{} },
		},
		{
			Name: "tigerjet", Description: "TigerJet Internet Phone: handset or box for a telephone, with the keys that its descriptor declares", Kind: devices.Phone,
			vendor: 0x06E6, product: 0x0200, Descriptor: magicJackDescriptor, layout: bare,
			firmware: func() firmware { return &tigerJetFirmware{} },
		},
		yealink("yealink-p1k", "Yealink USB-P1K: green and red key, keypad, ringer, LCD; has to be asked for its keys", devices.KeyedHandset, "p1k", 0x0110, yealinkP1KCodes),
		yealink("yealink-p1kh", "Yealink USB-P1KH: as the P1K, and tells its keys by itself", devices.KeyedHandset, "p1kh", 0, yealinkP1KHCodes), // its version is not known
		yealink("yealink-p4k", "Yealink USB-P4K: cradle, keypad, speaker, LCD", devices.Handset, "p4k", 0x0231, yealinkP4KCodes),
		yealink("yealink-b2k", "Yealink USB-B2K: box for a telephone and a telephone line", devices.Handset, "b2k", 0x0521, yealinkB2KCodes),
		yealink("yealink-b3g", "Yealink USB-B3G: box for a telephone and a telephone line", devices.Handset, "b3g", 0x0541, yealinkB2KCodes),
		usr9601(),
		cm109("kip1000", "Komunikate KIP1000"),
		cm109("gtalk", "Genius G-talk"),
		cm109("usbph01", "Allied-Telesis Corega USBPH01"),
		cm109("atcom", "ATCom AU-100"),
	}
}

// bare is the layout of a phone whose reports are its maker's affair.
var bare = &layout{hook: none, muteLevel: none, volumeUp: none, volumeDown: none}

// opaqueReports is a descriptor that has the reports of a phone and says nothing of
// what is in them: of each its ID, 0 for none, and the bytes of its input and of its
// output report. The descriptors of these phones are not known. No host can learn
// anything from it.
func opaqueReports(reports ...[3]byte) []byte {
	d := []byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08}
	for _, r := range reports {
		if r[0] != 0 {
			d = append(d, 0x85, r[0])
		}
		if r[1] > 0 {
			d = append(d, 0x95, r[1], 0x09, 0x01, 0x81, 0x02)
		}
		if r[2] > 0 {
			d = append(d, 0x95, r[2], 0x09, 0x01, 0x91, 0x02)
		}
	}
	return append(d, 0xC0)
}

// hpDescriptor has the reports of the HP handset, two bytes in and a feature of 64;
// the device's own, of 59 bytes, is not known.
var hpDescriptor = []byte{
	0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
	0x95, 0x02, 0x09, 0x01, 0x81, 0x02, 0x95, 0x40, 0x09, 0x01, 0xB1, 0x02, 0xC0,
}

func yealink(name, description string, kind devices.Kind, model string, version uint16, codes map[string]byte) Profile {
	packet := byte(16)
	if model == "p1kh" {
		packet = 8
	}
	return Profile{
		Name: name, Description: description, Kind: kind,
		vendor: 0x6993, product: 0xB001, Descriptor: opaqueReports([3]byte{0, packet, packet}), layout: bare,
		firmware: func() firmware { return &yealinkFirmware{model: model, version: version, codes: codes} },
	}
}

// usr9601 is a P1K with other labels, which nothing on the bus tells from it.
func usr9601() Profile {
	p := yealink("usr9601", "US Robotics USR9601: a Yealink USB-P1K with other labels", devices.KeyedHandset, "p1k", 0x0110, yealinkTwinCodes)
	p.Model = devices.Model{Device: "6993:b001", Model: "usr9601"}
	return p
}

// VendorHeadsets lists the headsets, and a speaker, whose lights or keys are not as
// descriptors declare them. They have a hook button and no keypad. Each call makes
// a new list.
func VendorHeadsets() []Profile {
	return []Profile{
		{
			Name: "cx100", Description: "Polycom Communicator CX100: a speaker with a hook key, lights by color", Kind: devices.Headset,
			vendor: 0x095D, product: 0x0005, Descriptor: cx100Descriptor, layout: bare,
			firmware: func() firmware { return &cx100Firmware{} },
		},
		{
			Name: "gn8120", Description: "GN8120: headset whose lights are commands", Kind: devices.Headset,
			vendor: 0x0B0E, product: 0x8120, Descriptor: gn8120Descriptor, layout: bare,
			firmware: func() firmware { return &gn8120Firmware{} },
		},
		{
			Name: "gn9350", Description: "GN 9350: cordless headset with a radio link, rings once at a time", Kind: devices.Headset,
			vendor: 0x0B0E, product: 0x9350, Descriptor: gn9350Descriptor, layout: bare,
			firmware: func() firmware { return &gn9350Firmware{} },
		},
	}
}
