package speech

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// babble is speech-like: voiced syllables of changing pitch and colour, with
// pauses, seconds long, at fs.
func babble(seed uint64, seconds, fs int) []int16 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]int16, 0, seconds*fs)
	for len(out) < seconds*fs {
		pitch, formant := 90+r.Float64()*120, 400+r.Float64()*2200
		length, loud := int((0.08+r.Float64()*0.2)*float64(fs)), 2000+r.Float64()*9000
		if r.IntN(5) == 0 {
			loud = 0
		}
		for i := range length {
			t, env := float64(i)/float64(fs), math.Sin(math.Pi*float64(i)/float64(length))
			var v float64
			for h := 1; float64(h)*pitch < 3800; h++ {
				d := (float64(h)*pitch - formant) / 500
				v += math.Sin(2*math.Pi*float64(h)*pitch*t) * (0.1 + math.Exp(-d*d))
			}
			out = append(out, int16(loud*env*v/6))
		}
	}
	return out[:seconds*fs]
}

// spoil makes of x what a call might: a delay, a level, noise, 13-bit steps.
func spoil(x []int16, delay int, gain, noise float64) []int16 {
	r := rand.New(rand.NewPCG(9, 9))
	out := make([]int16, delay, delay+len(x))
	for _, v := range x {
		out = append(out, int16(math.Round((gain*float64(v)+noise*r.NormFloat64())/8)*8))
	}
	return out
}

func TestSpeechIsRecognisedThroughDelayLevelNoiseAndAnotherRate(t *testing.T) {
	sent := babble(1, 8, 8000)
	wide := babble(1, 8, 48000)
	for _, c := range []struct {
		name    string
		got     []int16
		rate    int
		delay   time.Duration
		atLeast float64
		level   float64
	}{
		{"itself", sent, 8000, 0, 0.999, 0},
		{"late, quiet, noisy", spoil(sent, 2400, 0.5, 20), 8000, 300 * time.Millisecond, 0.95, -6},
		{"its second half", sent[32000:], 8000, -4 * time.Second, 0.98, 0},
		{"a glide of the jitter buffer", append(append([]int16{}, sent[:32000]...), append(make([]int16, 320), sent[32000:]...)...), 8000, 0, 0.9, 0},
		{"at 48 kHz", wide, 48000, 0, 0.8, 0},
	} {
		m := Compare(sent, 8000, c.got, c.rate)
		if m.Score < c.atLeast || (m.Delay-c.delay).Abs() > 40*time.Millisecond || math.Abs(m.Level-c.level) > 2 {
			t.Errorf("%s: %+v, want score %.2f, delay %v, level %.0f", c.name, m, c.atLeast, c.delay, c.level)
		}
		if m.Heard < 3*time.Second {
			t.Errorf("%s: only %v heard", c.name, m.Heard)
		}
	}
}

func TestOtherSoundIsNotTakenForTheSpeech(t *testing.T) {
	sent := babble(1, 8, 8000)
	tone := make([]int16, 64000)
	noise := make([]int16, 64000)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range tone {
		tone[i] = int16(8000 * math.Sin(2*math.Pi*425*float64(i)/8000))
		noise[i] = int16(3000 * r.NormFloat64())
	}
	for name, got := range map[string][]int16{
		"other speech": babble(2, 8, 8000), "a tone": tone, "noise": noise, "silence": make([]int16, 64000), "nothing": nil,
	} {
		if m := Compare(sent, 8000, got, 8000); m.Score > Wrong || m.Pieces > 3*Torn {
			t.Errorf("%s: %+v, want at most %.2f", name, m, Wrong)
		}
	}
}

// tear makes of x what a computer makes of it that stands still for 60 to 300 ms, on average every half second, and
// whose jitter buffer then skips what came too late, or falls silent for as long.
func tear(seed uint64, x []int16) (out []int16) {
	r := rand.New(rand.NewPCG(seed, 7))
	for len(x) > 0 {
		n := min(len(x), 8*(100+r.IntN(800)))
		out, x = append(out, x[:n]...), x[n:]
		gap := 8 * (60 + r.IntN(240))
		switch r.IntN(3) {
		case 0: // lost, and concealed by silence
			out = append(out, make([]int16, min(gap, len(x)))...)
			x = x[min(gap, len(x)):]
		case 1: // late: everything after moves
			out = append(out, make([]int16, gap)...)
		case 2: // skipped
			x = x[min(gap, len(x)):]
		}
	}
	return out
}

func TestTornSpeechIsRecognisedInPieces(t *testing.T) {
	for seed := range uint64(2) {
		sent := babble(seed, 8, 8000)
		m := Compare(sent, 8000, tear(seed, sent), 8000)
		wrong := Compare(babble(seed+100, 8, 8000), 8000, tear(seed, sent), 8000)
		t.Logf("torn: score %.2f, pieces %.2f; other speech: pieces %.2f", m.Score, m.Pieces, wrong.Pieces)
		if m.Pieces < 3*Torn || m.Pieces < 2*wrong.Pieces {
			t.Errorf("seed %d: torn speech: %+v, other speech %+v", seed, m, wrong)
		}
	}
}
