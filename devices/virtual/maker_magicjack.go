package virtual

import (
	"encoding/binary"
	"time"
)

// magicJackFirmware is the socket for a telephone of a magicJack Home as
// Gbrothers1/magicjack-hacking found it: registers behind a feature report of 64
// bytes. The line has power after bit 0 of register 00 was set, register 38 is 3, and
// bit 7 of register 14 went up and down. Nothing of the telephone is seen before.
type magicJackFirmware struct {
	plain
	registers map[byte]uint32
	pointer   byte
	pulsed    bool
	powered   bool
	lifted    bool
	tone      byte // 0 none
}

var magicTones = map[string]byte{
	"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9, "0": 0xA, "*": 0xB, "#": 0xC,
}

// A telephone has no reports of its own: what it does is seen in register 14.
func (f *magicJackFirmware) press(key string) [][]byte {
	tone, ok := magicTones[key]
	if !ok {
		return nil
	}
	f.tone = tone
	return [][]byte{}
}

func (f *magicJackFirmware) release(string) [][]byte {
	f.tone = 0
	return [][]byte{}
}

func (f *magicJackFirmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	return nil
}

func (f *magicJackFirmware) takeFeature(rep []byte) bool {
	if len(rep) != 65 || rep[0] != 0 {
		return false
	}
	switch {
	case rep[1] == 0x00 && rep[2] == 0 && rep[4] == 0:
		f.pointer = rep[3]
	case rep[1] == 0x20 && rep[3] == 0 && rep[4] == 1:
		f.set(rep[2], binary.LittleEndian.Uint32(rep[5:]))
	default:
		panic("a command for memory or flash")
	}
	return true
}

func (f *magicJackFirmware) set(register byte, v uint32) {
	was := f.registers[register]
	f.registers[register] = v
	if register == 0x14 && was&(1<<7) != 0 && v&(1<<7) == 0 {
		f.pulsed = true
	}
	f.powered = f.registers[0x00]&1 != 0 && f.registers[0x38] == 3 && f.pulsed
}

func (f *magicJackFirmware) getFeature(id uint8) []byte {
	if id != 0 {
		return nil
	}
	v := f.registers[f.pointer]
	if f.pointer == 0x14 {
		// What it reads as on the hook: 0B000104, and 8B000104 off it.
		v = v&(1<<16-1) | 0x0B<<24
		if f.powered && f.lifted {
			v |= 1 << 31
			if f.tone != 0 {
				v = v&^(0x0F<<24) | 1<<16 | uint32(f.tone)<<24
			}
		}
	}
	answer := make([]byte, 64)
	binary.LittleEndian.PutUint32(answer, v)
	return answer
}

// dark: the registers lose their values with the power, which they begin with as
// the source has read them.
func (f *magicJackFirmware) dark() {
	f.registers = map[byte]uint32{0x00: 0x00010000, 0x14: 0x00000104, 0x38: 0}
	f.pulsed, f.powered = false, false
}

func (f *magicJackFirmware) lights() map[string]bool {
	return map[string]bool{"line": f.powered, "ring": f.powered && f.registers[0x00]>>8&3 == 3}
}

// hold is how long a tone of a key lasts, and the pause after it.
func (f *magicJackFirmware) hold() time.Duration { return 100 * time.Millisecond }

// magicJackDescriptor is that of the device: captures/hid-report-descriptor.hex of
// the source.
var magicJackDescriptor = []byte{
	0x05, 0x0B, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x06, 0xA1, 0x02, 0x19, 0xB0, 0x29, 0xBB, 0x15, 0x01,
	0x25, 0x0C, 0x95, 0x01, 0x75, 0x04, 0x81, 0x00, 0xC0, 0x05, 0x0B, 0x09, 0x25, 0x09, 0x23, 0x09,
	0x24, 0x09, 0x26, 0x09, 0x21, 0x09, 0x2F, 0x09, 0x31, 0x25, 0x07, 0x75, 0x06, 0x81, 0x00, 0x09,
	0x04, 0xA1, 0x02, 0x05, 0x0C, 0x09, 0xE0, 0x15, 0xFF, 0x25, 0x01, 0x95, 0x01, 0x75, 0x02, 0x81,
	0x06, 0xC0, 0x05, 0x09, 0xA1, 0x02, 0x19, 0x01, 0x29, 0x04, 0x15, 0x01, 0x25, 0x04, 0x95, 0x01,
	0x75, 0x03, 0x81, 0x00, 0xC0, 0x05, 0x0B, 0x09, 0x20, 0x15, 0x00, 0x25, 0x01, 0x95, 0x01, 0x75,
	0x01, 0x81, 0x02, 0x06, 0xFF, 0xFF, 0x09, 0x00, 0x75, 0x08, 0x95, 0x40, 0xB1, 0x00, 0xC0,
}

// tigerJetFirmware is another TigerJet box: the same descriptor, and what it
// declares. Report of two bytes: the keypad from 1 in four bits, seven keys in six,
// the wheel in two, and the hook. Source: as above, and the data sheet of the Tiger560B.
type tigerJetFirmware struct {
	plain
	lifted bool
	digit  byte
	key    byte
	wheel  byte
}

var tigerJetKeys = map[string]byte{"transfer": 1, "hold": 2, "redial": 3, "drop": 4, "flash": 5, "mute": 6, "send": 7}

func (f *tigerJetFirmware) report() []byte {
	rep := []byte{f.digit | f.key<<4, f.key>>4 | f.wheel<<2}
	if f.lifted {
		rep[1] |= 0x80
	}
	return rep
}

func (f *tigerJetFirmware) press(key string) [][]byte {
	for n, digit := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"} {
		if key == digit {
			f.digit = byte(n + 1)
			return [][]byte{f.report()}
		}
	}
	switch {
	case key == "volume-up":
		f.wheel = 1
	case key == "volume-down":
		f.wheel = 3
	case tigerJetKeys[key] != 0:
		f.key = tigerJetKeys[key]
	default:
		return nil
	}
	return [][]byte{f.report()}
}

func (f *tigerJetFirmware) release(string) [][]byte {
	f.digit, f.key, f.wheel = 0, 0, 0
	return [][]byte{f.report()}
}

func (f *tigerJetFirmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	return [][]byte{f.report()}
}

func (f *tigerJetFirmware) getInput(uint8) []byte { return f.report() }
