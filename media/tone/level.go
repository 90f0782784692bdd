package tone

import "math"

// fullScale is the mean square of a full-scale sine, the reference of dBFS here.
const fullScale = math.MaxInt16 * math.MaxInt16 / 2.0

// Goertzel returns the power (mean square) of the sine at freq in mono samples
// of the given rate. Its selectivity is about rate/len(samples) Hz.
func Goertzel(samples []int16, rate int, freq float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	w := 2 * math.Pi * freq / float64(rate)
	k := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+k*s1-s2, s1
	}
	n := float64(len(samples))
	return max(0, s1*s1+s2*s2-k*s1*s2) * 2 / (n * n)
}

// Level returns the RMS level of samples in dBFS, where 0 is a full-scale sine;
// silence is -100, the least it returns.
func Level(samples []int16) float64 {
	return max(-100, 10*math.Log10(meanSquare(samples)/fullScale+1e-30))
}

func meanSquare(samples []int16) float64 {
	if len(samples) == 0 {
		return 0
	}
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum / float64(len(samples))
}
