package virtual

import "strings"

// ex03Firmware is the EX-03 as tomek-o/tSIP-plugin-PhoneEX03 drives it and
// bwildenhain/usbphone has seen it: reports of 17 bytes without end, of which only
// the key and the hook mean anything, and output reports of 33 bytes.
//
// A real one sends without pause; this one sends each report twice, with other
// noise.
type ex03Firmware struct {
	plain
	key    byte
	lifted bool
	noise  byte
	ringer bool
	lcd    [33]byte
}

var ex03Codes = map[string]byte{
	"0": 0x15, "1": 0x04, "2": 0x03, "3": 0x02, "4": 0x0A, "5": 0x09, "6": 0x08, "7": 0x10, "8": 0x0F, "9": 0x0E,
	"*": 0x16, "#": 0x14, "send": 0x07, "reject": 0x01, "up": 0x0D, "down": 0x13,
}

func (f *ex03Firmware) reports() [][]byte {
	var list [][]byte
	for range 2 {
		rep := []byte{0x01, f.key, 0xFF, 0xFE}
		if f.lifted {
			rep[2] = 0x00
		}
		for len(rep) < 17 {
			f.noise = f.noise*109 + 89
			rep = append(rep, f.noise)
		}
		list = append(list, rep)
	}
	return list
}

func (f *ex03Firmware) opened() [][]byte { return f.reports() }

func (f *ex03Firmware) press(key string) [][]byte {
	code, ok := ex03Codes[key]
	if !ok {
		return nil
	}
	f.key = code
	return f.reports()
}

func (f *ex03Firmware) release(string) [][]byte {
	f.key = 0
	return f.reports()
}

func (f *ex03Firmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	return f.reports()
}

func (f *ex03Firmware) take(rep []byte) {
	if len(rep) != 33 {
		return
	}
	switch {
	case rep[0] == 0x01 && rep[2] == 0x11:
		f.ringer = rep[1] == 0xFF
	case rep[0] == 0x03 && rep[1] == 0x11:
		f.lcd = [33]byte(rep)
	}
}

func (f *ex03Firmware) dark() { f.ringer, f.lcd = false, [33]byte{} }

func (f *ex03Firmware) lights() map[string]bool {
	return map[string]bool{"ring": f.ringer, "off-hook": f.lcd[17]&0x01 != 0}
}

// ex03Segments are the bits of the letters on the first line.
var ex03Segments = []struct {
	letter string
	bit    byte
}{{"A", 0x08}, {"B", 0x04}, {"C", 0x02}, {"D", 0x10}, {"E", 0x20}, {"F", 0x80}, {"G", 0x40}}

func (f *ex03Firmware) display() []string {
	read := func(b byte) byte {
		letters := ""
		for _, s := range ex03Segments {
			if b&s.bit != 0 {
				letters += s.letter
			}
		}
		return sevenSegments(letters)
	}
	var lines [2][]byte
	for at := 18; at <= 22; at++ {
		lines[0] = append(lines[0], read(f.lcd[at]&0xFE))
	}
	for at := 32; at >= 23; at-- {
		b := f.lcd[at] &^ 0x10
		lines[1] = append(lines[1], read(b<<4|b>>4))
	}
	return []string{strings.TrimRight(string(lines[0]), " "), strings.TrimRight(string(lines[1]), " ")}
}
