package tone

import "fmt"

// Tone names one of the sounds a telephone makes. It is comparable; the zero
// value is silence.
type Tone uint16

// The tones. Those of the keypad come from DTMF.
const (
	None        Tone = iota
	Dial             // go ahead and dial
	Ringback         // the far end is being rung
	Busy             // the far end is engaged
	Reorder          // congestion: the call cannot be put through
	CallWaiting      // someone else calls, during a call
	Confirm          // a setting was accepted; ends by itself
	Ring             // the ringer itself, for an earpiece or loudspeaker
	KeyClick         // a key without a tone of its own was pressed; ends by itself
	Recording        // the call is being recorded
	Muted            // somebody speaks into a muted microphone; ends by itself
	RingSpecial      // the ringer of a call that is to be told apart by ear
	named
)

// dtmf marks the tones whose low byte is a digit.
const dtmf Tone = 0x100

var names = [named]string{"none", "dial", "ringback", "busy", "reorder", "call-waiting", "confirm", "ring", "key-click", "recording", "muted", "ring-special"}

// DTMF returns the tone pair of a digit: '0'-'9', '*', '#', 'A'-'D' (ITU-T
// Q.23). Any other byte gives None. The pair sounds until another tone is set.
func DTMF(digit byte) Tone {
	if _, _, ok := pair(digit); !ok {
		return None
	}
	return dtmf | Tone(digit)
}

// Digit returns the digit of a DTMF tone, and whether it is one.
func (t Tone) Digit() (byte, bool) {
	if t&^0xFF != dtmf {
		return 0, false
	}
	_, _, ok := pair(byte(t))
	return byte(t), ok
}

// String returns the name as logs and JSON show it: "dial", "dtmf-5".
func (t Tone) String() string {
	if d, ok := t.Digit(); ok {
		return "dtmf-" + string(rune(d))
	}
	if t < named {
		return names[t]
	}
	return fmt.Sprintf("tone(%d)", uint16(t))
}

// The DTMF frequencies of ITU-T Q.23: rows, columns and the key where they cross.
var (
	rows = [4]float64{697, 770, 852, 941}
	cols = [4]float64{1209, 1336, 1477, 1633}
	keys = [4]string{"123A", "456B", "789C", "*0#D"}
)

// pair returns the two frequencies of a digit.
func pair(digit byte) (low, high float64, ok bool) {
	for r, line := range keys {
		for c := range line {
			if line[c] == digit {
				return rows[r], cols[c], true
			}
		}
	}
	return 0, 0, false
}
