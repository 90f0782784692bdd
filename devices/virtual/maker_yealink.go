package virtual

import (
	"slices"
	"strings"
)

// yealinkFirmware is a phone of Yealink with the numbers 6993:b001, as
// treitmayr/yealink-module describes them: packets of 16 bytes (of 8 with the P1KH)
// with a sum, of which it answers some; key events in a memory of 32 that has to be asked
// for, an LCD of 24 bytes.
type yealinkFirmware struct {
	plain
	model   string
	version uint16
	codes   map[string]byte

	events  [32]byte
	counter byte
	lifted  bool
	rings   bool // the telephone line of a B2K or B3G

	lcd      [24]byte
	led      [2]byte
	volume   byte
	tune     []byte
	sounding byte
	speaker  bool
	lit      bool // the backlight
	toLine   bool // the handset is for the telephone line
	owed     [][]byte
}

var yealinkP1KCodes = map[string]byte{
	"1": 0x00, "2": 0x01, "3": 0x02, "4": 0x10, "5": 0x11, "6": 0x12, "7": 0x20, "8": 0x21, "9": 0x22, "*": 0x30, "0": 0x31, "#": 0x32,
	"green": 0x03, "red": 0x13, "c": 0x14, "in": 0x23, "out": 0x04, "up": 0x33, "down": 0x24,
}

// yealinkTwinCodes are the same keys as the US Robotics USR9601 labels them, after
// myforce/opal.
var yealinkTwinCodes = map[string]byte{
	"1": 0x00, "2": 0x01, "3": 0x02, "4": 0x10, "5": 0x11, "6": 0x12, "7": 0x20, "8": 0x21, "9": 0x22, "*": 0x30, "0": 0x31, "#": 0x32,
	"green": 0x03, "red": 0x13, "clear": 0x04, "mute": 0x14, "volume-up": 0x33, "volume-down": 0x24,
}

// yealinkP1KHCodes are in the order of the rows of keys, five codes to each.
var yealinkP1KHCodes = byRow([][]string{
	{"1", "2", "3", "green", "out"}, {"4", "5", "6", "red", "c"}, {"7", "8", "9", "in", "down"}, {"*", "0", "#", "up", ""},
})

func byRow(rows [][]string) map[string]byte {
	codes := map[string]byte{}
	for n, key := range slices.Concat(rows...) {
		if key != "" {
			codes[key] = byte(n)
		}
	}
	return codes
}

var yealinkP4KCodes = map[string]byte{
	"send": 0x00, "3": 0x01, "6": 0x02, "9": 0x03, "#": 0x04, "help": 0x05, "out": 0x10, "2": 0x11, "5": 0x12, "8": 0x13, "0": 0x14,
	"flash": 0x15, "speaker": 0x20, "1": 0x21, "4": 0x22, "7": 0x23, "*": 0x24, "green": 0x25, "down": 0x30, "volume-up": 0x31, "up": 0x32,
	"delete": 0x33, "in": 0x34, "volume-down": 0x40, "redial": 0x44,
}

var yealinkB2KCodes = map[string]byte{
	"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9, "*": 11, "#": 12,
}

func (f *yealinkFirmware) second() bool { return f.model == "p1kh" }
func (f *yealinkFirmware) box() bool    { return f.model == "b2k" || f.model == "b3g" }

func (f *yealinkFirmware) press(key string) [][]byte {
	if f.box() && (key == "line-rings" || key == "line-stops") {
		f.rings = key == "line-rings"
		return [][]byte{}
	}
	code, ok := f.codes[key]
	if !ok {
		return nil
	}
	return f.event(code)
}

func (f *yealinkFirmware) release(key string) [][]byte {
	if _, ok := f.codes[key]; !ok {
		return nil
	}
	return f.event(0xFF)
}

func (f *yealinkFirmware) event(code byte) [][]byte {
	if f.second() {
		return [][]byte{f.packet(0x81, code)}
	}
	f.events[f.counter%32] = code
	f.counter++
	return [][]byte{}
}

func (f *yealinkFirmware) hook(lifted bool) [][]byte {
	f.lifted = lifted
	return nil
}

// packet makes an answer.
func (f *yealinkFirmware) packet(cmd byte, data ...byte) []byte {
	p := make([]byte, 16)
	p[0] = cmd
	if f.second() {
		p = p[:8]
		copy(p[1:7], data)
	} else {
		p[1] = byte(len(data))
		copy(p[4:15], data)
	}
	total := 0
	for _, b := range p {
		total += int(b)
	}
	p[len(p)-1] = byte(-total)
	return p
}

func (f *yealinkFirmware) answers() [][]byte {
	owed := f.owed
	f.owed = nil
	return owed
}

func (f *yealinkFirmware) take(rep []byte) {
	answer := func(cmd byte, data ...byte) { f.owed = append(f.owed, f.packet(cmd, data...)) }
	length := 17
	if f.second() {
		length = 9
	}
	total := byte(0)
	for _, b := range rep {
		total += b
	}
	if len(rep) != length || rep[0] != 0 || total != 0 {
		answer(0xFD)
		return
	}
	cmd, data := rep[1], rep[2:length-1]
	size, offset := len(data), 0
	if !f.second() {
		size, offset, data = int(rep[2]), int(rep[3])<<8|int(rep[4]), rep[5:16]
	}
	if size > len(data) {
		answer(0xFD)
		return
	}
	switch cmd {
	case 0x87:
		answer(cmd, byte(f.version>>8), byte(f.version))
	case 0x8E:
		answer(cmd, 1, 2, 3, 4, 5, 6)
	case 0x80:
		switch {
		case f.second():
		case f.model == "b3g":
			hook := byte(1)
			if f.lifted {
				hook = 0
			}
			answer(cmd, f.counter, flag(f.rings), hook)
		default:
			answer(cmd, f.counter)
		}
	case 0x81:
		if !f.second() && offset < 32 {
			answer(cmd, f.events[offset])
		}
	case 0x8B:
		if f.model == "p4k" {
			answer(cmd, map[bool]byte{false: 0xFF, true: 0xEF}[f.lifted])
		}
	case 0x8D:
		if f.model == "b2k" {
			answer(cmd, flag(f.rings)|flag(f.lifted)<<1)
		}
	default:
		f.set(cmd, offset, data, size)
	}
}

