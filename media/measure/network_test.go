package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

func TestATraceLosesWhatTheWeatherSays(t *testing.T) {
	const n = 200000
	for _, w := range []Weather{{}, {Loss: 0.01}, {Loss: 0.1, Burst: 1}, {Loss: 0.03, Burst: 3}, {Loss: 0.1, Burst: 3, Jitter: 80 * time.Millisecond}, {Loss: 1, Burst: 3}} {
		trace := w.Trace(n, 0, 20*time.Millisecond, 7)
		lost, runs, most := 0, 0, time.Duration(0)
		for i, f := range trace {
			if f.Lost {
				lost++
				if i == 0 || !trace[i-1].Lost {
					runs++
				}
			}
			most = max(most, f.Delay)
			if i > 0 && f.Delay+20*time.Millisecond < trace[i-1].Delay {
				t.Fatalf("%v: packet %d overtakes the one before", w, i)
			}
		}
		share, run := float64(lost)/n, float64(lost)/max(1, float64(runs))
		want := max(1, w.Burst)
		if w.Burst <= 1 && w.Loss < 1 {
			want = 1 / (1 - w.Loss) // by chance alone
		}
		t.Logf("%v: %.4f lost, in runs of %.2f, up to %v late", w, share, run, most)
		if math.Abs(share-w.Loss) > 0.1*w.Loss || w.Loss > 0 && w.Loss < 1 && math.Abs(run-want) > 0.05*want {
			t.Errorf("%v: %.4f lost, in runs of %.2f; want runs of %.2f", w, share, run, want)
		}
		if most > w.Jitter || w.Jitter > 0 && most < w.Jitter*9/10 {
			t.Errorf("%v: up to %v late", w, most)
		}
	}
}

func TestATraceIsTheSameForAll(t *testing.T) {
	calm, rough := Weather{Loss: 0.1, Burst: 3}, Weather{Loss: 0.1, Burst: 3, Jitter: 40 * time.Millisecond}
	a, b := calm.Trace(1000, 25, 20*time.Millisecond, 3), rough.Trace(1000, 25, 20*time.Millisecond, 3)
	if !slices.Equal(a, calm.Trace(1000, 25, 20*time.Millisecond, 3)) {
		t.Error("the same seed gives other fates")
	}
	for i := range a {
		if a[i].Lost != b[i].Lost {
			t.Fatalf("packet %d: jitter decides what is lost", i)
		}
		if a[i].Lost && i < 25 {
			t.Fatalf("packet %d was to be spared", i)
		}
	}
	if slices.Equal(a, calm.Trace(1000, 25, 20*time.Millisecond, 4)) {
		t.Error("another seed gives the same fates")
	}
}

func ExampleWeather_String() {
	fmt.Println(Weather{})
	fmt.Println(Weather{Loss: 0.05, Burst: 1, Jitter: 40 * time.Millisecond})
	fmt.Println(Weather{Loss: 0.1, Burst: 3})
	// Output:
	// 0 % j0
	// 5 % random j40
	// 10 % burst3 j0
}
