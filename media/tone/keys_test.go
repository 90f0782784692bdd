package tone

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"offhook/media/internal/voice"
	"offhook/media/wav"
)

// press is a key as some telephone sends it.
type press struct {
	key              byte
	offRow, offCol   float64 // share of the frequency
	level            float64 // of the row's tone, dBm0
	twist            float64 // dB of the column above the row
	on, gap, restart time.Duration
}

// render makes the sound of presses, each with 100 ms of silence before and
// behind. A press with a gap goes on behind it. phase is a share of 5 ms.
func render(rate int, phase float64, ps ...press) []int16 {
	var out []int16
	silence := func(d time.Duration) { out = append(out, make([]int16, count(d, rate))...) }
	silence(time.Duration(phase * float64(5*time.Millisecond)))
	for _, p := range ps {
		low, high, _ := pair(p.key)
		low, high = low*(1+p.offRow), high*(1+p.offCol)
		a := math.MaxInt16 * math.Pow(10, (p.level-3.14)/20)
		b := a * math.Pow(10, p.twist/20)
		sound := func(d time.Duration) {
			for range count(d, rate) {
				t := float64(len(out)) / float64(rate)
				v := a*math.Sin(2*math.Pi*low*t) + b*math.Sin(2*math.Pi*high*t+1)
				out = append(out, int16(max(-32768, min(32767, v))))
			}
		}
		silence(100 * time.Millisecond)
		sound(p.on)
		if p.gap > 0 {
			silence(p.gap)
			sound(p.restart)
		}
	}
	silence(100 * time.Millisecond)
	return out
}

// hear gives the keys in a sound that comes in periods of 10 ms.
func hear(rate int, sound []int16) string {
	k := NewKeys(rate)
	var got []byte
	for n := rate / 100; len(sound) >= n; sound = sound[n:] {
		if d := k.Hear(sound[:n]); d != 0 {
			got = append(got, d)
		}
	}
	return string(got)
}

// TestKeysAreHeard goes round what ITU-T Q.24 wants accepted and refused, for
// each key, rate and place of the sound among the windows.
func TestKeysAreHeard(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		p    press
		want int // keys told
	}{
		{"as a telephone does", press{level: -9, twist: 2, on: 100 * ms}, 1},
		{"the shortest", press{level: -9, twist: 2, on: 40 * ms}, 1},
		{"long", press{level: -9, on: 3000 * ms}, 1},
		{"too short", press{level: -9, on: 23 * ms}, 0},
		{"loud", press{level: -3, twist: -3, on: 50 * ms}, 1},
		{"soft", press{level: -28, on: 50 * ms}, 1},
		{"too soft", press{level: -40, on: 100 * ms}, 0},
		{"high", press{offRow: .015, offCol: .015, level: -9, on: 40 * ms}, 1},
		{"low", press{offRow: -.015, offCol: -.015, level: -9, on: 40 * ms}, 1},
		{"apart", press{offRow: -.015, offCol: .015, level: -9, twist: 4, on: 40 * ms}, 1},
		{"together", press{offRow: .015, offCol: -.015, level: -9, twist: -8, on: 40 * ms}, 1},
		{"row too high", press{offRow: .035, level: -9, on: 200 * ms}, 0},
		{"row too low", press{offRow: -.035, level: -9, on: 200 * ms}, 0},
		{"column too high", press{offCol: .035, level: -9, on: 200 * ms}, 0},
		{"column too low", press{offCol: -.035, level: -9, on: 200 * ms}, 0},
		{"column louder", press{level: -12, twist: 4, on: 40 * ms}, 1},
		{"column softer", press{level: -9, twist: -8, on: 40 * ms}, 1},
		{"column much louder", press{level: -20, twist: 10, on: 200 * ms}, 0},
		{"column much softer", press{level: -9, twist: -14, on: 200 * ms}, 0},
		{"row alone", press{level: -9, twist: -100, on: 200 * ms}, 0},
		{"column alone", press{level: -80, twist: 70, on: 200 * ms}, 0},
		{"broken for 10 ms", press{level: -9, on: 60 * ms, gap: 10 * ms, restart: 60 * ms}, 1},
		{"twice", press{level: -9, on: 40 * ms, gap: 40 * ms, restart: 40 * ms}, 2},
	} {
		for _, rate := range []int{8000, 16000, 48000} {
			phases := []float64{0.5}
			if rate == 8000 {
				phases = []float64{0, 0.3, 0.5, 0.9}
			}
			for _, phase := range phases {
				for _, line := range keys {
					for _, key := range []byte(line) {
						p, want := c.p, ""
						p.key = key
						for range c.want {
							want += string(rune(key))
						}
						if got := hear(rate, render(rate, phase, p)); got != want {
							t.Errorf("%s: key %c at %d Hz, phase %v: heard %q", c.name, key, rate, phase, got)
						}
					}
				}
			}
		}
	}
}

