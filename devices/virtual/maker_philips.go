package virtual

import (
	"bytes"
	"strings"
)

// philipsFirmware is the Philips VOIP1511 as tomek-o/tSIP-plugin-PhonePhilips1511
// has seen it: four bytes each way, the keys held as bits. The mute and the Skype
// key have two bits, of which one sometimes comes before the other; here always.
type philipsFirmware struct {
	plain
	light byte
	ring  [2]byte
	text  []byte
	done  bool // the text has ended
	pings int
}

var philipsCodes = map[string]uint16{
	"0": 0x8000, "1": 0x0100, "2": 0x1000, "3": 0x0001, "4": 0x0200, "5": 0x2000, "6": 0x0002, "7": 0x0400, "8": 0x4000, "9": 0x0004,
	"*": 0x0800, "#": 0x0008, "up": 0x0040, "c": 0x0080, "green": 0x0010, "red": 0x0020, "skype": 0x2200, "mute": 0x8800,
}

func (f *philipsFirmware) report(code uint16) []byte {
	return []byte{0x00, byte(code >> 8), byte(code), 0x00}
}

func (f *philipsFirmware) press(key string) [][]byte {
	code, ok := philipsCodes[key]
	switch {
	case !ok:
		return nil
	case key == "mute":
		return [][]byte{f.report(0x0800), f.report(code), f.report(code)}
	case key == "skype":
		return [][]byte{f.report(code), f.report(0x0200)}
	}
	return [][]byte{f.report(code)}
}

func (f *philipsFirmware) release(key string) [][]byte {
	if key == "mute" {
		return [][]byte{f.report(0x8000), f.report(0)}
	}
	return [][]byte{f.report(0)}
}

func (f *philipsFirmware) take(rep []byte) {
	if len(rep) != 5 || rep[0] != 0 || rep[1] != 0x50 {
		return
	}
	switch data := [2]byte(rep[3:]); rep[2] {
	case 0x9A:
		f.light = data[0]
	case 0x89:
		f.text, f.done = nil, false
	case 0x97:
		if f.done {
			return
		}
		f.text = append(f.text, data[0], data[1])
		f.done = data[0] == 0 || data[1] == 0
	case 0x9C:
		f.ring = data
	case 0x9E:
		f.pings++
	}
}

func (f *philipsFirmware) dark() { f.light, f.ring, f.text, f.done = 0, [2]byte{}, nil, false }

func (f *philipsFirmware) lights() map[string]bool {
	return map[string]bool{"off-hook": f.light == 0x20, "blinking": f.light == 0x04, "ring": f.ring == [2]byte{0x07, 0x8D}}
}

func (f *philipsFirmware) display() []string {
	if !f.done {
		return []string{"VOIP151"} // a text without an end is not shown
	}
	text, _, _ := bytes.Cut(f.text, []byte{0})
	return []string{strings.TrimRight(string(text), " ")}
}
