package measure

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Weather is what a network does to the packets of one direction.
type Weather struct {
	Loss   float64       // share of the packets, 0 to 1
	Burst  float64       // mean number lost in a row; at most 1 is random loss (Bernoulli), more the model of Gilbert
	Jitter time.Duration // each packet takes up to so much longer, evenly spread
}

// String names a weather as tables do: "5 % burst3 j40".
func (w Weather) String() string {
	s := fmt.Sprintf("%.0f %%", 100*w.Loss)
	switch {
	case w.Loss == 0:
	case w.Burst > 1:
		s += fmt.Sprintf(" burst%.0f", w.Burst)
	default:
		s += " random"
	}
	return fmt.Sprintf("%s j%d", s, w.Jitter.Milliseconds())
}

// Fate is what becomes of one packet.
type Fate struct {
	Lost  bool
	Delay time.Duration // beyond that of the fastest
}

// Trace gives the fates of n packets that are sent interval apart. The first spared ones are not lost, so that a call
// begins. The order of packets is kept. The same seed gives the same fates, and loses the same packets whatever the
// jitter.
func (w Weather) Trace(n, spared int, interval time.Duration, seed uint64) []Fate {
	losses, delays := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	// The chain loses a share of Loss in runs of a mean length of Burst.
	stay, enter := w.Loss, w.Loss
	if w.Burst > 1 && w.Loss < 1 {
		stay = 1 - 1/w.Burst
		enter = w.Loss / w.Burst / (1 - w.Loss)
	}
	out := make([]Fate, n)
	lost := false
	for i := range out {
		p := enter
		if lost {
			p = stay
		}
		lost = losses.Float64() < p && i >= spared
		out[i].Lost = lost
		if w.Jitter > 0 {
			out[i].Delay = time.Duration(delays.Int64N(int64(w.Jitter)))
		}
		if i > 0 {
			out[i].Delay = max(out[i].Delay, out[i-1].Delay-interval)
		}
	}
	return out
}
