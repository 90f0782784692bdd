package tone

import "math"

// Keys hears the keys of a telephone (ITU-T Q.23) in the sound of a call as it
// comes, and tells each once, while it is held. It is made for ITU-T Q.24:
//
//   - a key sounds for 40 ms or more; what is shorter than 25 ms is none
//   - each of its two tones is within 1.5 % of its frequency; none is 3.5 % off
//   - the tone of the column is at most 4 dB louder and 8 dB softer than that of
//     the row, and either has -30 dBm0 or more
//   - a gap of 10 ms does not make two keys of one, a pause of 40 ms does
//   - speech is no key: nearly all power must be in the two tones, steadily
//
// Every 5 ms it looks at the latest 25 ms: at two windows of 20 ms (Hann, so that
// tones are no matter to each other), 5 ms apart. Between them the phase of a
// tone goes on as its frequency says, which is known to a hertz by that, however
// wide the window's own band is.
//
//	5 ms:   ├────┼────┼────┼────┼────┤   all about as loud
//	         ╰─────── 1 ────────╯
//	              ╰─────── 2 ────────╯   what is heard, how loud
//
// Sound of 48 and 16 kHz is brought down to 8 kHz first. Nothing is allocated.
// One goroutine owns it; the zero value is of no use, see NewKeys.
type Keys struct {
	every int // samples that make one of 8 kHz
	sum   float32
	had   int // of them

	recent [span]float32
	blocks [span / step]float32 // energy of each 5 ms of recent
	fresh  int                  // samples since the last look

	candidate byte // what the latest looks saw, without a break
	looks     int
	down      byte // the key that was told and is held; 0: none
	missed    int  // looks since it was seen
}

const (
	keysRate = 8000
	step     = keysRate / 200 // 5 ms
	wide     = 4 * step       // a window
	span     = wide + step

	keyLooks   = 3  // of a key that has been there for 35 ms
	keyMissed  = 10 // of a key that is up: what is in the windows still, and a gap of more than 10 ms
	deviation  = 0.025
	keyShare   = 0.88 // of the power must be in the two tones
	roughShare = 0.35 // before the frequencies are known
	unsteady   = 6    // the loudest 5 ms to the softest
)

// Limits in dB, with a little room for noise: column above row, below it.
var (
	twistUp, twistDown = ratio(5.5), ratio(-9.5)
	keyFloor           = float32(fullScale) * ratio(-33-3.14)
)

func ratio(db float64) float32 { return float32(math.Pow(10, db/10)) }

// probe is what a window is multiplied with to find one frequency.
type probe struct {
	cos, sin [wide]float32
	omega    float64 // radians a sample
}

var (
	hann         [wide]float32
	hannPower    float32 // Σ hann²
	rowProbes    [4]probe
	columnProbes [4]probe
)

func init() {
	sum := 0.0
	for i := range hann {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/wide)
		hann[i] = float32(w)
		hannPower += float32(w * w)
		sum += w
	}
	fill := func(p *probe, hz float64) {
		p.omega = 2 * math.Pi * hz / keysRate
		for i := range hann {
			// A sine of power 1 gives a square of 1.
			s, c := math.Sincos(p.omega * float64(i))
			p.cos[i], p.sin[i] = float32(c*float64(hann[i])*math.Sqrt2/sum), float32(s*float64(hann[i])*math.Sqrt2/sum)
		}
	}
	for i := range 4 {
		fill(&rowProbes[i], rows[i])
		fill(&columnProbes[i], cols[i])
	}
}

// NewKeys makes a detector for sound of a rate: 8000, 16000 or 48000 Hz; nil for
// another.
func NewKeys(rate int) *Keys {
	switch rate {
	case keysRate, 2 * keysRate, 6 * keysRate:
		return &Keys{every: rate / keysRate}
	}
	return nil
}

