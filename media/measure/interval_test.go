package measure

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestIntervalOfKnownValues(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   string
	}{
		{nil, "–"},
		{[]float64{3}, "3.000"},
		{[]float64{1, 3}, "2.000 ±12.706"},
		{[]float64{2, 4, 4, 4, 5, 5, 7, 9}, "5.000 ±1.788"}, // variance 32/7, t(7) 2.365
	} {
		if got := IntervalOf(tt.values).Text(3); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.values, got, tt.want)
		}
	}
	if i := IntervalOf([]float64{3}); i.Low() != 3 || i.High() != 3 {
		t.Errorf("one value: %v to %v", i.Low(), i.High())
	}
}

func TestIntervalHoldsTheTruth95TimesOf100(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{3, 20, 60} {
		held := 0
		const tries = 5000
		for range tries {
			v := make([]float64, n)
			for i := range v {
				v[i] = 10 + 2*rnd.NormFloat64()
			}
			if i := IntervalOf(v); i.Low() <= 10 && i.High() >= 10 {
				held++
			}
		}
		if share := float64(held) / tries; math.Abs(share-0.95) > 0.015 {
			t.Errorf("of %d values: held %.3f of the time", n, share)
		}
	}
}

func TestPercentile(t *testing.T) {
	v := []float64{5, 1, 3, 2, 4}
	if p := []float64{Percentile(v, 0), Percentile(v, 0.5), Percentile(v, 0.95), Percentile(v, 1)}; p[0] != 1 || p[1] != 3 || p[2] != 5 || p[3] != 5 {
		t.Errorf("%v", p)
	}
	if !math.IsNaN(Percentile(nil, 0.5)) || v[0] != 5 {
		t.Error("of none, or the values were moved")
	}
}
