package media

import (
	"math"
	"time"
)

// Scale is the one that a Rating is on. Ratings on different scales, and their
// scores, can't be compared: 4.4 is the best telephone there was on one, and
// hardly better than a mobile phone on the other.
type Scale uint8

const (
	Narrowband Scale = iota // ITU-T G.107: R is 93.2 at best
	Wideband                // ITU-T G.107.1: R is 129 at best
)

func (s Scale) String() string {
	if s == Wideband {
		return "wideband"
	}
	return "narrowband"
}

// Rating is an estimate of how a conversation is judged, by the E-model of
// ITU-T G.107, or the wideband one of G.107.1 for codecs that carry more than a
// telephone: R from 0 to 93 or 129, and the mean opinion score from 1 to 4.5 that
// goes with it. Opus, which may carry more yet, is rated as wideband: for the
// fullband model (G.107.2) no figures of it are published.
type Rating struct {
	R, MOS float64
	Scale  Scale
}

// impairment is what ITU-T G.113 says of a codec: its equipment impairment
// factor, and how well it bears random loss.
//
// On the narrowband scale (appendix I) these are G.711 with concealment, G.729A
// with VAD and GSM full rate. On the wideband scale (09/2024, appendix IV, tables
// IV.1 and IV.4) linear PCM is what all else is compared with, and G.722 at 64
// kbit/s has 13. Of Opus nothing is published; at the rates that we use it is no
// worse than AMR-WB at 23.05 kbit/s, which has 1. How loss is borne is told of
// AMR-WB alone, 4.9 at best, which all get here: rather too strict than too kind.
func impairment(codec string) (ie, bpl float64, scale Scale) {
	switch codec {
	case "G729":
		return 11, 19, Narrowband
	case "GSM":
		return 26, 43, Narrowband
	case "L16":
		return 0, 4.9, Wideband
	case "OPUS":
		return 1, 4.9, Wideband
	case "G722":
		return 13, 4.9, Wideband
	}
	return 0, 25.1, Narrowband
}

// rate is the E-model with its defaults for all that is not measured here
// (noise, loudness, no echo): R = 93.2 - Idd - Ie,eff, and 129 in place of 93.2 on
// the wideband scale (G.107.1 equation 7-1), whose other terms are the same. Loss
// is the share of packets not played (0 to 1), burst the BurstR of G.107 section
// 7.5 (1 for random loss), delay from mouth to ear.
func rate(codec string, loss, burst float64, delay time.Duration) Rating {
	ie, bpl, scale := impairment(codec)
	ppl := 100 * loss
	ieEff := ie + (95-ie)*ppl/(ppl/max(burst, 1)+bpl) // the same 95 on both (G.107.1 equation 7-15)
	idd := 0.0
	if ms := delay.Seconds() * 1000; ms > 100 {
		x := math.Log2(ms / 100)
		idd = 25 * (math.Pow(1+math.Pow(x, 6), 1.0/6) - 3*math.Pow(1+math.Pow(x/3, 6), 1.0/6) + 2)
	}
	if scale == Wideband {
		r := max(0, min(129-idd-ieEff, 129))
		return Rating{R: r, MOS: mos(r / 1.29), Scale: scale} // G.107.1 annex A
	}
	r := max(0, min(93.2-idd-ieEff, 100))
	return Rating{R: r, MOS: mos(r), Scale: scale}
}

// hundred is R in parts of a hundred, as reports on the wire have it (RFC 3611
// section 4.7.5).
func (r Rating) hundred() float64 {
	if r.Scale == Wideband {
		return r.R / 1.29
	}
	return r.R
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
