package virtual

// cx100Firmware is the Polycom Communicator as hid_hooks of amsiptools drives it:
// one value each way on page FFA1. What release of a key sends is not known: here
// nothing. Colors are added to those that are on, so they have to be put out first.
type cx100Firmware struct {
	plain
	red, green bool
	blink      byte
}

var cx100Keys = map[string]byte{"volume-up": 1, "volume-down": 2, "smart": 3, "hook": 4, "mute": 5}

func (f *cx100Firmware) press(key string) [][]byte {
	code, ok := cx100Keys[key]
	if !ok {
		return nil
	}
	return [][]byte{{0x03, code}}
}

func (f *cx100Firmware) release(key string) [][]byte { return [][]byte{} }
func (f *cx100Firmware) hook(bool) [][]byte          { return f.press("hook") }

func (f *cx100Firmware) take(rep []byte) {
	if len(rep) != 2 || rep[0] != 0x05 {
		return
	}
	switch rep[1] {
	case 0x04:
		f.red = true
	case 0x05:
		f.red, f.blink = false, 0
	case 0x06:
		f.green = true
	case 0x07:
		f.green, f.blink = false, 0
	case 0x13, 0x14, 0x15:
		f.blink = rep[1]
	}
}

func (f *cx100Firmware) dark() { f.red, f.green, f.blink = false, false, 0 }

func (f *cx100Firmware) lights() map[string]bool {
	return map[string]bool{
		"off-hook": f.green, "mute": f.red, "ring": f.blink == 0x14, "message-waiting": f.blink == 0x15,
	}
}

// cx100Descriptor has the two values where the source has them; the rest of the
// device's is not known.
var cx100Descriptor = []byte{
	0x06, 0xA0, 0xFF, 0x09, 0x01, 0xA1, 0x01, // Usage Page (FFA0), Usage (1), Collection (Application)
	0x06, 0xA1, 0xFF, 0x15, 0x00, 0x26, 0x80, 0x00, 0x75, 0x08, 0x95, 0x01, // Usage Page (FFA1), one byte
	0x85, 0x03, 0x09, 0x03, 0x81, 0x02, // Report ID (3), Usage (3), Input
	0x85, 0x05, 0x09, 0x05, 0x91, 0x02, // Report ID (5), Usage (5), Output
	0xC0,
}

// gn8120Firmware is the GN8120 as hid_hooks of amsiptools drives it: its keys by
// the usages that a commercial softphone maps, its lights by commands of one byte.
// Where its keys are in the report is not known; here each has a bit.
type gn8120Firmware struct {
	plain
	keys             byte
	green, red, ring bool
}

var gn8120Bits = map[string]byte{"hook": 1, "voicemail": 2, "mute": 4, "volume-up": 8, "volume-down": 16}

func (f *gn8120Firmware) press(key string) [][]byte {
	bit, ok := gn8120Bits[key]
	if !ok {
		return nil
	}
	f.keys |= bit
	return [][]byte{{f.keys}}
}

func (f *gn8120Firmware) release(string) [][]byte {
	f.keys = 0
	return [][]byte{{0}}
}

func (f *gn8120Firmware) hook(bool) [][]byte {
	return [][]byte{f.press("hook")[0], f.release("hook")[0]}
}

func (f *gn8120Firmware) getInput(uint8) []byte { return []byte{f.keys} }

func (f *gn8120Firmware) take(rep []byte) {
	if len(rep) != 2 || rep[0] != 0 {
		return
	}
	switch rep[1] {
	case 0x01, 0x02:
		f.green = rep[1] == 0x01
	case 0x0A, 0x09:
		f.red = rep[1] == 0x0A
	case 0x24, 0x23:
		f.ring = rep[1] == 0x24
	}
}

func (f *gn8120Firmware) dark() { f.green, f.red, f.ring = false, false, false }

func (f *gn8120Firmware) lights() map[string]bool {
	return map[string]bool{"off-hook": f.green, "mute": f.red, "ring": f.ring}
}

var gn8120Descriptor = []byte{
	0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, // Telephony, Headset
	0x95, 0x03, 0x09, 0x20, 0x09, 0x70, 0x09, 0x2F, 0x81, 0x06, // Hook Switch, Voice Mail, Phone Mute
	0x05, 0x0C, 0x95, 0x02, 0x09, 0xE9, 0x09, 0xEA, 0x81, 0x06, // Volume Increment, Decrement
	0x95, 0x03, 0x81, 0x03, // padding
	0x06, 0x30, 0xFF, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x01, 0x09, 0x01, 0x91, 0x02, // a vendor's output of a byte
	0xC0,
}

// gn9350Firmware is the cordless GN 9350 as hid_hooks of amsiptools drives it: the
// radio link comes up by 0B:2A and goes down by 0B:2B, and each turning on of the
// ringer is one ring.
type gn9350Firmware struct {
	plain
	keys              byte
	out               byte
	link, mute, rings bool
	count             int
}

func (f *gn9350Firmware) press(key string) [][]byte {
	bit, ok := map[string]byte{"hook": 1, "mute": 2}[key]
	if !ok {
		return nil
	}
	f.keys |= bit
	return [][]byte{{0x01, f.keys}}
}

func (f *gn9350Firmware) release(string) [][]byte {
	f.keys = 0
	return [][]byte{{0x01, 0}}
}

func (f *gn9350Firmware) hook(bool) [][]byte {
	return [][]byte{f.press("hook")[0], f.release("hook")[0]}
}

func (f *gn9350Firmware) getInput(id uint8) []byte {
	if id != 1 {
		return nil
	}
	return []byte{0x01, f.keys}
}

// Bits of the output report, in the order of the descriptor.
const (
	gn9350Ringer = 1 << iota
	gn9350Up
	gn9350Down
	gn9350Mute
)

func (f *gn9350Firmware) take(rep []byte) {
	if len(rep) != 2 || rep[0] != 0x02 {
		return
	}
	turned := rep[1] &^ f.out
	f.out = rep[1]
	if turned&gn9350Ringer != 0 {
		f.count++
	}
	f.rings = f.out&gn9350Ringer != 0
	switch {
	case f.out&gn9350Down != 0:
		f.link = false
	case f.out&gn9350Up != 0:
		f.link = true
	}
	f.mute = f.out&gn9350Mute != 0
}

func (f *gn9350Firmware) dark() { f.out, f.link, f.mute, f.rings = 0, false, false, false }

func (f *gn9350Firmware) lights() map[string]bool {
	return map[string]bool{"link": f.link, "mute": f.mute, "ringer": f.rings}
}

var gn9350Descriptor = []byte{
	0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, // Telephony, Headset
	0x85, 0x01, 0x95, 0x02, 0x09, 0x20, 0x09, 0x2F, 0x81, 0x06, 0x95, 0x06, 0x81, 0x03, // Hook Switch, Phone Mute
	0x85, 0x02, 0x95, 0x04, 0x09, 0x9E, 0x09, 0x2A, 0x09, 0x2B, 0x09, 0x21, 0x91, 0x02, 0x95, 0x04, 0x91, 0x03, // Ringer, Line, Speaker Phone, Flash
	0xC0,
}
