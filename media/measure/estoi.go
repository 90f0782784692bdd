package measure

import (
	"math"

	"offhook/media/resample"
)

// ESTOI works at 10 kHz, on frames of 25.6 ms that overlap by half, in third
// octaves, and compares stretches of 384 ms.
const (
	estoiRate   = 10000
	estoiFrame  = 256
	estoiHop    = estoiFrame / 2
	estoiFFT    = 512
	estoiBands  = 15
	estoiLowest = 150.0 // Hz, centre of the lowest band
	estoiSpan   = 30    // frames
	estoiRange  = 40.0  // dB below the loudest frame: what is softer is no speech
)

// ESTOI says how well speech is understood, from how like its spectrum's changes
// are those of clean speech: the extended short-time objective intelligibility
// of Jensen and Taal (IEEE/ACM Transactions on Audio, Speech and Language
// Processing 24(11), 2016). 1 is the clean speech itself, 0 has nothing of it.
// Both are samples at rate Hz that begin at the same moment; the longer one is
// cut. Less than 0.4 s of speech gives 0.
func ESTOI(clean, heard []int16, rate int) float64 {
	n := min(len(clean), len(heard))
	x, y := resample.Convert(clean[:n], rate, estoiRate), resample.Convert(heard[:n], rate, estoiRate)
	x, y = spoken(x, y)
	a, b := spectra(x), spectra(y)
	sum, segments := 0.0, 0
	for to := estoiSpan; to <= len(a); to++ {
		sum += alike(a[to-estoiSpan:to], b[to-estoiSpan:to])
		segments++
	}
	if segments == 0 {
		return 0
	}
	return sum / float64(segments)
}

var estoiWindow = func() (w [estoiFrame]float64) {
	for i := range w {
		w[i] = (1 - math.Cos(2*math.Pi*float64(i+1)/(estoiFrame+1))) / 2
	}
	return w
}()

// spoken keeps the frames in which the clean speech is not silent, of both.
func spoken(x, y []int16) (a, b []int16) {
	var levels []float64
	loudest := math.Inf(-1)
	for i := 0; i+estoiFrame <= len(x); i += estoiHop {
		sum := 1e-9
		for k, s := range x[i : i+estoiFrame] {
			v := float64(s) * estoiWindow[k]
			sum += v * v
		}
		levels = append(levels, 10*math.Log10(sum))
		loudest = math.Max(loudest, levels[len(levels)-1])
	}
	var sx, sy []float64 // overlapped and added
	at := 0
	for f, l := range levels {
		if l < loudest-estoiRange {
			continue
		}
		for len(sx) < at+estoiFrame {
			sx, sy = append(sx, 0), append(sy, 0)
		}
		for k := range estoiFrame {
			sx[at+k] += float64(x[f*estoiHop+k]) * estoiWindow[k]
			sy[at+k] += float64(y[f*estoiHop+k]) * estoiWindow[k]
		}
		at += estoiHop
	}
	cut := func(s []float64) []int16 {
		out := make([]int16, len(s))
		for i, v := range s {
			out[i] = int16(math.Max(-32768, math.Min(32767, v)))
		}
		return out
	}
	return cut(sx), cut(sy)
}

// spectra gives the amplitudes of the third octaves in each frame.
func spectra(x []int16) (frames [][estoiBands]float64) {
	var edges [estoiBands][2]int
	for b := range edges {
		centre := estoiLowest * math.Pow(2, float64(b)/3)
		bin := func(hz float64) int { return int(math.Round(hz * estoiFFT / estoiRate)) }
		edges[b] = [2]int{bin(centre * math.Pow(2, -1.0/6)), bin(centre * math.Pow(2, 1.0/6))}
	}
	buf := make([]complex128, estoiFFT)
	for i := 0; i+estoiFrame <= len(x); i += estoiHop {
		clear(buf)
		for k, s := range x[i : i+estoiFrame] {
			buf[k] = complex(float64(s)*estoiWindow[k], 0)
		}
		fft(buf)
		var f [estoiBands]float64
		for b, e := range edges {
			for _, c := range buf[e[0]:e[1]] {
				f[b] += real(c)*real(c) + imag(c)*imag(c)
			}
			f[b] = math.Sqrt(f[b])
		}
		frames = append(frames, f)
	}
	return frames
}

// alike compares two stretches: each band's course is freed of its mean and
// level, then each frame's shape, and the shapes are correlated.
func alike(x, y [][estoiBands]float64) float64 {
	var a, b [estoiSpan][estoiBands]float64
	for band := range estoiBands {
		course := func(in [][estoiBands]float64, out *[estoiSpan][estoiBands]float64) {
			mean, norm := 0.0, 0.0
			for i := range in {
				mean += in[i][band] / estoiSpan
			}
			for i := range in {
				out[i][band] = in[i][band] - mean
				norm += out[i][band] * out[i][band]
			}
			norm = math.Sqrt(norm) + 1e-9
			for i := range in {
				out[i][band] /= norm
			}
		}
		course(x, &a)
		course(y, &b)
	}
	sum := 0.0
	for i := range a {
		shape(&a[i])
		shape(&b[i])
		for band := range estoiBands {
			sum += a[i][band] * b[i][band]
		}
	}
	return sum / estoiSpan
}

func shape(f *[estoiBands]float64) {
	mean, norm := 0.0, 0.0
	for _, v := range f {
		mean += v / estoiBands
	}
	for i := range f {
		f[i] -= mean
		norm += f[i] * f[i]
	}
	norm = math.Sqrt(norm) + 1e-9
	for i := range f {
		f[i] /= norm
	}
}
