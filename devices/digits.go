package devices

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// segments are the seven segments of a digit by their usual letters, a at the top
// and on clockwise, g in the middle.
type segments uint8

const (
	segA segments = 1 << iota
	segB
	segC
	segD
	segE
	segF
	segG
)

// segmentsOf are the forms of what displays of digits can show. A star and a hash
// have a place but no form.
var segmentsOf = map[byte]segments{
	'0': segA | segB | segC | segD | segE | segF, '1': segB | segC, '2': segA | segB | segD | segE | segG,
	'3': segA | segB | segC | segD | segG, '4': segB | segC | segF | segG, '5': segA | segC | segD | segF | segG,
	'6': segA | segC | segD | segE | segF | segG, '7': segA | segB | segC,
	'8': segA | segB | segC | segD | segE | segF | segG, '9': segA | segB | segC | segD | segF | segG,
	'-': segG, '*': 0, '#': 0, ' ': 0,
}

// digits is what a display of so many digits shows: the end of the number in the
// hand, else how many calls were missed. Of a text that is no number, nothing.
func (i Indicators) digits(most int) string {
	number := i.Number
	if number == "" {
		number = i.Line1
	}
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune("()./ ", r) {
			return -1
		}
		return r
	}, strings.TrimPrefix(number, "+"))
	for _, r := range []byte(number) {
		if _, ok := segmentsOf[r]; !ok {
			number = ""
			break
		}
	}
	if number == "" && i.Missed > 0 && !i.OffHook && !i.Ring {
		number = strconv.Itoa(i.Missed)
	}
	return number[max(0, len(number)-most):]
}

// clock is the time that a call has lasted in four digits and a colon, as displays
// have them for the time of day: minutes and seconds, from an hour on hours and
// minutes. Empty without a call.
func (i Indicators) clock() string {
	minutes, seconds := int(i.Elapsed/time.Minute), int(i.Elapsed%time.Minute/time.Second)
	switch {
	case i.Elapsed <= 0:
		return ""
	case minutes < 60:
		return fmt.Sprintf("%02d:%02d", minutes, seconds)
	}
	return fmt.Sprintf("%02d:%02d", minutes/60%100, minutes%60)
}

// oneLine is what a display of a single line shows: who is called or calls, or the
// missed calls; during a call, that and its length in turns of four seconds.
func (i Indicators) oneLine() string {
	const turn = 4 * time.Second
	switch {
	case i.Elapsed > 0 && i.Elapsed/turn%2 == 1:
		return i.clock()
	case !i.OffHook && !i.Ring && i.Missed > 0 && i.Line2 != "":
		return i.Line2
	case i.Line1 != "":
		return i.Line1
	}
	return i.Line2
}

// capitals is a text for a display of capital letters: in ASCII, what has no letter
// replaced, at most so many characters.
func capitals(text string, most int) string {
	var out strings.Builder
	for _, r := range text {
		if r < ' ' || r == 0x7F {
			r = ' '
		}
		out.WriteString(strings.ToUpper(plain(r)))
		if out.Len() >= most {
			break
		}
	}
	return out.String()[:min(out.Len(), most)]
}

// bit is 1 for true.
func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}
