// Package speech says how much of what was spoken into one end of a call
// came out at the other.
//
// Codecs, jitter buffers and level controls change a waveform without hurting
// speech, so samples are not compared. What is compared are the envelopes of
// twelve bands between 200 and 3400 Hz, as measures of intelligibility such
// as STOI do: half a second at a time, each allowed to sit up to 60 ms off
// the place that the whole recording suggests (a jitter buffer that grows or
// shrinks moves speech by that much). Each half second scores between 0 and
// 1, the mean over the bands of the correlation of the two envelopes; a
// half second in which the speaker was silent does not count.
//
//	sent ──► 8 kHz ──► bands ──┐
//	                           ├─► best lag ──► half seconds ──► Score
//	got  ──► 8 kHz ──► bands ──┘
//
// Measured with synthetic speech: the same recording 1.00, through G.711 at
// least 0.98, through G.729 at least 0.85, another sentence by the same
// voice at most 0.45. Good and Wrong are set between.
//
// On a computer that stands still for tenths of a second at a time, speech
// arrives torn: pieces are missing, and those that came sit anywhere within a
// second of their place. Score says nothing then; Pieces still does. It is the
// part of the half seconds that are recognised somewhere near where they
// belong.
package speech

import (
	"math"
	"time"
)

const (
	// Good is the least Score of a call that carries speech well.
	Good = 0.75
	// Wrong is the most that a recording of something else scores.
	Wrong = 0.55
	// Torn is the least part in Pieces of speech that got through a computer
	// which stood still half of the time; of other speech at most half as
	// much as of the right one is recognised. Where it went through other
	// programs that stood still too, as little as 3 % was left.
	Torn = 0.1

	rate    = 8000
	hop     = 80   // 10 ms
	window  = 256  // 32 ms
	segment = 50   // frames: 0.5 s
	slack   = 6    // frames: 60 ms
	astray  = 100  // frames: 1 s, how far from its place a piece is looked for
	piece   = 0.78 // similarity of a half second that is recognised
)

// Match is the outcome of a comparison.
type Match struct {
	Score float64       // 0 … 1
	Heard time.Duration // how much speech (without its pauses) the recording covers
	Delay time.Duration // of the recording behind what was sent; negative when it began later
	Level float64       // dB of the recording relative to what was sent; what is missing counts as silence
	// Pieces is the part, 0 … 1, of the half seconds of speech that are
	// recognised within a second of their place.
	Pieces float64
}

// Compare looks for sent in got. Both are mono, at sample rates that are
// multiples of 8000 Hz.
func Compare(sent []int16, sentRate int, got []int16, gotRate int) Match {
	a, b := analyse(narrow(sent, sentRate)), analyse(narrow(got, gotRate))
	if len(a) < segment || len(b) < segment {
		return Match{}
	}
	floor := loudest(a) - 25
	for len(a) > segment && level(a[len(a)-segment:]) < floor {
		a = a[:len(a)-segment/2] // silence after the last word
	}
	lag := bestLag(a, b)
	m := Match{Delay: time.Duration(lag) * 10 * time.Millisecond}
	var sum, power float64
	n, recognised := 0, 0
	for at := 0; at+segment <= len(a); at += segment / 2 {
		half := a[at : at+segment]
		if level(half) < floor {
			continue
		}
		best, where := find(half, b, at+lag, slack)
		if where < 0 {
			continue
		}
		n++
		sum += max(best, 0)
		power += level(b[where:where+segment]) - level(half)
		if best < piece {
			best, _ = find(half, b, at+lag, astray)
		}
		if best >= piece {
			recognised++
		}
	}
	if n > 0 {
		m.Score, m.Level, m.Pieces = sum/float64(n), power/float64(n), float64(recognised)/float64(n)
		m.Heard = time.Duration(n) * segment / 2 * 10 * time.Millisecond
	}
	return m
}

// find looks for half in b, at most around frames from where it should be, and
// says how similar the best place is and where; where is -1 when b has none.
func find(half, b []frame, at, around int) (best float64, where int) {
	where = -1
	for p := max(0, at-around); p <= at+around && p+len(half) <= len(b); p++ {
		if s := similarity(half, b[p:p+len(half)]); where < 0 || s > best {
			best, where = s, p
		}
	}
	return best, where
}

// frame holds the amplitude in each band.
type frame [bands]float64

const bands = 12

// edges of the bands in Hz, even steps of pitch.
var edges = func() (e [bands + 1]float64) {
	for i := range e {
		e[i] = 200 * math.Pow(3400.0/200, float64(i)/bands)
	}
	return e
}()

