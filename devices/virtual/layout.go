package virtual

// none is the bit of a control that a profile does not have.
const none = -1

// layout is the firmware's own idea of its reports, independent of the
// descriptor's bytes: bits are counted from the start of the payload, least
// significant first.
type layout struct {
	numbered bool
	input    uint8 // ID of the input report with hook and keys
	size     int   // its payload in bytes

	hook         int
	hookRelative bool // a button that reports presses; else a level

	muteLevel int // bit of a mute switch; mute as a key is in keys

	keys map[string]int // keys that are 1 while pressed

	keypad keypad

	volumeInput          uint8
	volumeUp, volumeDown int

	lights  []light
	padded  map[uint8]int // payload bytes of output reports longer than their last light
	display *display
}

// keypad says how the keypad is encoded.
type keypad struct {
	bit, size int
	idle      uint32
	codes     map[byte]uint32
}

// light is one bit of an output report.
type light struct {
	name   string
	report uint8
	bit    int
}

// display is a character display written line by line.
type display struct {
	control    uint8 // ID of the report whose bit 0 clears
	characters uint8 // ID of the report: row, column, then the characters
	rows, cols int
}

// array gives the codes of the keys 0-9 * # (A) in an array field whose key 0 is
// first.
func array(bit, size int, idle, first uint32) keypad {
	k := keypad{bit: bit, size: size, idle: idle, codes: map[byte]uint32{}}
	for i, key := range []byte("0123456789*#") {
		k.codes[key] = first + uint32(i)
	}
	return k
}

// single gives a keypad with one bit for each key, key 0 at bit.
func single(bit int) keypad {
	k := keypad{bit: bit, size: 12, codes: map[byte]uint32{}}
	for i, key := range []byte("0123456789*#") {
		k.codes[key] = 1 << i
	}
	return k
}

// outputs gives the payload size in bytes of each output report.
func (l *layout) outputs() map[uint8]int {
	sizes := map[uint8]int{}
	for _, li := range l.lights {
		sizes[li.report] = max(sizes[li.report], li.bit/8+1)
	}
	for id, n := range l.padded {
		sizes[id] = n
	}
	if d := l.display; d != nil {
		sizes[d.control] = 1
		sizes[d.characters] = 2 + d.cols
	}
	return sizes
}

// put writes the low size bits of v at bit.
func put(payload []byte, bit, size int, v uint32) {
	for i := range size {
		b := bit + i
		payload[b/8] &^= 1 << (b % 8)
		payload[b/8] |= byte(v>>i&1) << (b % 8)
	}
}

// frame puts the report ID in front where the device numbers its reports.
func (l *layout) frame(id uint8, payload []byte) []byte {
	if !l.numbered {
		return payload
	}
	return append([]byte{id}, payload...)
}
