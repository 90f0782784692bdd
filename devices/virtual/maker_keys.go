package virtual

import "slices"

// cypressFirmware is the phone with a graphic display on 04b4:0307 as the pages of
// lovemhz.com and gato.intaa.net describe it: a matrix of rows and columns, one
// report when a key goes down and one when it is let go.
type cypressFirmware struct{ plain }

// cypressMatrix has the keys by column, then row: the code is 1 + row + 6 × column.
var cypressMatrix = [][]string{
	{"yes", "green", "1", "4", "7", "*"},
	{"plus", "s", "2", "5", "8", "0"},
	{"no", "red", "3", "6", "9", "#"},
	{"up", "", "", "down", "", ""},
	{"volume-up", "f", "mute", "volume-down", "", ""},
}

func (cypressFirmware) report(code byte) [][]byte {
	return [][]byte{{0x01, code, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01}}
}

func (f cypressFirmware) press(key string) [][]byte {
	for column, keys := range cypressMatrix {
		if row := slices.Index(keys, key); row >= 0 && key != "" {
			return f.report(byte(1 + row + 6*column))
		}
	}
	return nil
}

func (f cypressFirmware) release(string) [][]byte { return f.report(0) }

// topcomFirmware is the Topcom Webt@lker 211: a C-Media chip whose second byte is
// filled in by a processor that reads the keys, as cm109.c of
// pgid69/asterisk-chan-alsa-input describes it.
type topcomFirmware struct {
	plain
	key byte
}

var topcomKeys = map[string]byte{
	"up": 0, "volume-up": 1, "volume-down": 2, "down": 3, "1": 5, "2": 6, "3": 7, "green": 8,
	"4": 10, "5": 11, "6": 12, "red": 13, "7": 15, "8": 16, "9": 17, "mute": 18, "skype": 19,
	"*": 20, "0": 21, "#": 22, "delete": 23, "speaker": 24,
}

func (f *topcomFirmware) press(key string) [][]byte {
	code, ok := topcomKeys[key]
	if !ok {
		return nil
	}
	f.key = code
	return [][]byte{f.getInput(0)}
}

func (f *topcomFirmware) release(string) [][]byte {
	f.key |= 0x80
	return [][]byte{f.getInput(0)}
}

func (f *topcomFirmware) getInput(uint8) []byte { return []byte{0x40, f.key, 0x00, 0x00} }

// adapterFirmware is a sound adapter with the same chip and numbers, and no keys
// but for those of the volume.
type adapterFirmware struct{ plain }

func (adapterFirmware) press(string) [][]byte   { return nil }
func (adapterFirmware) release(string) [][]byte { return nil }
func (adapterFirmware) getInput(uint8) []byte   { return []byte{0, 0, 0, 0} }

// Adapter is a device that has the numbers of a phone and is none.
func Adapter() Profile {
	return Profile{
		Name: "adapter", Description: "sound adapter with the numbers of a Topcom Webt@lker",
		vendor: 0x0D8C, product: 0x0008, Descriptor: opaqueReports([3]byte{0, 4, 4}), layout: bare,
		firmware: func() firmware { return adapterFirmware{} },
	}
}
