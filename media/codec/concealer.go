package codec

import "offhook/media/internal/pitch"

// Concealer hides lost stretches of sound for codecs that cannot do so
// themselves. It follows the idea of ITU-T G.711 Appendix I, repeating the
// last pitch period, with two differences: nothing is delayed (the step at the
// start of the repetition is bled off instead of overlapped), and nothing but
// the history is kept between losses.
//
//	good good │ period period per..  noise noise  │ good good
//	          │ 1   2..3 periods, fading away in 60 ms
//	          │     noise like that of the place, for a second at most
//	          └ step bled off                     └ what was made up cross-faded away
//
// One goroutine owns it.
type Concealer struct {
	k       int     // the rate is k times 8 kHz; all lengths below are for 8 kHz
	history []int16 // the last samples played, newest last
	source  []int16 // history as it was when the loss began
	noise   background
	old     []int16 // room for the repetition beneath the first good samples
	lost    int     // samples concealed since the last good one, at most noiseEnd
	lag     int     // pitch period, samples
	periods int     // how many of them are repeated
	pos     int     // read position within the repeated stretch
	step    int32   // difference to bleed off at the start
	seam    int     // samples over which
}

const (
	historyLen = 3*pitch.MaxLag + pitch.MaxLag/4 + 1
	lossFrame  = 80   // 10 ms: the grid on which repetition and level change
	fadeStart  = 80   // full level for the first 10 ms
	fadeEnd    = 480  // silent from 60 ms on
	noiseEnd   = 8000 // and of noise from 1 s on: the sender has stopped
	searchLen  = 160  // samples compared in the pitch search
)

// NewConcealer makes one for sound of a rate in Hz, a multiple of 8000.
func NewConcealer(rate int) *Concealer {
	k := rate / 8000
	return &Concealer{k: k, history: make([]int16, historyLen*k), source: make([]int16, historyLen*k), old: make([]int16, lossFrame*k)}
}

// Good takes in sound that arrived. After a loss its beginning is changed in
// place: the repetition fades out beneath it.
func (c *Concealer) Good(pcm []int16) {
	if c.lost > 0 {
		c.join(pcm)
		c.lost = 0
	}
	c.noise.hear(pcm, c.k)
	c.remember(pcm)
}

// Conceal fills out with a continuation of what was heard.
func (c *Concealer) Conceal(out []int16) {
	frame := lossFrame * c.k
	for len(out) > 0 {
		n := min(len(out), frame-c.lost%frame)
		if c.lost == 0 {
			c.begin()
		} else if c.lost == frame || c.lost == 2*frame {
			c.widen()
		}
		c.repeat(out[:n])
		c.remember(out[:n])
		out = out[n:]
	}
}

// Reset forgets everything.
func (c *Concealer) Reset() {
	clear(c.history)
	c.lost, c.noise = 0, background{}
}

func (c *Concealer) begin() {
	copy(c.source, c.history)
	c.lag, _ = pitch.Backward(c.source, c.k, searchLen, pitch.MinLag, pitch.MaxLag)
	c.seam = c.lag / 4
	c.periods, c.pos = 1, 0
	c.step = int32(c.source[len(c.source)-1]) - int32(c.source[len(c.source)-1-c.lag])
	c.close()
}

// widen repeats one more period from now on: a single period repeated for long
// buzzes. The new stretch ends where the old one did, so only the position
// moves.
func (c *Concealer) widen() {
	c.pos += c.lag
	c.periods++
	last := c.source[len(c.source)-c.seam:]
	copy(last, c.history0()) // the end as it was before it was closed
	c.close()
}

// history0 recovers the last seam samples before the loss. They are in the
// history still: at most two loss frames were added since.
func (c *Concealer) history0() []int16 {
	end := len(c.history) - c.lost
	return c.history[end-c.seam : end]
}

// close makes the end of the repeated stretch run smoothly into its start, by
// fading its last quarter period into what came before its start.
func (c *Concealer) close() {
	end := len(c.source)
	start := end - c.periods*c.lag
	for i := range c.seam {
		w := int32(i+1) * 256 / int32(c.seam+1)
		a, b := &c.source[end-c.seam+i], c.source[start-c.seam+i]
		*a = int16((int32(*a)*(256-w) + int32(b)*w) / 256)
	}
}

// repeat makes the next samples of the repetition, level and all.
func (c *Concealer) repeat(out []int16) {
	length := c.periods * c.lag
	start := len(c.source) - length
	fadeStart, fadeEnd, noiseEnd := fadeStart*c.k, fadeEnd*c.k, noiseEnd*c.k
	for i := range out {
		s := int32(c.source[start+c.pos])
		if c.pos++; c.pos >= length {
			c.pos = 0
		}
		if c.lost < c.seam {
			s += c.step * int32(c.seam-c.lost) / int32(c.seam)
		}
		switch {
		case c.lost >= fadeEnd:
			s = 0
		case c.lost >= fadeStart:
			s = s * int32(fadeEnd-c.lost) / int32(fadeEnd-fadeStart)
		}
		if c.lost >= fadeStart && c.lost < noiseEnd {
			level := min(1, float64(c.lost-fadeStart)/float64(fadeEnd-fadeStart), 2*float64(noiseEnd-c.lost)/float64(noiseEnd))
			s += c.noise.sample(level)
		}
		out[i] = clip(s)
		if c.lost < noiseEnd {
			c.lost++
		}
	}
}

// join fades the repetition out beneath the first good samples: a quarter
// period, and longer after longer losses, up to 10 ms.
func (c *Concealer) join(pcm []int16) {
	n := min(c.seam+(c.lost-1)/(lossFrame*c.k)*32*c.k, lossFrame*c.k, len(pcm))
	old := c.old[:n]
	c.repeat(old)
	for i, o := range old {
		w := int32(i+1) * 256 / int32(n+1)
		pcm[i] = int16((int32(o)*(256-w) + int32(pcm[i])*w) / 256)
	}
}

func (c *Concealer) remember(pcm []int16) {
	if len(pcm) >= len(c.history) {
		copy(c.history, pcm[len(pcm)-len(c.history):])
		return
	}
	copy(c.history, c.history[len(pcm):])
	copy(c.history[len(c.history)-len(pcm):], pcm)
}

func clip(s int32) int16 { return int16(max(-32768, min(32767, s))) }
