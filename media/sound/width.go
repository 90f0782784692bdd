package sound

import "offhook/media/sound/ring"

// In periods of 10 ms:
const (
	widenWithin = 200    // two late periods this close call for more distance
	narrowFirst = 1000   // how long one period less must have sufficed before that is tried
	narrowLast  = 16_000 // the same after many times that it was too little
)

// width finds how many periods the ring has to be ahead: one more when answers are late, one less when that would have
// been enough for a while. It is owned by the audio goroutine.
type width struct {
	sinceLate int // periods
	spare     int // periods in which one less would have been enough
	trial     int // how many there must be
}

func newWidth() width { return width{sinceLate: widenWithin, trial: narrowFirst} }

// judge is told how many periods have come, and how many of them had no answer in time; it reports whether the distance is
// another now.
func (w *width) judge(p *ring.Program, came, late int) bool {
	if w.spare += came; p.Spare() < 1 {
		w.spare = 0
	}
	if late == 0 {
		w.sinceLate = min(w.sinceLate+came, widenWithin)
		if w.spare < w.trial || !p.Narrow() {
			return false
		}
		w.spare = 0
		return true
	}
	again := w.sinceLate < widenWithin
	w.sinceLate = 0
	if !again || !p.Widen() {
		return false
	}
	// The new distance is judged by itself.
	w.sinceLate, w.spare, w.trial = widenWithin, 0, min(2*w.trial, narrowLast)
	return true
}
