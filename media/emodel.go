package media

import (
	"math"
	"time"
)

// Rating is an estimate of how a conversation is judged, by the E-model of
// ITU-T G.107: R from 0 to 93, and the mean opinion score from 1 to 4.5 that
// goes with it. Wideband codecs are put on the same narrowband scale, where
// they can't show that they are better than G.711.
type Rating struct{ R, MOS float64 }

// impairment is what ITU-T G.113 Appendix I says of a codec: its equipment
// impairment factor, and how well it bears random loss (G.711 with
// concealment, G.729A with VAD, GSM full rate). Of those it does not know on
// this scale, we take what G.711 has.
func impairment(codec string) (ie, bpl float64) {
	switch codec {
	case "G729":
		return 11, 19
	case "GSM":
		return 26, 43
	}
	return 0, 25.1
}

// rate is the E-model with its defaults for all that is not measured here
// (noise, loudness, no echo): R = 93.2 - Idd - Ie,eff. Loss is the share of
// packets not played (0 to 1), burst the BurstR of section 7.5 (1 for random
// loss), delay from mouth to ear.
func rate(codec string, loss, burst float64, delay time.Duration) Rating {
	ie, bpl := impairment(codec)
	ppl := 100 * loss
	ieEff := ie + (95-ie)*ppl/(ppl/max(burst, 1)+bpl)
	idd := 0.0
	if ms := delay.Seconds() * 1000; ms > 100 {
		x := math.Log2(ms / 100)
		idd = 25 * (math.Pow(1+math.Pow(x, 6), 1.0/6) - 3*math.Pow(1+math.Pow(x/3, 6), 1.0/6) + 2)
	}
	r := max(0, min(93.2-idd-ieEff, 100))
	return Rating{R: r, MOS: mos(r)}
}

// mos is annex B of G.107.
func mos(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// burstRatio is BurstR: how long bursts of loss are compared with random loss of
// the same share (G.107 section 7.5), from the length of runs.
func burstRatio(l lossRuns, lost, total uint64) float64 {
	if lost == 0 || total <= lost {
		return 1
	}
	runs := l.c14 + l.c13 + l.c23
	if l.lost > 0 {
		runs++
	}
	if runs == 0 {
		return 1
	}
	mean := float64(lost) / float64(runs)
	random := 1 / (1 - float64(lost)/float64(total))
	return max(1, mean/random)
}
