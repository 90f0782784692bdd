package codec

import (
	"math"
	"math/rand/v2"
	"testing"

	"offhook/media/internal/voice"
)

func sine(n int, freq float64) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(8000 * math.Sin(2*math.Pi*freq*float64(i)/8000))
	}
	return x
}

// conceal plays pcm through a concealer in packets of 20 ms, without the lost.
func conceal(pcm []int16, lost map[int]bool) []int16 {
	c := NewConcealer(8000)
	out := append([]int16(nil), pcm...)
	for i := 0; i+160 <= len(out); i += 160 {
		if lost[i/160] {
			c.Conceal(out[i : i+160])
		} else {
			c.Good(out[i : i+160])
		}
	}
	return out
}

func TestALossInAToneIsHiddenWithoutAStep(t *testing.T) {
	for _, freq := range []float64{110, 163, 200, 400, 425} {
		pcm := sine(1600, freq)
		out := conceal(pcm, map[int]bool{5: true})
		largest := func(x []int16) (m int) {
			for i := 1; i < len(x); i++ {
				m = max(m, int(math.Abs(float64(x[i])-float64(x[i-1]))))
			}
			return m
		}
		if got, limit := largest(out), largest(pcm)*5/4; got > limit {
			t.Errorf("%v Hz: step of %d, want at most %d", freq, got, limit)
		}
		if dB, _ := voice.SNR(pcm[800:880], out[800:880], 0); dB < 15 {
			t.Errorf("%v Hz: the first 10 ms match with %.1f dB only", freq, dB)
		}
	}
}

func TestConcealedSpeechIsNearerToTheOriginalThanSilence(t *testing.T) {
	pcm := voice.Make(30*8000, 8000, 3)
	lost := map[int]bool{}
	silent := append([]int16(nil), pcm...)
	for i := 3; i < len(pcm)/160; i += 10 {
		lost[i] = true
		clear(silent[i*160 : i*160+160])
	}
	hidden, _ := voice.SNR(pcm, conceal(pcm, lost), 0)
	nothing, _ := voice.SNR(pcm, silent, 0)
	t.Logf("10 %% lost: concealed %.1f dB, silence %.1f dB", hidden, nothing)
	if hidden < nothing+2 {
		t.Errorf("concealed %.1f dB, silence %.1f dB: want at least 2 dB more", hidden, nothing)
	}
}

func TestALongLossFadesToSilenceIn60ms(t *testing.T) {
	c := NewConcealer(8000)
	c.Good(sine(800, 150))
	out := make([]int16, 8000)
	c.Conceal(out)
	level := voice.RMS(sine(800, 150))
	if got := voice.RMS(out[:80]); got < 0.9*level || got > 1.1*level {
		t.Errorf("first 10 ms: RMS %.0f of %.0f", got, level)
	}
	for ms := 20; ms < 60; ms += 10 {
		if a, b := voice.RMS(out[ms*8-80:ms*8]), voice.RMS(out[ms*8:ms*8+80]); b >= a {
			t.Errorf("at %d ms the level rises from %.0f to %.0f", ms, a, b)
		}
	}
	for i, s := range out[480:] { // next to no background has been heard yet
		if s > 2 || s < -2 {
			t.Fatalf("%d at %d ms, want silence", s, 60+i/8)
		}
	}
}

func TestSoundThatCameIsUntouchedWithoutLoss(t *testing.T) {
	pcm := voice.Make(8000, 8000, 4)
	for i, s := range conceal(pcm, nil) {
		if s != pcm[i] {
			t.Fatalf("sample %d is %d, was %d", i, s, pcm[i])
		}
	}
}

func TestConcealmentOfOddLengthsStaysInBounds(t *testing.T) {
	c := NewConcealer(8000)
	pcm := voice.Make(8000, 8000, 5)
	for n := 1; len(pcm) > n; n = n*3%977 + 1 {
		c.Good(pcm[:n])
		c.Conceal(make([]int16, n*7%500))
		pcm = pcm[n:]
	}
}

func BenchmarkConceal20ms(b *testing.B) {
	c := NewConcealer(8000)
	pcm, out := voice.Make(160, 8000, 6), make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		c.Conceal(out)
		c.Good(pcm)
	}
}

func TestALossInASwellingToneBeginsWithoutAStep(t *testing.T) {
	// Ends on a peak, a period before which the tone was far softer: what is
	// repeated begins well below where the sound stopped.
	pcm := make([]int16, 820)
	for i := range pcm {
		pcm[i] = int16(20000 * math.Pow(2, float64(i-820)/80) * math.Sin(2*math.Pi*100*float64(i)/8000))
	}
	c := NewConcealer(8000)
	c.Good(pcm)
	out := make([]int16, 80)
	c.Conceal(out)
	last := pcm[len(pcm)-1]
	if last < 15000 {
		t.Fatalf("the tone ends at %d", last)
	}
	if d := math.Abs(float64(out[0]) - float64(last)); d > 3000 {
		t.Errorf("from %d to %d", last, out[0])
	}
}

// In a pause with the noise of a room, a loss is filled with noise like it, and
// a sender that stopped falls silent.
func TestALossInBackgroundNoiseIsFilledWithNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	room := make([]int16, 10*8000)
	for i := range room {
		room[i] = int16(40 * rnd.NormFloat64())
	}
	c := NewConcealer(8000)
	for i := 0; i < len(room); i += 160 {
		c.Good(room[i : i+160])
	}
	out := make([]int16, 2*8000)
	c.Conceal(out)
	for at := 0; at < 4000; at += 800 {
		if rms := voice.RMS(out[at : at+800]); rms < 12 || rms > 60 {
			t.Errorf("%d ms into the loss: RMS %.0f, in the room 40", at/8, rms)
		}
	}
	for i, s := range out[8000:] {
		if s != 0 {
			t.Fatalf("%d, %d ms after the last sample", s, 1000+i/8)
		}
	}
}
