package resample

import (
	"math"
	"testing"
)

func TestConvertKeepsATone(t *testing.T) {
	for _, p := range [][2]int{{44100, 48000}, {48000, 44100}, {8000, 48000}, {22050, 48000}, {48000, 8000}, {11025, 48000}} {
		const hz = 1000.0
		x := make([]int16, p[0])
		for i := range x {
			x[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/float64(p[0])))
		}
		y := Convert(x, p[0], p[1])
		if d := len(y) - p[1]; d < -1 || d > 1 {
			t.Errorf("%v: a second has %d samples", p, len(y))
		}
		var noise float64
		n := 0
		for i := p[1] / 10; i < p[1]*9/10; i++ {
			d := float64(y[i]) - 10000*math.Sin(2*math.Pi*hz*float64(i)/float64(p[1]))
			noise += d * d
			n++
		}
		if snr := 10 * math.Log10(5e7*float64(n)/noise); snr < 45 {
			t.Errorf("%v: %.0f dB", p, snr)
		}
	}
}

func TestConvertOfNothingAndToTheSameRate(t *testing.T) {
	if got := Convert(nil, 8000, 48000); len(got) != 0 {
		t.Error(got)
	}
	x := []int16{1, 2, 3}
	if got := Convert(x, 8000, 8000); len(got) != 3 || &got[0] == &x[0] {
		t.Error("not a copy")
	}
}
