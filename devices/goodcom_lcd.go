package devices

// The LCD of the GoodCom WJT602 is a memory of 32 bytes from 40 on, a bit for each
// segment. Source: ezrec/ip-usbph, src/ip-usbph.h, the bits counted from the
// beginning of the memory.
//
//	output  02 C1 AA d0 d1 d2 d3 d4    from address AA on
//	output  02 61 AA d0 d1 00 00 00    two bytes of it
//
// Eight characters of fourteen segments at the top have the caller, four at the
// bottom how long the call has lasted or how many were missed. The seven-segment
// digits beside them are for the date and are left dark.
const (
	goodcomFirst = 0x40
	goodcomSize  = 0x20
)

// place is a segment: byte of the memory and bit.
type lcdPlace struct{ at, bit byte }

// Segments of fourteen: the letters t, b, l and r for top, bottom, left and right; c
// for centre; x for a diagonal.
type segment14 string

// goodcomTop are the places of the segments of the top characters: three groups of
// each, from a bit on.
var goodcomTop = [8][3]lcdPlace{
	{{0x56, 1}, {0x55, 0}, {0x57, 0}}, {{0x53, 1}, {0x52, 0}, {0x54, 0}}, {{0x50, 1}, {0x4F, 0}, {0x51, 0}}, {{0x41, 1}, {0x42, 0}, {0x40, 0}},
	{{0x44, 1}, {0x4E, 0}, {0x43, 0}}, {{0x4D, 1}, {0x4C, 0}, {0x45, 0}}, {{0x4B, 1}, {0x4A, 0}, {0x46, 0}}, {{0x48, 1}, {0x47, 0}, {0x49, 0}},
}

var goodcomTopGroups = [3][]segment14{
	{"b", "bc", "tc", "t"}, {"br", "brx", "rc", "trx", "tr"}, {"bl", "blx", "lc", "tlx", "tl"},
}

// goodcomBottom are those of the bottom characters, in two groups from bit 0 on.
var goodcomBottom = [4][2]lcdPlace{{{0x58, 0}, {0x59, 0}}, {{0x5A, 0}, {0x5B, 0}}, {{0x5C, 0}, {0x5D, 0}}, {{0x5E, 0}, {0x5F, 0}}}

var goodcomBottomGroups = [2][]segment14{
	{"t", "tl", "tlx", "lc", "bc", "blx", "bl"}, {"tr", "trx", "tc", "rc", "brx", "br", "b"},
}

// Icons.
var (
	goodcomNew  = lcdPlace{0x58, 7}
	goodcomIn   = lcdPlace{0x57, 6}
	goodcomMute = lcdPlace{0x59, 7}
)

// letters14 are the forms of the characters.
var letters14 = map[byte][]segment14{
	'0': {"t", "b", "tl", "bl", "tr", "br", "trx", "blx"}, '1': {"tr", "br", "trx"}, '2': {"t", "tr", "lc", "rc", "bl", "b"},
	'3': {"t", "tr", "rc", "br", "b"}, '4': {"tl", "lc", "rc", "tr", "br"}, '5': {"t", "tl", "lc", "rc", "br", "b"},
	'6': {"t", "tl", "bl", "b", "br", "lc", "rc"}, '7': {"t", "tr", "br"}, '8': {"t", "b", "tl", "bl", "tr", "br", "lc", "rc"},
	'9': {"t", "tl", "tr", "lc", "rc", "br", "b"},
	'A': {"t", "tl", "tr", "lc", "rc", "bl", "br"}, 'B': {"t", "tc", "bc", "tr", "rc", "br", "b"}, 'C': {"t", "tl", "bl", "b"},
	'D': {"t", "tc", "bc", "tr", "br", "b"}, 'E': {"t", "tl", "lc", "bl", "b"}, 'F': {"t", "tl", "lc", "bl"},
	'G': {"t", "tl", "bl", "b", "br", "rc"}, 'H': {"tl", "bl", "tr", "br", "lc", "rc"}, 'I': {"t", "tc", "bc", "b"},
	'J': {"tr", "br", "b", "bl"}, 'K': {"tl", "bl", "lc", "trx", "brx"}, 'L': {"tl", "bl", "b"},
	'M': {"tl", "bl", "tlx", "trx", "tr", "br"}, 'N': {"tl", "bl", "tlx", "brx", "tr", "br"}, 'O': {"t", "b", "tl", "bl", "tr", "br"},
	'P': {"t", "tl", "tr", "lc", "rc", "bl"}, 'Q': {"t", "b", "tl", "bl", "tr", "br", "brx"}, 'R': {"t", "tl", "tr", "lc", "rc", "bl", "brx"},
	'S': {"t", "tlx", "rc", "br", "b"}, 'T': {"t", "tc", "bc"}, 'U': {"tl", "bl", "tr", "br", "b"},
	'V': {"tl", "bl", "blx", "trx"}, 'W': {"tl", "bl", "blx", "brx", "tr", "br"}, 'X': {"tlx", "trx", "blx", "brx"},
	'Y': {"tlx", "trx", "bc"}, 'Z': {"t", "trx", "blx", "b"},
	'-': {"lc", "rc"}, '_': {"b"}, '+': {"lc", "rc", "tc", "bc"}, '*': {"lc", "rc", "tc", "bc", "tlx", "trx", "blx", "brx"},
	'#': {"lc", "rc", "tc", "bc", "b", "br", "tr"}, '/': {"trx", "blx"}, '(': {"trx", "brx"}, ')': {"tlx", "blx"},
	'\'': {"trx"}, '"': {"tl", "tc"}, '?': {"t", "tr", "rc", "bc"},
}

// goodcomScreen gives the reports that write the whole display.
func goodcomScreen(i Indicators) []message {
	var memory [goodcomSize]byte
	set := func(p lcdPlace, on bool) {
		if on {
			memory[p.at-goodcomFirst] |= 1 << p.bit
		}
	}
	draw := func(c byte, bases []lcdPlace, groups [][]segment14) {
		for g, names := range groups {
			for n, name := range names {
				for _, lit := range letters14[c] {
					set(lcdPlace{bases[g].at, bases[g].bit + byte(n)}, lit == name)
				}
			}
		}
	}
	top := i.Line1
	if digits := i.digits(len(goodcomTop)); top == "" || digits != "" && i.Number == i.Line1 {
		top = digits // of a number, its end
	}
	for n, c := range []byte(capitals(top, len(goodcomTop))) {
		draw(c, goodcomTop[n][:], goodcomTopGroups[:])
	}
	bottom := ""
	if clock := i.clock(); clock != "" {
		bottom = clock[:2] + clock[3:]
	} else if idle := !i.OffHook && !i.Ring; idle && i.Missed > 0 {
		bottom = Indicators{Missed: i.Missed}.digits(len(goodcomBottom))
	}
	for n, c := range []byte(bottom) {
		draw(c, goodcomBottom[n][:], goodcomBottomGroups[:])
	}
	set(goodcomNew, i.Missed > 0 || i.MessageWaiting)
	set(goodcomIn, i.Ring)
	set(goodcomMute, i.Mute)

	var list []message
	for at := 0; at < goodcomSize; at += 5 {
		piece := memory[at:min(at+5, goodcomSize)]
		rep := []byte{2, 0xC1, byte(goodcomFirst + at), 0, 0, 0, 0, 0}
		if len(piece) == 2 {
			rep[1] = 0x61
		}
		copy(rep[3:], piece)
		list = append(list, message{report: rep})
	}
	return list
}
