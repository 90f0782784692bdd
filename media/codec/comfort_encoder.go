package codec

import "math"

// ComfortNoiseSender leaves pauses out of a stream and describes them (RFC
// 3389): what a codec without discontinuous transmission of its own lacks. One
// goroutine owns it.
type ComfortNoiseSender struct {
	voice   VoiceActivity
	r       [comfortSent + 1]float64 // autocorrelation of the background, a sample's worth
	heard   bool                     // r is valid
	history [comfortSent]float64     // the last samples, oldest first
	pausing bool                     // this pause has been described
	since   int                      // periods since that was done last
	told    float64                  // dBov: its level
}

const (
	comfortSent   = 10   // coefficients in a description
	comfortSoon   = 20   // periods between two descriptions at least
	comfortLate   = 50   // and at most
	comfortChange = 2.0  // dB: less is not worth one
	comfortForget = 0.05 // share of the newest period in what is known of the background
)

// Period takes 10 ms of sound at the rate of the codec. It is to be called with
// every period, and its answers matter between two packets.
//
// speech: the period is to be sent as ever. Otherwise it is left out, and
// where describe is set, a description of the noise (see Append) is due; it stays
// so until one is made.
func (s *ComfortNoiseSender) Period(pcm []int16) (speech, describe bool) {
	speech = s.voice.Period(pcm)
	s.learn(pcm, s.voice.Quiet())
	if speech {
		s.pausing = false
		return true, false
	}
	s.since++
	return false, !s.pausing || s.since >= comfortLate || s.since >= comfortSoon && math.Abs(s.level()-s.told) >= comfortChange
}

// learn takes a period into what is known of the background.
func (s *ComfortNoiseSender) learn(pcm []int16, quiet bool) {
	if n := len(pcm); quiet && n > 0 {
		share := comfortForget
		if !s.heard {
			s.heard, share = true, 1
		}
		for lag := range s.r {
			sum := 0.0
			for i, x := range pcm {
				y := 0.0
				if i >= lag {
					y = float64(pcm[i-lag])
				} else {
					y = s.history[comfortSent+i-lag]
				}
				sum += float64(x) * y
			}
			if lag == 0 && sum/float64(n) < s.r[0]/100 {
				share = 1 // suddenly much softer: muted, perhaps
			}
			s.r[lag] += (sum/float64(n) - s.r[lag]) * share
		}
	}
	for i := range s.history {
		if at := len(pcm) - comfortSent + i; at >= 0 {
			s.history[i] = float64(pcm[at])
		}
	}
}

// level is that of the background, dBov.
func (s *ComfortNoiseSender) level() float64 { return decibels(s.r[0]) }

// Append appends the payload of a description: the level (section 3.1) and the
// reflection coefficients of the spectrum (section 3.2).
func (s *ComfortNoiseSender) Append(dst []byte) []byte {
	s.pausing, s.since, s.told = true, 0, s.level()
	dst = append(dst, byte(max(0, min(127, math.Round(-s.told)))))
	if s.told < -100 { // silence has no spectrum
		return dst
	}
	// Levinson's recursion. A trace of white noise keeps it stable.
	var a, before [comfortSent + 1]float64
	e := s.r[0] * 1.0001
	for i := 1; i <= comfortSent; i++ {
		sum := s.r[i]
		for j := 1; j < i; j++ {
			sum += a[j] * s.r[i-j]
		}
		k := max(-0.99, min(-sum/e, 0.99))
		before = a
		a[i] = k
		for j := 1; j < i; j++ {
			a[j] = before[j] + k*before[i-j]
		}
		e *= 1 - k*k
		dst = append(dst, byte(max(0, min(254, math.Round(k*32768/258)+127))))
	}
	return dst
}

// Reset forgets what was heard: the stream goes on elsewhere, or at another rate.
func (s *ComfortNoiseSender) Reset() { *s = ComfortNoiseSender{} }
