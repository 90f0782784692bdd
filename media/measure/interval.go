package measure

import (
	"fmt"
	"math"
	"slices"
)

// Interval is a mean with its 95 % confidence interval, Mean ± Half, over N independent values. Half is NaN when there
// are fewer than two, Mean when there are none.
type Interval struct {
	Mean, Half float64
	N          int
}

// IntervalOf gives the mean and its interval by Student's distribution.
func IntervalOf(values []float64) Interval {
	n := float64(len(values))
	i := Interval{Mean: math.NaN(), Half: math.NaN(), N: len(values)}
	if len(values) == 0 {
		return i
	}
	i.Mean = 0
	for _, v := range values {
		i.Mean += v / n
	}
	if len(values) < 2 {
		return i
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - i.Mean) * (v - i.Mean)
	}
	i.Half = student(len(values)-1) * math.Sqrt(squares/(n-1)/n)
	return i
}

// Low and High are the ends of the interval; without one, the mean itself.
func (i Interval) Low() float64 {
	if math.IsNaN(i.Half) {
		return i.Mean
	}
	return i.Mean - i.Half
}

// High is the upper end.
func (i Interval) High() float64 {
	if math.IsNaN(i.Half) {
		return i.Mean
	}
	return i.Mean + i.Half
}

// Text writes it with so many decimals, as "0.912 ±0.004"; "–" stands for no value.
func (i Interval) Text(decimals int) string {
	switch {
	case math.IsNaN(i.Mean):
		return "–"
	case math.IsNaN(i.Half):
		return fmt.Sprintf("%.*f", decimals, i.Mean)
	}
	return fmt.Sprintf("%.*f ±%.*f", decimals, i.Mean, decimals, i.Half)
}

// quantiles of Student's distribution: 97.5 % for 1 to 30 degrees of freedom.
var quantiles = [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
	2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042}

// student is the quantile for any number of degrees of freedom from 1 on. Above the table the first term of its
// expansion in 1/degrees is good to 0.002.
func student(degrees int) float64 {
	if degrees <= len(quantiles) {
		return quantiles[degrees-1]
	}
	return 1.96 + 2.42/float64(degrees)
}

// Percentile gives the value below which a share (0 to 1) of values lies, the nearest of those there are; NaN of none.
func Percentile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	return s[int(math.Round(share*float64(len(s)-1)))]
}
