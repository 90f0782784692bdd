package measure

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"offhook/media/internal/voice"
)

func TestFFTAgreesWithTheSum(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	x := make([]complex128, 32)
	for i := range x {
		x[i] = complex(rnd.NormFloat64(), rnd.NormFloat64())
	}
	want := make([]complex128, len(x))
	for k := range want {
		for i, v := range x {
			want[k] += v * cmplx.Exp(complex(0, -2*math.Pi*float64(k*i)/float64(len(x))))
		}
	}
	fft(x)
	for k := range x {
		if cmplx.Abs(x[k]-want[k]) > 1e-9 {
			t.Fatalf("bin %d: %v, want %v", k, x[k], want[k])
		}
	}
}

func TestESTOIFallsWithNoiseAndHoles(t *testing.T) {
	clean := voice.Make(3*16000, 16000, 1)
	rnd := rand.New(rand.NewPCG(2, 2))
	noisy := func(dB float64) []int16 {
		y := append([]int16(nil), clean...)
		peak := voice.RMS(clean) * math.Pow(10, -dB/20)
		for i := range y {
			y[i] = int16(max(-32768, min(32767, float64(y[i])+peak*rnd.NormFloat64())))
		}
		return y
	}
	holed := append([]int16(nil), clean...)
	for i := 0; i+320 <= len(holed); i += 3200 {
		clear(holed[i : i+320])
	}
	same, soft := ESTOI(clean, clean, 16000), append([]int16(nil), clean...)
	for i := range soft {
		soft[i] /= 4
	}
	n20, n0, h := ESTOI(clean, noisy(20), 16000), ESTOI(clean, noisy(0), 16000), ESTOI(clean, holed, 16000)
	other := ESTOI(clean, voice.Make(3*16000, 16000, 9), 16000)
	t.Logf("itself %.3f, 20 dB of noise %.3f, 0 dB %.3f, a tenth missing %.3f, other speech %.3f", same, n20, n0, h, other)
	if same < 0.999 || n20 < 0.8 || n20 > 0.99 || n0 > 0.6 || n0 > n20-0.2 || h > 0.98 || h < 0.5 || other > 0.3 {
		t.Error("out of place")
	}
	if s := ESTOI(clean, soft, 16000); s < 0.98 {
		t.Errorf("softer speech: %.3f", s)
	}
	if s := ESTOI(clean[:1000], clean[:1000], 16000); s != 0 {
		t.Errorf("too little speech: %.3f", s)
	}
}
