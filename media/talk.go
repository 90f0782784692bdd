package media

import (
	"math"

	"offhook/media/sound"
	"offhook/media/tone"
)

// mutedTalk notices that somebody speaks into a muted microphone: half a second
// of sound that is well above the noise of the place.
type mutedTalk struct {
	floor float64 // dBFS, of the softest periods lately
	loud  int     // periods, less those that were not
	rest  int     // periods until it may tell again
	set   bool    // floor is valid
}

const (
	talkAbove  = 15.0  // dB over the floor
	talkLeast  = -45.0 // dBFS
	talkNeeded = 30    // periods
	talkRest   = 1500  // periods: 15 s
	floorRise  = 0.02  // dB a period
)

// period is true when it is to be told now.
func (t *mutedTalk) period(mic []int16) bool {
	var sum float64
	for _, s := range mic {
		sum += float64(s) * float64(s)
	}
	level := 10 * math.Log10((sum/float64(len(mic))+1e-3)/(32768*32768))
	if !t.set {
		t.floor, t.set = level, true
	}
	t.floor = min(t.floor+floorRise, level)
	t.rest = max(0, t.rest-1)
	if level > talkLeast && level > t.floor+talkAbove {
		t.loud++
	} else {
		t.loud = max(0, t.loud-1)
	}
	if t.loud < talkNeeded || t.rest > 0 {
		t.loud = min(t.loud, talkNeeded)
		return false
	}
	t.loud, t.rest = 0, talkRest
	return true
}

// warn tells who talks into a muted microphone, and beeps.
func (m *mixer) warn(plan *Plan, mic []int16) bool {
	if plan.told() == nil {
		return false
	}
	if !plan.MuteMic {
		m.muted.loud = 0
		return false
	}
	if !m.muted.period(mic) {
		return false
	}
	m.beep.Set(tone.Muted)
	m.beepLeft = sound.Rate / 2
	return true
}

// tidy cleans the microphone of a speakerphone, and keeps it for the sidetone.
func (m *mixer) tidy(plan *Plan, mic []int16) []int16 {
	if plan.told() == nil {
		return mic
	}
	if m.cleaner != nil {
		copy(m.clean[:], mic)
		mic = m.clean[:]
		m.cleaner.Process(mic)
	}
	if m.sidetone != 0 {
		copy(m.side[:], mic)
	}
	return mic
}
