package tone

import (
	"math"
	"time"
)

// Rate is the sample rate of a Generator, in Hz.
const Rate = 48000

// fade is the length of every edge, in samples: 5 ms. Shorter clicks, longer
// blurs short cadences.
const fade = Rate / 200

// zeroDBm0 is the peak of a sine of 0 dBm0 in 16-bit samples: 3.14 dB below
// full scale.
var zeroDBm0 = math.MaxInt16 * math.Pow(10, -3.14/20)

// voices is how many sines can sound at once in a step; more are left out.
const voices = 4

// Generator plays one tone at a time, at Rate. The zero value is silent and
// ready, with the Default plan. It is owned by one goroutine. It never
// allocates once made.
//
// Notes of neighbouring steps overlap for the length of a fade, and so do the
// old and the new tone after Set: no edge is ever abrupt.
type Generator struct {
	// Plan is how tones sound; nil means Default. A change takes effect with
	// the next Set.
	Plan Plan

	tone    Tone
	pattern Pattern
	step    int
	left    int  // samples left in the step; -1: without end
	playing bool // the pattern has not come to its end

	now, old chord // the sound of this step, and the one fading out
}

// chord is a few sines under one envelope.
type chord struct {
	n     int
	sines [voices]oscillator
	gain  int // 0..fade, position in the edge
}

// oscillator is a sine by rotation of a unit vector: exact in frequency, and
// renormalised at each block so that its level never drifts.
type oscillator struct {
	re, im float64
	cos    float64
	sin    float64
	peak   float64
}

// edge is a raised cosine from 0 to 1.
var edge = func() (e [fade + 1]float64) {
	for i := range e {
		e[i] = (1 - math.Cos(math.Pi*float64(i)/fade)) / 2
	}
	return e
}()

// Set changes the tone, beginning its cadence anew; what sounded fades out
// while the new one fades in. Setting the tone that is set already changes
// nothing, except that a tone which ended by itself plays again.
func (g *Generator) Set(t Tone) {
	if t == g.tone && (g.playing || t == None) {
		return
	}
	g.tone = t
	g.release()
	if g.pattern, g.playing = g.Plan.pattern(t); g.playing {
		g.enter(0)
	}
}

// Tone returns the tone last set.
func (g *Generator) Tone() Tone { return g.tone }

// Silent reports that Fill would write only zeros until the next Set: nothing
// is set, or a tone that ends by itself has ended and faded.
func (g *Generator) Silent() bool { return !g.playing && g.now.n == 0 && g.old.n == 0 }

// Fill overwrites out with the next samples.
func (g *Generator) Fill(out []int16) {
	clear(out)
	g.Mix(out)
}

// Mix adds the next samples to out, limiting at full scale.
func (g *Generator) Mix(out []int16) {
	for len(out) > 0 && !g.Silent() {
		n := min(len(out), Rate/100)
		if g.playing && g.left >= 0 {
			n = min(n, g.left)
		}
		for i := range out[:n] {
			v := g.now.next(true) + g.old.next(false)
			out[i] = limit(float64(out[i]) + v)
		}
		g.now.settle()
		g.old.settle()
		out = out[n:]
		g.advance(n)
	}
}

// advance moves through the cadence by n samples, never past the end of a step.
func (g *Generator) advance(n int) {
	if !g.playing || g.left < 0 {
		return
	}
	if g.left -= n; g.left > 0 {
		return
	}
	g.release()
	next := g.step + 1
	if next == len(g.pattern.Steps) {
		if g.pattern.Once {
			g.playing = false
			return
		}
		next = 0
	}
	g.enter(next)
}

// release lets the present sound fade out. When another is still fading, as
// after two calls of Set within 5 ms, the louder of the two is kept.
func (g *Generator) release() {
	if g.now.n > 0 && (g.old.n == 0 || g.now.gain >= g.old.gain) {
		g.old = g.now
	}
	g.now = chord{}
}

// enter starts a step.
func (g *Generator) enter(step int) {
	g.step = step
	s := g.pattern.Steps[step]
	g.left = -1
	if s.For > 0 {
		g.left = max(1, int(int64(s.For)*Rate/int64(time.Second)))
	}
	for _, c := range s.Sound[:min(len(s.Sound), voices)] {
		w := 2 * math.Pi * c.Hz / Rate
		g.now.sines[g.now.n] = oscillator{re: 1, cos: math.Cos(w), sin: math.Sin(w), peak: zeroDBm0 * math.Pow(10, c.DBm0/20)}
		g.now.n++
	}
}

// next returns one sample of the chord, its envelope going up or down.
func (c *chord) next(up bool) float64 {
	if c.n == 0 {
		return 0
	}
	v := 0.0
	for i := range c.sines[:c.n] {
		o := &c.sines[i]
		v += o.im * o.peak
		o.re, o.im = o.re*o.cos-o.im*o.sin, o.re*o.sin+o.im*o.cos
	}
	v *= edge[c.gain]
	if up {
		c.gain = min(c.gain+1, fade)
	} else if c.gain--; c.gain < 0 {
		*c = chord{}
	}
	return v
}

// settle undoes the rounding of many rotations.
func (c *chord) settle() {
	for i := range c.sines[:c.n] {
		o := &c.sines[i]
		k := 1 / math.Hypot(o.re, o.im)
		o.re, o.im = o.re*k, o.im*k
	}
}

func limit(v float64) int16 {
	return int16(math.RoundToEven(min(max(v, math.MinInt16), math.MaxInt16)))
}