// narrow brings x to 8 kHz with a windowed-sinc low-pass.
func narrow(x []int16, from int) []float64 {
	k := from / rate
	out := make([]float64, 0, len(x)/max(k, 1)+1)
	if k <= 1 {
		for _, v := range x {
			out = append(out, float64(v))
		}
		return out
	}
	half := 12 * k
	taps := make([]float64, 2*half+1)
	for i := range taps {
		t := float64(i-half) / float64(k)
		s := 1.0
		if t != 0 {
			s = math.Sin(math.Pi*t*0.9) / (math.Pi * t * 0.9)
		}
		taps[i] = s * 0.9 / float64(k) * (0.5 + 0.5*math.Cos(math.Pi*float64(i-half)/float64(half+1)))
	}
	for c := 0; c < len(x); c += k {
		var y float64
		for i, w := range taps {
			if p := c + i - half; p >= 0 && p < len(x) {
				y += w * float64(x[p])
			}
		}
		out = append(out, y)
	}
	return out
}

// analyse returns a frame for every 10 ms.
func analyse(x []float64) []frame {
	var out []frame
	re, im := make([]float64, window), make([]float64, window)
	for at := 0; at+window <= len(x); at += hop {
		for i := range window {
			re[i], im[i] = x[at+i]*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/window)), 0
		}
		fft(re, im)
		var f frame
		for i := 1; i < window/2; i++ {
			hz := float64(i) * rate / window
			for b := range bands {
				if hz >= edges[b] && hz < edges[b+1] {
					f[b] += re[i]*re[i] + im[i]*im[i]
				}
			}
		}
		for b := range f {
			f[b] = math.Sqrt(f[b])
		}
		out = append(out, f)
	}
	return out
}

// fft transforms in place; the length is a power of two.
func fft(re, im []float64) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		step := -2 * math.Pi / float64(size)
		for k := range size / 2 {
			wr, wi := math.Cos(step*float64(k)), math.Sin(step*float64(k))
			for i := k; i < n; i += size {
				j := i + size/2
				tr, ti := re[j]*wr-im[j]*wi, re[j]*wi+im[j]*wr
				re[j], im[j] = re[i]-tr, im[i]-ti
				re[i], im[i] = re[i]+tr, im[i]+ti
			}
		}
	}
}

// level is the mean power in dB.
func level(s []frame) float64 {
	var p float64
	for _, f := range s {
		for _, v := range f {
			p += v * v
		}
	}
	return 10 * math.Log10(p/float64(len(s))+1e-9)
}

func loudest(s []frame) float64 {
	most := math.Inf(-1)
	for at := 0; at+segment <= len(s); at += segment / 2 {
		most = max(most, level(s[at:at+segment]))
	}
	return most
}

// similarity is the mean over the bands of the envelopes' correlation. Bands
// in which the speaker says next to nothing do not count.
func similarity(a, b []frame) float64 {
	var sum, weight float64
	var total float64
	for band := range bands {
		total += variance(a, band)
	}
	for band := range bands {
		va, vb := variance(a, band), variance(b, band)
		if va < total*1e-3 {
			continue
		}
		weight++
		if vb == 0 {
			continue
		}
		ma, mb := mean(a, band), mean(b, band)
		var c float64
		for i := range a {
			c += (a[i][band] - ma) * (b[i][band] - mb)
		}
		sum += c / math.Sqrt(va*vb)
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

func mean(s []frame, band int) (m float64) {
	for i := range s {
		m += s[i][band]
	}
	return m / float64(len(s))
}

func variance(s []frame, band int) (v float64) {
	m := mean(s, band)
	for i := range s {
		v += (s[i][band] - m) * (s[i][band] - m)
	}
	return v
}

// bestLag is the number of frames by which b is behind a, from the product of
// their envelopes over all of both recordings.
func bestLag(a, b []frame) int {
	a, b = centred(a), centred(b)
	best, at := math.Inf(-1), 0
	for lag := -len(a) + segment; lag <= len(b)-segment; lag++ {
		var s float64
		for i := max(0, -lag); i < len(a) && i+lag < len(b); i++ {
			for band := range bands {
				s += a[i][band] * b[i+lag][band]
			}
		}
		if s > best {
			best, at = s, lag
		}
	}
	return at
}

// centred takes logarithms, so that a loud sound does not decide alone, and
// the mean off each band.
func centred(s []frame) []frame {
	out := make([]frame, len(s))
	for band := range bands {
		var top float64
		for i := range s {
			top = max(top, s[i][band])
		}
		var m float64
		for i := range s {
			out[i][band] = math.Log(s[i][band]/(top+1e-9) + 0.01)
			m += out[i][band]
		}
		m /= float64(len(s))
		for i := range out {
			out[i][band] -= m
		}
	}
	return out
}
