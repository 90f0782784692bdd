package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestLevelOfKnownSignals(t *testing.T) {
	sine := make([]int16, 8000)
	for i := range sine {
		sine[i] = int16(16384 * math.Sin(2*math.Pi*400*float64(i)/8000))
	}
	for _, c := range []struct {
		name    string
		samples []int16
		want    float64
	}{
		{"none", nil, Silence},
		{"zeros", make([]int16, 80), Silence},
		{"half-scale sine", sine, -9.03},
		{"half-scale square", []int16{16384, -16384, 16384, -16384}, -6.02},
	} {
		if got := Level(c.samples); math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %.2f dBFS, want %.2f", c.name, got, c.want)
		}
	}
}

// noise is band-limited noise with the slow swell of speech.
func noise(seed uint64, n int) []int16 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int16, n)
	var low float64
	for i := range out {
		low += 0.3 * (r.NormFloat64()*8000 - low)
		out[i] = int16(max(-32000, min(32000, low*(0.6+0.4*math.Sin(float64(i)/1500)))))
	}
	return out
}

func TestSpeechFindsDelayedCopyAndOnlyThat(t *testing.T) {
	const rate = 8000
	sent := noise(1, 3*rate)
	delayed := append(make([]int16, 480), sent...) // 60 ms
	hiss := noise(3, len(delayed))
	for i := range delayed {
		delayed[i] = delayed[i]/2 + hiss[i]/20
	}
	m := Speech(sent, delayed, rate, 300*time.Millisecond)
	if m.Similarity < 0.95 || m.Lag != 60*time.Millisecond || m.Windows != 7 || m.Recognised != 7 {
		t.Errorf("delayed copy: %+v, want similarity near 1 at 60 ms in 7 windows", m)
	}
	if m := Speech(sent, noise(2, 4*rate), rate, 300*time.Millisecond); m.Similarity > 0.4 || m.Recognised > 0 {
		t.Errorf("other sound: %+v, want no similarity", m)
	}
	torn := slices.Clone(delayed) // most is missing from four of the seven windows
	for i := range 4 {
		at := 480 + i*rate*4/10 + 400
		clear(torn[at : at+rate*3/10])
	}
	if m := Speech(sent, torn, rate, 300*time.Millisecond); m.Recognised != 3 {
		t.Errorf("torn: %+v, want three windows recognised", m)
	}
	if m := Speech(sent, make([]int16, 4*rate), rate, 300*time.Millisecond); m.Similarity != 0 {
		t.Errorf("silence: %+v, want no similarity", m)
	}
	if m := Speech(make([]int16, rate), sent, rate, time.Second); m.Windows != 0 {
		t.Errorf("nothing sent: %+v, want nothing compared", m)
	}
}

func TestProductsAreThoseOfTheSum(t *testing.T) {
	w, in := noise(4, 50), noise(5, 131)
	got := products(w, in)
	if len(got) != 82 {
		t.Fatalf("%d lags", len(got))
	}
	for lag, p := range got {
		var want float64
		for i, s := range w {
			want += float64(s) * float64(in[lag+i])
		}
		if math.Abs(p-want) > 1e-3 {
			t.Fatalf("lag %d: %f, want %f", lag, p, want)
		}
	}
}

func TestOnset(t *testing.T) {
	tone := make([]int16, 8000)
	for i := 2000; i < len(tone); i++ {
		tone[i] = int16(3000 * math.Sin(float64(i)))
	}
	faint := make([]int16, 8010)
	for i := range faint {
		faint[i] = int16(20 * math.Sin(float64(i)))
	}
	for _, c := range []struct {
		name string
		x    []int16
		want time.Duration
	}{
		{"after a quarter of a second", tone, 250 * time.Millisecond},
		{"at once", tone[4000:], 0},
		{"never", faint, 1001250 * time.Microsecond},
		{"nothing", nil, 0},
	} {
		if got := Onset(c.x, 8000); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
