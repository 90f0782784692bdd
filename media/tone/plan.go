package tone

import (
	"slices"
	"time"
)

// Component is one sine of a tone.
type Component struct {
	Hz   float64
	DBm0 float64 // level; see the package comment
}

// Step is one part of a cadence: a sound, or a pause when there is none. Its
// components sound together.
type Step struct {
	Sound []Component
	For   time.Duration // 0: without end
}

// Pattern is what a tone sounds like.
type Pattern struct {
	Steps []Step
	Once  bool // play the steps once, not round and round
}

// Plan is how the tones of one country (or one set) sound. A Plan is read-only
// once in use. DTMF pairs are the same everywhere and need no entry.
type Plan map[Tone]Pattern

// Levels. E.180 asks for dial, ringing, busy and congestion tone at -10 dBm0;
// the call-waiting tone is softer since it sounds on top of speech. The DTMF
// pair has the higher frequency 2 dB above the lower, for lines that lose treble.
const (
	lineLevel     = -10
	waitingLevel  = -16
	ringLevel     = -15 // each note; an earpiece may be at the ear when it starts
	clickLevel    = -22
	dtmfLowLevel  = -11
	dtmfHighLevel = -9
)

const ms = time.Millisecond

// line is the frequency of E.180 for all tones of the line.
var line = []Component{{Hz: 425, DBm0: lineLevel}}

// Default is the plan of E.180: 425 Hz, told apart by cadence.
var Default = Plan{
	Dial:     {Steps: []Step{{Sound: line}}},
	Ringback: {Steps: []Step{{line, 1000 * ms}, {nil, 4000 * ms}}},
	Busy:     {Steps: []Step{{line, 500 * ms}, {nil, 500 * ms}}},
	Reorder:  {Steps: []Step{{line, 250 * ms}, {nil, 250 * ms}}},
	CallWaiting: {Steps: []Step{
		{[]Component{{425, waitingLevel}}, 200 * ms}, {nil, 200 * ms},
		{[]Component{{425, waitingLevel}}, 200 * ms}, {nil, 4400 * ms},
	}},
	Confirm: {Once: true, Steps: []Step{
		{line, 100 * ms}, {nil, 100 * ms}, {line, 100 * ms}, {nil, 100 * ms}, {line, 100 * ms},
	}},
	Ring: {Steps: warble(784, 988, 50*ms, 1000*ms, 4000*ms)},
	// The same set a third lower, twice in a row.
	RingSpecial: {Steps: slices.Concat(warble(622, 740, 50*ms, 300*ms, 200*ms), warble(622, 740, 50*ms, 300*ms, 3200*ms))},
	// The beep of E.180 clause 10: half a second at 1400 Hz, every 15 s.
	Recording: {Steps: []Step{{[]Component{{1400, waitingLevel}}, 500 * ms}, {nil, 14500 * ms}}},
	Muted: {Once: true, Steps: []Step{
		{[]Component{{350, waitingLevel}}, 80 * ms}, {nil, 80 * ms}, {[]Component{{350, waitingLevel}}, 80 * ms},
	}},
	KeyClick: {Once: true, Steps: []Step{{[]Component{{1200, clickLevel}}, 12 * ms}}},
}

// warble alternates two notes for a while, then pauses: the ringer of an
// electronic telephone. The notes are a major third apart.
func warble(a, b float64, each, ring, pause time.Duration) []Step {
	var steps []Step
	for at := time.Duration(0); at < ring; at += 2 * each {
		steps = append(steps,
			Step{[]Component{{a, ringLevel}}, each},
			Step{[]Component{{b, ringLevel}}, each})
	}
	return append(steps, Step{nil, pause})
}

// pattern returns how a tone sounds in this plan; false when the plan does not
// say, or for None.
func (p Plan) pattern(t Tone) (Pattern, bool) {
	if d, ok := t.Digit(); ok {
		low, high, _ := pair(d)
		return Pattern{Steps: []Step{{Sound: []Component{{low, dtmfLowLevel}, {high, dtmfHighLevel}}}}}, true
	}
	got, ok := p[t]
	if !ok {
		got, ok = Default[t]
	}
	return got, ok && len(got.Steps) > 0
}
