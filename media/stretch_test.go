package media

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"offhook/media/internal/voice"
)

func tone200(n int) []int16 {
	x := make([]int16, n, pcmSize)
	for i := range x {
		x[i] = int16(10000 * math.Sin(2*math.Pi*200*float64(i)/8000))
	}
	return x
}

func TestCuttingAndRepeatingAPeriodOfAToneIsNotHeard(t *testing.T) {
	whole := tone200(320)
	n := cutLength(whole, 1, 120, false)
	if n%40 != 0 || n == 0 {
		t.Fatalf("%d samples of a tone with a period of 40", n)
	}
	shorter := cut(tone200(320), n, 1)
	longer := paste(tone200(320), n, 1)
	if len(shorter) != 320-n || len(longer) != 320+n {
		t.Fatalf("lengths %d and %d", len(shorter), len(longer))
	}
	want := tone200(320 + n)
	for _, x := range [][]int16{shorter, longer} {
		for i, s := range x {
			if d := int(s) - int(want[i]); d < -100 || d > 100 {
				t.Fatalf("sample %d of %d is %d, a tone has %d", i, len(x), s, want[i])
			}
		}
	}
}

func TestSpeechIsCutOnlyWhereTwoPeriodsAreAlike(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	hiss := make([]int16, 240)
	for i := range hiss {
		hiss[i] = int16(3000 * rnd.NormFloat64())
	}
	if n := cutLength(hiss, 1, 100, false); n != 0 {
		t.Errorf("%d samples of loud hiss", n)
	}
	if n := cutLength(hiss, 1, 100, true); n == 0 {
		t.Error("hiss is not cut even when it must be")
	}
	if n := cutLength(make([]int16, 200), 1, 70, false); n != 70 {
		t.Errorf("%d samples of silence, want all of 70", n)
	}
}

func TestAnyCutStaysWithinTheSound(t *testing.T) {
	x := voice.Make(80000, 8000, 1)
	for size := range 400 {
		for limit := -10; limit < 200; limit += 7 {
			part := x[size*100:][:size]
			n := cutLength(part, 1, limit, true)
			if n < 0 || n > max(0, limit) || n > 0 && n+fadeSamples > size {
				t.Fatalf("%d of %d samples, limit %d", n, size, limit)
			}
			if n > 0 {
				buf := append(make([]int16, 0, 1000), part...)
				if got := len(paste(buf, n, 1)); got != size+n {
					t.Fatalf("pasted to %d", got)
				}
				if got := len(cut(buf[:size], n, 1)); got != size-n {
					t.Fatalf("cut to %d", got)
				}
			}
		}
	}
}

func TestSlackIsTheSortedWindowsQuantile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	var w slackWindow
	var all []int32
	for i := range 2000 {
		v := int32(rnd.IntN(2000) - 500)
		w.add(v)
		all = append(all, v)
		if i%100 == 50 {
			d := int32(rnd.IntN(200) - 100)
			w.shift(d)
			for k := range all {
				all[k] += d
			}
		}
		low, mean, ok := w.measure()
		if !ok {
			continue
		}
		last := slices.Clone(all[max(0, len(all)-slackCount):])
		slices.Sort(last)
		var sum int64
		for _, v := range last {
			sum += int64(v)
		}
		if want := last[len(last)/slackWorst]; low != want {
			t.Fatalf("after %d values the low is %d, want %d", len(all), low, want)
		}
		if d := int64(mean) - sum/int64(len(last)); d < -1 || d > 1 {
			t.Fatalf("mean %d, want %d", mean, sum/int64(len(last)))
		}
	}
}
