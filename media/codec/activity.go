package codec

import "math"

// VoiceActivity tells speech from a pause, period by period, for senders that
// leave pauses out. It errs towards speech: a word cut short is worse than a
// packet too many.
//
//	level and hiss of a period ─┬─ 6 dB over their floors, or loud ──► speech
//	                            └─ else ─ 250 ms after speech, ──────► speech
//	                                     │ 30 ms after a click
//	                                     └ later ────────────────────► pause
//
// Hiss is the level of the differences between samples: s and f stand out by it
// before they do by their loudness. The floors are the softest 50 ms that were
// heard, and rise by 2 dB a second beside. The zero value is ready, and begins with
// speech. One goroutine owns it.
type VoiceActivity struct {
	known    bool
	mean     [2]float64 // mean square of the last periods: of the samples, of their differences
	floor    [2]float64 // dBov: of the level, of the hiss
	loud     int        // periods in a row that were not soft
	hangover int        // periods that count as speech whatever is heard
	last     int16      // sample of the period before
	quiet    bool       // the last period was soft by itself
}

const (
	activityOver     = 6.0   // dB over the floor
	activityLoud     = -40.0 // dBov: no background is as loud as that
	activityLeast    = -75.0 // dBov: no floor is below
	activityRise     = 0.02  // dB a period
	activityHangover = 25    // periods of 10 ms
	activityClick    = 3     // periods: fewer in a row are a click, and the time after one
)

// Period takes 10 ms of sound at any rate and tells whether it is to be sent.
func (v *VoiceActivity) Period(pcm []int16) bool {
	var sums [2]float64
	for _, s := range pcm {
		d := float64(s) - float64(v.last)
		sums[0] += float64(s) * float64(s)
		sums[1] += d * d
		v.last = s
	}
	first := !v.known
	v.known, v.quiet = true, !first
	for i, sum := range sums {
		square := sum / float64(max(1, len(pcm)))
		level := decibels(square)
		if first {
			v.mean[i], v.floor[i] = square, max(activityLeast, level)
		}
		v.mean[i] += (square - v.mean[i]) / 5
		v.floor[i] = min(v.floor[i]+activityRise, max(activityLeast, decibels(v.mean[i])))
		if level > v.floor[i]+activityOver || i == 0 && level > activityLoud {
			v.quiet = false
		}
	}
	if !v.quiet {
		if v.loud++; v.loud >= activityClick || first {
			v.hangover = activityHangover
		}
		v.hangover = max(v.hangover, activityClick)
		return true
	}
	v.loud = 0
	if v.hangover > 0 {
		v.hangover--
		return true
	}
	return false
}

// Quiet tells whether the last period was soft by itself, in the time after
// speech as well: that is how the background sounds.
func (v *VoiceActivity) Quiet() bool { return v.quiet }

// decibels of a mean square, against that of a square wave of full scale (dBov).
func decibels(square float64) float64 {
	return 10 * math.Log10((square+1e-9)/(32768*32768))
}
