package measure

import (
	"math"
	"time"
)

// Judgement is how speech was heard at the other end of a call.
type Judgement struct {
	ESTOI float64 // see ESTOI, after each stretch was put where it was said
	// Delay is the median by which a stretch is heard later than it was said, Late the 95th percentile.
	Delay, Late time.Duration
	// Spoilt is the share of the frames of 20 ms of speech that differ more from what was said than they are like it
	// (a signal-to-noise ratio of 0 dB or less): what was lost, and what was made up in its place without likeness.
	Spoilt float64
	// Steps is how often the delay changed by more than 4 ms.
	Steps int
}

const (
	stretch = 320 * time.Millisecond // is put in its place as a whole
	near    = 80 * time.Millisecond  // where the next one is looked for first
	sure    = 0.6                    // likeness that is believed
	step    = 4 * time.Millisecond
	frame   = 20 * time.Millisecond
	softest = 30.0 // dB below the mean: a frame softer than that says nothing
)

// Judge compares what was heard with what was said: samples at rate Hz whose first ones are of the same moment. Delays
// from 0 to maxLag are looked for. A call may change its delay at any time: that costs nothing here but what is heard
// of the change. Nothing found gives a Judgement that is zero but for Spoilt, which is 1.
func Judge(said, heard []int16, rate int, maxLag time.Duration) Judgement {
	n, most := samples(stretch, rate), samples(maxLag, rate)
	placed := make([]int16, 0, len(said))
	var delays []float64
	var j Judgement
	lag, known := 0, false
	for at := 0; at+n <= len(said) && at+n <= len(heard); at += n {
		w := said[at : at+n]
		if Level(w) >= speechMin {
			p := peak{}
			if known {
				p = between(w, heard, at, lag-samples(near, rate), lag+samples(near, rate))
			}
			if p.likeness < sure {
				if q := between(w, heard, at, 0, most); q.likeness >= sure {
					p = q
				}
			}
			if p.likeness >= sure {
				if known && math.Abs(float64(p.lag-lag)) > float64(samples(step, rate)) {
					j.Steps++
				}
				lag, known = p.lag, true
				delays = append(delays, float64(lag)/float64(rate))
			}
		}
		from, to := min(at+lag, len(heard)), min(at+lag+n, len(heard))
		placed = append(placed, heard[from:to]...)
		placed = append(placed, make([]int16, n-(to-from))...)
	}
	if !known {
		return Judgement{Spoilt: 1}
	}
	said = said[:len(placed)]
	j.ESTOI = ESTOI(said, placed, rate)
	j.Delay = time.Duration(Percentile(delays, 0.5) * float64(time.Second))
	j.Late = time.Duration(Percentile(delays, 0.95) * float64(time.Second))
	j.Spoilt = spoilt(said, placed, samples(frame, rate))
	return j
}

// between looks for w, said at a moment, in what was heard from lag low to high after it.
func between(w, heard []int16, at, low, high int) peak {
	low = max(0, low)
	from, to := at+low, min(len(heard), at+high+len(w))
	if to-from < len(w) {
		return peak{}
	}
	p := best(w, heard[from:to])
	p.lag += low
	return p
}

// spoilt compares frames of n samples, after what was heard has been brought to the level of what was said.
func spoilt(said, heard []int16, n int) float64 {
	var both, power float64
	for i, h := range heard {
		both += float64(said[i]) * float64(h)
		power += float64(h) * float64(h)
	}
	gain := both / max(1, power)
	least := Level(said) - softest
	bad, all := 0, 0
	for at := 0; at+n <= len(said); at += n {
		if Level(said[at:at+n]) < least {
			continue
		}
		all++
		var signal, off float64
		for i := at; i < at+n; i++ {
			s := float64(said[i])
			d := s - gain*float64(heard[i])
			signal += s * s
			off += d * d
		}
		if off >= signal {
			bad++
		}
	}
	return float64(bad) / float64(max(1, all))
}