// TestKeysInARow: eight a second, the fastest that Q.24 knows.
func TestKeysInARow(t *testing.T) {
	const want = "0123456789*#ABCD11220"
	for _, rate := range []int{8000, 16000, 48000} {
		var all []int16
		for i := range len(want) {
			s := render(rate, 0, press{key: want[i], level: -9, twist: 2, on: 50 * time.Millisecond})
			all = append(all, s[count(100*time.Millisecond, rate):][:count(93*time.Millisecond, rate)]...)
		}
		if got := hear(rate, append(all, make([]int16, rate)...)); got != want {
			t.Errorf("%d Hz: heard %q, want %q", rate, got, want)
		}
	}
}

// TestKeysInNoise: 15 dB below the key it does not matter, and it is no key
// itself.
func TestKeysInNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	missed := 0
	for i := range 400 {
		key := keys[i/4%4][i%4]
		s := render(8000, rnd.Float64(), press{key: key, level: -12, on: 50 * time.Millisecond})
		deviation := math.MaxInt16 * math.Pow(10, (-12+3-3.14-15)/20) / math.Sqrt2
		for j := range s {
			s[j] += int16(deviation * rnd.NormFloat64())
		}
		if got := hear(8000, s); got != string(rune(key)) {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("%d of 400 keys missed or mistaken", missed)
	}
	noise := make([]int16, 8000*60)
	for i := range noise {
		noise[i] = int16(3000 * rnd.NormFloat64())
	}
	if got := hear(8000, noise); got != "" {
		t.Errorf("a minute of noise is %q", got)
	}
}

// TestSpeechIsNoKey plays ten minutes of talk: recordings in every pitch, and
// made-up voices.
func TestSpeechIsNoKey(t *testing.T) {
	heard, length := "", time.Duration(0)
	try := func(rate int, s []int16) {
		heard += hear(rate, s)
		length += at(len(s), rate)
	}
	for _, name := range []string{"caller", "handset"} {
		f, s, err := wav.ReadFile("../../phone/demo/speech/"+name+".wav", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if f.Rate < 8000 {
			t.Fatalf("%+v", f)
		}
		for pitch := 0.7; pitch < 1.45; pitch += 0.04 {
			// Faster or slower is higher or lower: other voices.
			out := make([]int16, 0, len(s)*2)
			for x := 0.0; int(x)+1 < len(s); x += pitch * float64(f.Rate) / 8000 {
				i, r := int(x), x-math.Floor(x)
				out = append(out, int16(float64(s[i])*(1-r)+float64(s[i+1])*r))
			}
			try(8000, out)
		}
	}
	for seed := range uint64(5) {
		try(8000, voice.Make(8000*60, 8000, seed))
	}
	if heard != "" {
		t.Errorf("in %v of speech these keys were heard: %q", length, heard)
	}
	if length < 9*time.Minute {
		t.Errorf("only %v of speech", length)
	}
}

func TestKeysOfOddRates(t *testing.T) {
	for _, rate := range []int{0, -8000, 44100, 96000} {
		if NewKeys(rate) != nil {
			t.Errorf("%d Hz is taken", rate)
		}
	}
}

// BenchmarkKeys is the cost of 10 ms of sound.
func BenchmarkKeys(b *testing.B) {
	for _, c := range []struct {
		name  string
		sound []int16
	}{
		{"key", render(8000, 0, press{key: '5', level: -9, on: time.Second})},
		{"speech", voice.Make(8000*10, 8000, 1)},
		{"silence", make([]int16, 8000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			k := NewKeys(8000)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i+80 > len(c.sound) {
					i = 0
				}
				k.Hear(c.sound[i : i+80])
				i += 80
			}
		})
	}
}

// FuzzKeys: any sound in pieces of any length does no harm.
func FuzzKeys(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, uint8(0), uint8(80))
	f.Fuzz(func(t *testing.T, data []byte, rate, piece uint8) {
		k := NewKeys([]int{8000, 16000, 48000}[rate%3])
		s := make([]int16, len(data)/2)
		for i := range s {
			s[i] = int16(data[2*i]) | int16(data[2*i+1])<<8
		}
		for len(s) > 0 {
			n := min(len(s), int(piece)+1)
			if d := k.Hear(s[:n]); d != 0 && !DTMF(d).isKey() {
				t.Fatalf("%q is told", d)
			}
			s = s[n:]
		}
	})
}

func (t Tone) isKey() bool { _, ok := t.Digit(); return ok }
