package resample

import (
	"math"
	"sync"
)

// attenuation is what the stop band is designed for, in dB. The ripple of the
// pass band follows from it: 0.005 dB.
const attenuation = 66

// kernel is a prototype low-pass split into its phases. Phases are stored
// reversed, so that filtering is a plain dot product with a history in time
// order.
type kernel struct {
	taps   int         // length of the prototype, odd, at the common multiple of the rates
	phases [][]float32 // as many as the rate goes up by
	width  int         // taps per phase
}

// prototype returns a linear-phase low-pass for a rate and another that is so
// many times lower, with unit gain at 0 Hz. Its length is odd, so that the delay
// is a whole number of samples at the higher rate.
func prototype(ratio int) []float64 {
	// Frequencies are fractions of the higher rate.
	low := 1 / float64(ratio)
	transition := low / 8 // from 7/16 to 9/16 of the lower rate
	cutoff := low / 2
	// Kaiser's estimates: length and window shape for a wanted attenuation.
	n := int(math.Ceil((attenuation-7.95)/(14.36*transition))) | 1
	beta := 0.1102 * (attenuation - 8.7)

	h := make([]float64, n)
	mid := float64(n-1) / 2
	sum := 0.0
	for i := range h {
		t := float64(i) - mid
		x := t / mid
		h[i] = sinc(2*cutoff*t) * bessel0(beta*math.Sqrt(1-x*x))
		sum += h[i]
	}
	for i := range h {
		h[i] /= sum
	}
	return h
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind, order zero.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

// newKernel makes the one for going up by one factor and down by another. Both
// happen at their common multiple, where the lower rate is so many times lower
// as the larger factor says.
func newKernel(up, down int) *kernel {
	h := prototype(max(up, down))
	width := (len(h) + up - 1) / up
	k := &kernel{taps: len(h), width: width, phases: make([][]float32, up)}
	for p := range k.phases {
		k.phases[p] = make([]float32, width)
		for j := range width {
			if i := p + j*up; i < len(h) {
				// Each output sees only one of up prototype taps, so the
				// gain lost to the inserted zeros is given back here.
				k.phases[p][width-1-j] = float32(h[i] * float64(up))
			}
		}
	}
	return k
}

// Kernels are read-only once made and shared by all resamplers of a ratio.
var kernels struct {
	sync.Mutex // guards made
	made       map[[2]int]*kernel
}

func kernelFor(up, down int) *kernel {
	kernels.Lock()
	defer kernels.Unlock()
	k := kernels.made[[2]int{up, down}]
	if k == nil {
		if kernels.made == nil {
			kernels.made = map[[2]int]*kernel{}
		}
		k = newKernel(up, down)
		kernels.made[[2]int{up, down}] = k
	}
	return k
}
