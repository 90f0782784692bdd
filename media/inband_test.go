package media

import (
	"testing"
	"testing/synctest"

	"offhook/media/codec"
	"offhook/media/sound"
	"offhook/media/tone"
)

// TestDigitsInBandAreHeard: keys come out of the other end as tones, while
// somebody speaks, and muted too.
func TestDigitsInBandAreHeard(t *testing.T) {
	for _, muted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, b, _, _ := call(t, codec.PCMA, func(p *Params) { p.EventPayloadType, p.DigitsInBand = 0, true })
			defer a.Close()
			defer b.Close()
			for _, d := range []byte("159#") {
				must(t, a.SendDigit(d))
			}
			speech := periods(200)
			var heard []int16
			run(200, func(i int) {
				in := speech[i]
				if muted {
					in = nil
				}
				a.Push(in)
				synctest.Wait()
				out := make([]int16, sound.Period)
				b.Pull(out)
				heard = append(heard, out...)
			})
			if got := tone.Digits(tone.Detect(tone.Default, heard[:sound.Rate], sound.Rate)); got != "159#" {
				t.Errorf("muted %v: heard the keys %q", muted, got)
			}
			if n := a.Stats().DigitsSent; n != 4 {
				t.Errorf("%d digits sent", n)
			}
			if err := a.SendDigit('x'); err == nil {
				t.Error("x is a key")
			}
		})
	}
}
