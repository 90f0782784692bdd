package media

import (
	"offhook/media/sound"
	"offhook/media/tone"
)

// ringer plays a recording in place of the tone of the ringer. It belongs to the
// mixer.
type ringer struct {
	samples []int16
	at      int // of samples, or of the pause behind them
	level   int // of the fade, 0 to fadePeriod: softly in and out
}

// ringPause is the silence between two rounds.
const ringPause = 2 * sound.Rate

// instead takes the ringer's tone out of what the generators sing.
func (r *ringer) instead(t tone.Tone) tone.Tone {
	if t == tone.Ring {
		return tone.None
	}
	return t
}

// fill plays the next period, or fades out when it is not to ring; false: silence.
func (r *ringer) fill(out []int16, on bool) bool {
	if !on && r.level == 0 {
		r.at = 0
		return false
	}
	for i := range out {
		out[i] = 0
		if r.at < len(r.samples) {
			out[i] = int16(int(r.samples[r.at]) * r.level / fadePeriod)
		}
		if r.at++; r.at >= len(r.samples)+ringPause {
			r.at = 0
		}
		if on {
			r.level = min(r.level+1, fadePeriod)
		} else {
			r.level = max(r.level-1, 0)
		}
	}
	return true
}