// Hear takes the next samples and returns the key that was found to be pressed
// in them, 0 for none. At most one key is told for 30 ms of sound or less.
func (k *Keys) Hear(samples []int16) (key byte) {
	for _, s := range samples {
		k.sum += float32(s)
		if k.had++; k.had < k.every {
			continue
		}
		at := wide + k.fresh
		k.recent[at] = k.sum / float32(k.every)
		k.sum, k.had = 0, 0
		if k.fresh++; k.fresh < step {
			continue
		}
		k.fresh = 0
		if d := k.follow(k.look()); d != 0 {
			key = d
		}
		copy(k.recent[:], k.recent[step:])
	}
	return key
}

// follow makes keys of what is seen every 5 ms.
func (k *Keys) follow(seen byte) (key byte) {
	switch {
	case seen == 0 || seen != k.candidate:
		k.candidate, k.looks = seen, min(1, int(seen))
	default:
		k.looks++
	}
	if seen != 0 && seen == k.down {
		k.missed = 0
		return 0
	}
	if k.missed++; k.missed >= keyMissed {
		k.down = 0
	}
	if seen == 0 || k.looks < keyLooks {
		return 0
	}
	k.down, k.missed = seen, 0
	return seen
}

// look says which key is in the latest 25 ms; 0: none.
func (k *Keys) look() byte {
	copy(k.blocks[:], k.blocks[1:])
	last := float32(0)
	for _, x := range k.recent[wide:] {
		last += x * x
	}
	k.blocks[len(k.blocks)-1] = last
	least, most := k.blocks[0], k.blocks[0]
	for _, b := range k.blocks[1:] {
		least, most = min(least, b), max(most, b)
	}
	if least*unsteady < most || most < step*keyFloor {
		return 0
	}
	window := (*[wide]float32)(k.recent[step:])
	total := float32(0)
	for i, x := range window {
		x *= hann[i]
		total += x * x
	}
	total /= hannPower
	row, low := best(&rowProbes, window)
	if low.power() < total*roughShare/(1+twistUp) {
		return 0
	}
	column, high := best(&columnProbes, window)
	if low.power()+high.power() < total*roughShare {
		return 0
	}
	before := (*[wide]float32)(k.recent[:])
	l, ok := rowProbes[row].measure(before, low)
	if !ok {
		return 0
	}
	h, ok := columnProbes[column].measure(before, high)
	if !ok || min(l, h) < keyFloor || l+h < total*keyShare || h > l*twistUp || h < l*twistDown {
		return 0
	}
	return keys[row][column]
}

// phasor is a tone in a window: its square is its power.
type phasor struct{ re, im float32 }

func (p phasor) power() float32 { return p.re*p.re + p.im*p.im }

// in correlates a window with the probe.
func (p *probe) in(window *[wide]float32) (v phasor) {
	for i, x := range window {
		v.re += x * p.cos[i]
		v.im -= x * p.sin[i]
	}
	return v
}

// best gives the probe that finds most in a window.
func best(probes *[4]probe, window *[wide]float32) (at int, v phasor) {
	for i := range probes {
		if w := probes[i].in(window); w.power() > v.power() {
			at, v = i, w
		}
	}
	return at, v
}

// measure finds the frequency of a tone, which is now in a window and was in
// the one 5 ms before, and with that its power; false: it is too far off.
func (p *probe) measure(before *[wide]float32, now phasor) (power float32, ok bool) {
	was := p.in(before)
	turned := math.Atan2(float64(now.im*was.re-now.re*was.im), float64(now.re*was.re+now.im*was.im))
	off := math.Remainder(turned-p.omega*step, 2*math.Pi) / step // radians a sample
	if math.Abs(off) > p.omega*deviation {
		return 0, false
	}
	// The probe sees less of what is beside its frequency (the transform of Hann's window).
	x := off * wide / (2 * math.Pi) // in bins
	gain := 1.0
	if math.Abs(x) > 1e-3 {
		gain = math.Sin(math.Pi*x) / (math.Pi * x * (1 - x*x))
	}
	return now.power() / float32(gain*gain), true
}
