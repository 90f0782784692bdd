package virtual

import "bytes"

// goodcomFirmware is the GoodCom WJT602 as ezrec/ip-usbph describes it: eight bytes
// each way behind report ID 2. Whether a real one
// sends keys before it was begun with is not known; this one does not.
type goodcomFirmware struct {
	plain
	begun     bool
	backlight bool // its 7 s are not counted
	lcd       [32]byte
}

var goodcomCodes = map[string]byte{
	"1": 1, "2": 2, "3": 3, "volume-up": 4, "4": 5, "5": 6, "6": 7, "volume-down": 8, "7": 9, "8": 10, "9": 11, "*": 12,
	"0": 14, "#": 15, "s": 16, "up": 17, "down": 18, "red": 19, "green": 20, "c": 21,
}

func (f *goodcomFirmware) press(key string) [][]byte {
	code, ok := goodcomCodes[key]
	if !ok {
		return nil
	}
	return f.key(code | 0x20)
}

func (f *goodcomFirmware) release(key string) [][]byte { return f.key(goodcomCodes[key]) }

// key sends a key among reports that mean something else.
func (f *goodcomFirmware) key(b byte) [][]byte {
	if !f.begun {
		return [][]byte{}
	}
	return [][]byte{{0x02, 0x61, 0x90, b, 0, 0, 0, 0}, {0x02, 0x60, 0x00, 0x25, 0, 0, 0, 0}}
}

func (f *goodcomFirmware) take(rep []byte) {
	switch {
	case bytes.Equal(rep, []byte{0x02, 0, 0, 0, 0, 0, 0, 0}):
		f.begun = true
	case bytes.Equal(rep, []byte{0x02, 0x64, 0x12, 0x01, 0xFD, 0, 0, 0}):
		f.backlight = true
	case len(rep) == 8 && rep[0] == 0x02 && rep[1] == 0xC1 && rep[2] >= 0x40 && rep[2] <= 0x5B:
		copy(f.lcd[rep[2]-0x40:], rep[3:])
	case len(rep) == 8 && rep[0] == 0x02 && rep[1] == 0x61 && rep[2] == 0x5E:
		copy(f.lcd[0x1E:], rep[3:5])
	}
}

func (f *goodcomFirmware) dark() { f.begun, f.backlight, f.lcd = false, false, [32]byte{} }
