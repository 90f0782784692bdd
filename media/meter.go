package media

import "math"

// SilentLevel is the level of silence, in dBFS: no 16-bit sample but zero is
// below it.
const SilentLevel = -96.0

// meter follows the mean square of a sound.
type meter struct{ square float64 }

// meterShare is how much a period of 10 ms counts: a time constant of 50 ms.
const meterShare = 0.2

func (m *meter) add(period []int16) {
	var sum int64
	for _, s := range period {
		sum += int64(s) * int64(s)
	}
	m.square += (float64(sum)/float64(len(period)) - m.square) * meterShare
}

func (m *meter) silence() { m.square = 0 }

func (m *meter) level() float64 {
	return max(SilentLevel, 10*math.Log10(m.square/(32768*32768)))
}
