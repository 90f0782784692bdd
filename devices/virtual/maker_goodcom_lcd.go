package virtual

import (
	"slices"
	"strings"
)

// The LCD of the GoodCom is a memory of 32 bytes that begins at 40: the segments of
// its characters in groups, as ezrec/ip-usbph has them.

// lit tells whether a bit of the memory, "57.6", is set.
func (f *goodcomFirmware) lit(at, bit byte) bool { return f.lcd[at-0x40]>>bit&1 == 1 }

// goodcomA to goodcomE are the groups of segments in the order of their bits, by
// the source's names.
var (
	goodcomA = []string{"B", "BC", "TC", "T"}
	goodcomB = []string{"BR", "BRX", "RC", "TRX", "TR"}
	goodcomC = []string{"BL", "BLX", "LC", "TLX", "TL"}
	goodcomD = []string{"T", "TL", "TLX", "LC", "BC", "BLX", "BL"}
	goodcomE = []string{"TR", "TRX", "TC", "RC", "BRX", "BR", "B"}
)

type goodcomGroup struct {
	at, bit byte
	names   []string
}

// characters are those of the top line and of the bottom line.
func goodcomCharacters() (top, bottom [][]goodcomGroup) {
	for _, at := range [][3]byte{
		{0x56, 0x55, 0x57}, {0x53, 0x52, 0x54}, {0x50, 0x4F, 0x51}, {0x41, 0x42, 0x40},
		{0x44, 0x4E, 0x43}, {0x4D, 0x4C, 0x45}, {0x4B, 0x4A, 0x46}, {0x48, 0x47, 0x49},
	} {
		top = append(top, []goodcomGroup{{at[0], 1, goodcomA}, {at[1], 0, goodcomB}, {at[2], 0, goodcomC}})
	}
	for at := byte(0x58); at < 0x60; at += 2 {
		bottom = append(bottom, []goodcomGroup{{at, 0, goodcomD}, {at + 1, 0, goodcomE}})
	}
	return top, bottom
}

// goodcomForms are what a person reads in the segments that are lit, sorted.
var goodcomForms = map[string]byte{
	"": ' ', "B BL BLX BR T TL TR TRX": '0', "BR TR TRX": '1', "B BL LC RC T TR": '2', "B BR RC T TR": '3', "BR LC RC TL TR": '4',
	"B BR LC RC T TL": '5', "B BL BR LC RC T TL": '6', "BR T TR": '7', "B BL BR LC RC T TL TR": '8', "B BR LC RC T TL TR": '9',
	"BL BR LC RC T TL TR": 'A', "B BL T TL": 'C', "B BC BR T TC TR": 'D', "B BL LC T TL": 'E', "BL LC T TL": 'F', "B BC T TC": 'I',
	"B BL TL": 'L', "BL BR TL TLX TR TRX": 'M', "BL BR BRX TL TLX TR": 'N', "B BL BR T TL TR": 'O', "BL BRX LC RC T TL TR": 'R',
	"BC T TC": 'T', "BL BRX LC TL TRX": 'K', "BL BR LC RC TL TR": 'H', "LC RC": '-', "BC TLX TRX": 'Y', "B BR RC T TLX": 'S', "B BL BR RC T TL": 'G',
	"B BC BR RC T TC TR": 'B', "B BL BR TL TR": 'U', "BL LC RC T TL TR": 'P', "B BLX T TRX": 'Z',
}

func (f *goodcomFirmware) display() []string {
	read := func(characters [][]goodcomGroup) string {
		var line []byte
		for _, groups := range characters {
			var lit []string
			for _, g := range groups {
				for n, name := range g.names {
					if f.lit(g.at, g.bit+byte(n)) {
						lit = append(lit, name)
					}
				}
			}
			slices.Sort(lit)
			c, ok := goodcomForms[strings.Join(lit, " ")]
			if !ok {
				c = '?'
			}
			line = append(line, c)
		}
		return strings.TrimRight(string(line), " ")
	}
	top, bottom := goodcomCharacters()
	var icons []string
	for _, icon := range []struct {
		name    string
		at, bit byte
	}{{"NEW", 0x58, 7}, {"IN", 0x57, 6}, {"OUT", 0x57, 5}, {"mute", 0x59, 7}, {"lock", 0x5A, 7}} {
		if f.lit(icon.at, icon.bit) {
			icons = append(icons, icon.name)
		}
	}
	return []string{read(top), strings.Join(icons, " "), read(bottom)}
}
