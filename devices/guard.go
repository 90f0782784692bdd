package devices

import (
	"errors"
	"fmt"
	"slices"

	"offhook/hid"
)

// ErrHarmful is wrapped by the error of a write that could damage a device: one
// that changes its settings memory or its program.
var ErrHarmful = errors.New("this report can damage the device, and is never sent")

// Guard gives a device that refuses the writes that could damage it, with an error
// that wraps [ErrHarmful]. What is opened by this package is guarded; who writes to
// a hid.Device by himself must guard it.
func Guard(dev hid.Device) hid.Device {
	g := guarded{dev, dev.Info()}
	if f, ok := dev.(hid.FeatureDevice); ok {
		return guardedFeatures{g, f}
	}
	return g
}

type guarded struct {
	hid.Device
	info hid.Info
}

func (g guarded) Write(rep []byte) error {
	if err := harmful(g.info, false, rep); err != nil {
		return fmt.Errorf("write to %s: %w", g.info.Path, err)
	}
	return g.Device.Write(rep)
}

type guardedFeatures struct {
	guarded
	features hid.FeatureDevice
}

func (g guardedFeatures) SetFeature(rep []byte) error {
	if err := harmful(g.info, true, rep); err != nil {
		return fmt.Errorf("send a feature report to %s: %w", g.info.Path, err)
	}
	return g.features.SetFeature(rep)
}

func (g guardedFeatures) GetFeature(id uint8, buf []byte) (int, error) {
	return g.features.GetFeature(id, buf)
}

// hazard is what is known to harm the devices of a vendor.
type hazard struct {
	vendor   uint16
	products []uint16 // nil: all
	what     string
	harms    func(feature bool, rep []byte) bool
}

var hazards = []hazard{
	// C-Media CM108 and relatives: bits 6 and 7 of the first byte choose what the
	// next two are; not both 0 reaches the settings memory (EEPROM), where one
	// report overwrites a word (`80 lo hi C0+a`). Source: AllStarLink/app_rpt,
	// res_usbradio.c, and the CM119 data sheet.
	{0x0D8C, nil, "it is not for the output pins, but for the settings memory", func(feature bool, rep []byte) bool {
		return !feature && len(rep) > 1 && rep[0] == 0 && rep[1]&0xC0 != 0
	}},
	// TigerJet and magicJack: command 80 reads and writes memory and can erase the
	// flash, 44 follows it with a value, and 04 reaches every register of the chip.
	// Only the control registers are let through. Source: Gbrothers1/magicjack-hacking,
	// README section 5.
	{0x06E6, nil, "it is not for the control registers of the line", func(feature bool, rep []byte) bool {
		return feature && !tigerJetControl(rep)
	}},
	// Yealink: every command that is known is harmless, and of the others nothing is
	// known. Source: treitmayr/yealink-module.
	{0x6993, []uint16{0xB001, 0xB700}, "the command is not one that is known", func(feature bool, rep []byte) bool {
		return feature || len(rep) > 1 && rep[0] == 0 && !yealinkCommand(rep[1])
	}},
}

func harmful(info hid.Info, feature bool, rep []byte) error {
	for _, h := range hazards {
		if h.vendor == info.VendorID && (h.products == nil || slices.Contains(h.products, info.ProductID)) && h.harms(feature, rep) {
			return fmt.Errorf("%w: %s (% x)", ErrHarmful, h.what, rep[:min(len(rep), 8)])
		}
	}
	return nil
}

// tigerJetControl knows the feature reports for a control register: `00 00 RR 00`
// asks for it and `20 RR 00 01` sets it. Those known of are 00, 14 and 38.
func tigerJetControl(rep []byte) bool {
	if len(rep) < 9 || rep[0] != 0 {
		return false
	}
	register := rep[2]
	switch {
	case rep[1] == 0x00 && rep[2] == 0 && rep[4] == 0:
		register = rep[3]
	case rep[1] == 0x20 && rep[3] == 0 && rep[4] == 1:
	default:
		return false
	}
	return register == 0x00 || register == 0x14 || register == 0x38
}

// yealinkCommand knows the commands of the phones with numbers 6993:b001 and b700,
// the first byte of their reports, which have no ID.
func yealinkCommand(c byte) bool {
	switch c {
	case 0x01, 0x02, 0x03, 0x04, 0x05, 0x09, 0x0C, 0x0E, 0x11, 0x12, 0x80, 0x81, 0x87, 0x8B, 0x8D, 0x8E:
		return true
	}
	return false
}