// set carries out a command that is not answered.
func (f *yealinkFirmware) set(cmd byte, offset int, data []byte, size int) {
	handset := f.model == "p1k" || f.model == "p1kh"
	switch {
	case cmd == 0x04 && !f.box():
		if f.second() {
			size, offset, data = int(data[0]), int(data[1]), data[2:]
		}
		if size <= len(data) && offset+size <= len(f.lcd) {
			copy(f.lcd[offset:], data[:size])
		}
	case cmd == 0x05:
		copy(f.led[:], data[:2])
	case cmd == 0x11 && handset:
		f.volume = data[0]
	case cmd == 0x02 && handset:
		if offset == 0 {
			f.tune = nil
		}
		if offset == len(f.tune) {
			f.tune = append(f.tune, data[:size]...)
		}
	case cmd == 0x03 && handset:
		f.sounding = data[0]
		if f.second() && f.sounding == 0 {
			f.tune = nil // it has to be told the notes each time
		}
	case cmd == 0x01 && f.box():
		f.sounding = data[0]
	case cmd == 0x0E && f.box():
		f.toLine = data[0] != 0
	case cmd == 0x0C && f.model == "p4k":
		f.speaker = data[0] != 0
	case cmd == 0x12 && f.model == "p4k":
		f.lit = data[0] != 0
	}
}

// audible tells whether the ringer is heard.
func (f *yealinkFirmware) audible() bool {
	switch f.model {
	case "p1k":
		return f.sounding == 0x24 && f.volume > 0 && f.melodious(4)
	case "p1kh":
		return f.sounding == 0xFF && f.volume > 0 && f.melodious(2)
	}
	return f.sounding == 1
}

// melodious tells whether the notes, each of so many bytes, have a sound and an end.
func (f *yealinkFirmware) melodious(size int) bool {
	for at := 0; at+2 <= len(f.tune); at += size {
		if f.tune[at] == 0 && f.tune[at+1] == 0 {
			return at > 0
		}
	}
	return false
}

func (f *yealinkFirmware) dark() {
	f.lcd, f.led, f.tune, f.sounding, f.speaker, f.lit, f.toLine = [24]byte{}, [2]byte{}, nil, 0, false, false, false
	if !f.box() {
		f.led[0] = 1
	}
}

func (f *yealinkFirmware) lights() map[string]bool {
	switch {
	case f.box():
		return map[string]bool{"off-hook": f.led[0] == 0xFF, "line": f.led[1] == 0xFF, "ring": f.audible(), "to-line": f.toLine}
	case f.model == "p4k":
		return map[string]bool{"speaker": f.speaker, "backlight": f.lit}
	}
	return map[string]bool{"off-hook": f.led[0] == 0, "ring": f.audible()}
}

// display reads line 1 as far as it is the time of day, the icons, and line 3.
func (f *yealinkFirmware) display() []string {
	if f.box() {
		return nil
	}
	read := func(places ...[2]byte) byte { // of a, b, c, d, e, g, f
		letters := ""
		for n, letter := range "ABCDEGF" {
			if f.lcd[places[n][0]]&places[n][1] != 0 {
				letters += string(letter)
			}
		}
		sorted := strings.Split(letters, "")
		slices.Sort(sorted)
		return sevenSegments(strings.Join(sorted, ""))
	}
	line1 := []byte{
		read([2]byte{14, 1}, [2]byte{14, 2}, [2]byte{14, 4}, [2]byte{14, 1}, [2]byte{15, 4}, [2]byte{15, 2}, [2]byte{15, 1}),
	}
	for _, b := range []byte{12, 10, 8} {
		line1 = append(line1, read([2]byte{b, 1}, [2]byte{b, 2}, [2]byte{b, 4}, [2]byte{b, 8}, [2]byte{b + 1, 4}, [2]byte{b + 1, 2}, [2]byte{b + 1, 1}))
		if b == 12 {
			line1 = append(line1, map[bool]byte{false: ' ', true: ':'}[f.lcd[11]&8 != 0])
		}
	}
	var icons []string
	for _, icon := range []struct {
		name string
		b, m byte
	}{{"NEW", 23, 2}, {"REP", 23, 4}, {"IN", 7, 1}, {"OUT", 7, 2}, {"STORE", 7, 4}} {
		if f.lcd[icon.b]&icon.m != 0 {
			icons = append(icons, icon.name)
		}
	}
	var line3 []byte
	for b := byte(22); b <= 22; b -= 2 {
		line3 = append(line3, read([2]byte{b, 16}, [2]byte{b, 32}, [2]byte{b, 64}, [2]byte{b, 128}, [2]byte{b + 1, 128}, [2]byte{b + 1, 64}, [2]byte{b + 1, 32}))
	}
	trim := func(b []byte) string { return strings.TrimRight(string(b), " ") }
	return []string{trim(line1), strings.Join(icons, " "), trim(line3)}
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
