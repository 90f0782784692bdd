package dsp

import "math"

// residual takes out what the canceller leaves of an echo while nobody talks
// here. It follows how loud the loudspeaker was lately, learns how far below
// that the leavings are (coupling), and makes periods softer that are no louder
// than these. Who talks here is louder than leavings, and passes.
//
//	louder than the leavings by   less than 3 dB   3 to 9 dB        more
//	gain                          -20 dB           between          1
//
// The zero value is ready.
type residual struct {
	played   float64 // dB, the loudspeaker's level, dying away as a room does
	coupling float64 // dB, from played to what is left of it, of most periods
	learnt   int     // periods with the loudspeaker on that were seen
	gain     float64 // of the last period, less 1
}

const (
	residualQuiet = 30.0 // dB of 1: a loudspeaker softer than that makes no echo that matters
	residualDecay = 1.5  // dB in a period: a room in which sound dies 60 dB in 400 ms
	// The coupling creeps to where four fifths of the periods are below it, fast
	// at first.
	residualUp, residualDown = 0.10, 0.025
	residualHurry            = 100 // periods
	residualCut              = 0.1
)

// period is to be called with the energy (mean square) of what the loudspeaker
// plays and of what the canceller left of the microphone. It changes out.
func (r *residual) period(ear, out []int16) {
	level := decibels(ear)
	r.played = math.Max(level, r.played-residualDecay)
	want := 1.0
	if r.played > residualQuiet {
		over := decibels(out) - r.played
		r.learn(over)
		switch above := over - r.coupling; {
		case above < 3:
			want = residualCut
		case above < 9:
			want = residualCut * math.Pow(1/residualCut, (above-3)/6)
		}
	}
	from := r.gain + 1
	to := want
	if want < from { // speech ends softly, and begins at once
		to = from + (want-from)/2
	}
	r.gain = to - 1
	for i, s := range out {
		g := from + (to-from)*float64(i+1)/float64(len(out))
		out[i] = int16(float64(s) * g)
	}
}

func (r *residual) learn(over float64) {
	up, down := residualUp, residualDown
	if r.learnt == 0 {
		r.coupling = over
	}
	if r.learnt < residualHurry {
		r.learnt++
		up, down = 8*up, 8*down
	}
	if over > r.coupling {
		r.coupling += up
	} else {
		r.coupling -= down
	}
	// Leavings are no louder than the echo; what is, is somebody.
	r.coupling = math.Min(r.coupling, 0)
}

func decibels(x []int16) float64 {
	sum := 1.0
	for _, s := range x {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(sum/float64(len(x)))
}
