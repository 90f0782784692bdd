package codec

import (
	"math"
	"math/rand/v2"
	"testing"

	"offhook/media/internal/voice"
)

// hum is the noise of a place: white noise through a one-pole low-pass.
func hum(n int, rms, pole float64) []int16 {
	rnd := rand.New(rand.NewPCG(7, 7))
	out, y := make([]int16, n), 0.0
	for i := range out {
		y = pole*y + math.Sqrt(1-pole*pole)*rnd.NormFloat64()
		out[i] = int16(rms * y)
	}
	return out
}

// loudness of the background in dBov, and its tilt: how a sample hangs together
// with the one before.
func loudness(x []int16) (dB, tilt float64) {
	var r0, r1 float64
	for i := 1; i < len(x); i++ {
		r0 += float64(x[i]) * float64(x[i])
		r1 += float64(x[i]) * float64(x[i-1])
	}
	return decibels(r0 / float64(len(x))), r1 / r0
}

func TestABackgroundIsDescribedAndPlayedAlike(t *testing.T) {
	for _, tt := range []struct{ rms, pole float64 }{{20, 0}, {60, 0.5}, {90, 0.9}, {30, -0.4}} {
		noise := hum(16000, tt.rms, tt.pole)
		var s ComfortNoiseSender
		for at := 0; at < len(noise); at += 80 {
			s.Period(noise[at : at+80])
		}
		n := NewComfortNoise(8000)
		out := make([]int16, 24000)
		n.Decode(out, s.Append(nil))
		n.Conceal(out)
		dB, tilt := loudness(noise)
		gotDB, gotTilt := loudness(out[8000:])
		if math.Abs(gotDB-dB) > 1.5 || math.Abs(gotTilt-tilt) > 0.1 {
			t.Errorf("noise of %.1f dBov and tilt %.2f is played at %.1f and %.2f", dB, tilt, gotDB, gotTilt)
		}
	}
}

// sentOf gives which periods of a sound are sent, and how many descriptions.
func sentOf(x []int16, period int) (sent []bool, described int) {
	var s ComfortNoiseSender
	for ; len(x) >= period; x = x[period:] {
		speech, describe := s.Period(x[:period])
		sent = append(sent, speech)
		if describe {
			s.Append(nil)
			described++
		}
	}
	return sent, described
}

func TestSpeechIsSentWholeAndPausesAreLeftOut(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		period := rate / 100
		// 2 s of the place, then 2 s of speech in it, and so on.
		speech, x := voice.Make(6*rate, rate, 3), hum(12*rate, 20, 0.5)
		for i, v := range speech {
			at := i/(2*rate)*4*rate + 2*rate + i%(2*rate)
			x[at] = int16(max(-32768, min(32767, int(x[at])+int(v)/2)))
		}
		sent, described := sentOf(x, period)
		missed, kept := 0, 0
		for i, s := range sent {
			loud := voice.RMS(x[i*period:][:period]) > 100
			if loud && !s {
				missed++
			}
			if i/200%2 == 0 && s {
				kept++
			}
		}
		if missed > 0 {
			t.Errorf("%d Hz: %d periods of speech were left out", rate, missed)
		}
		if kept > 3*40 { // a quarter of a second after speech, and the odd one
			t.Errorf("%d Hz: %d of 600 periods of pause were sent", rate, kept)
		}
		if described < 9 || described > 40 {
			t.Errorf("%d Hz: %d descriptions of 6 s of pauses", rate, described)
		}
	}
}

func TestHissIsSpeech(t *testing.T) {
	const rate = 8000
	x := hum(2*rate, 60, 0.95) // dull, and louder than the s
	s := hum(rate/10, 40, -0.8)
	for i, v := range s {
		x[rate+i] += v
	}
	sent, _ := sentOf(x, 80)
	if !sent[101] || sent[99] {
		t.Errorf("before it %v, with it %v", sent[99], sent[101])
	}
}

func TestALoudPlaceAndMusicAreSent(t *testing.T) {
	sent, _ := sentOf(hum(8000, 700, 0.3), 80)
	for i, s := range sent {
		if !s {
			t.Fatalf("period %d of a loud place was left out", i)
		}
	}
}

func TestTrueSilenceIsDescribedAsSuch(t *testing.T) {
	var s ComfortNoiseSender
	quiet := make([]int16, 80)
	described := 0
	for range 300 {
		if speech, describe := s.Period(quiet); describe {
			if p := s.Append(nil); speech || len(p) != 1 || p[0] != 127 {
				t.Errorf("% d", p)
			}
			described++
		}
	}
	if described < 5 || described > 7 {
		t.Errorf("%d descriptions in 3 s", described)
	}
}

func TestAfterAMuteTheDescriptionsAreFew(t *testing.T) {
	x := append(hum(16000, 30, 0.5), make([]int16, 24000)...)
	if _, described := sentOf(x, 80); described > 12 { // every half second
		t.Errorf("%d descriptions in 5 s", described)
	}
}

func TestComfortNoiseSendingAllocatesNothing(t *testing.T) {
	var s ComfortNoiseSender
	x, buf := hum(80, 30, 0.3), make([]byte, 0, 32)
	if n := testing.AllocsPerRun(100, func() { s.Period(x); s.Append(buf) }); n != 0 {
		t.Errorf("%v allocations a period", n)
	}
}
