package tone

// Rate is the sample rate of a Generator, in Hz.
const Rate = 48000

// Tone names one of the sounds a telephone makes. It is comparable; the zero
// value is silence.
type Tone uint16

// The tones.
const (
	None        Tone = iota
	Dial             // dial tone: go ahead
	Ringback         // the far end rings
	Busy             // the far end is engaged
	Reorder          // the call cannot be put through
	CallWaiting      // someone else calls, during a call
	Confirm          // a setting was accepted
	Ring             // the ringer itself
	KeyClick         // a key was pressed
)

// DTMF returns the tone pair of a digit: 0-9, *, #, A-D. Any other byte gives None.
func DTMF(digit byte) Tone { return Tone(0x100) | Tone(digit) }

// Generator plays one tone at a time.
type Generator struct{ tone Tone }

// Set changes the tone.
func (g *Generator) Set(t Tone) { g.tone = t }

// Tone returns the tone last set.
func (g *Generator) Tone() Tone { return g.tone }

// Fill overwrites out with the next samples.
func (g *Generator) Fill(out []int16) { clear(out) }
