package media

import (
	"time"

	"offhook/media/sound"
	"offhook/media/tone"
)

// keyTone plays keys as tones into the sound that is sent, for peers that
// understand nothing better (Params.DigitsInBand). It takes the place of the
// microphone: speech under a tone is what receivers mistake for other keys. It
// belongs to the sender, under its lock.
type keyTone struct {
	generator tone.Generator
	left      int // periods of the tone still to come
	pause     int // periods of silence behind it
	out       [sound.Period]int16
}

// period gives the next period of a tone or of the silence after it; nil when
// no key is to be sent. digits reports a key that begins.
func (k *keyTone) period(digits <-chan byte) (out []int16, begins bool) {
	if k.left == 0 && k.pause == 0 {
		select {
		case d := <-digits:
			k.generator.Set(tone.DTMF(d))
			k.left, k.pause, begins = digitPeriods, digitPause, true
		default:
			return nil, false
		}
	}
	switch {
	case k.left > 0:
		if k.left--; k.left == 0 {
			defer k.generator.Set(tone.None)
		}
	default:
		k.pause--
	}
	k.generator.Fill(k.out[:])
	return k.out[:], begins
}

// digitPeriods is how long the tone of a key is.
const digitPeriods = int(digitLength / (10 * time.Millisecond))
