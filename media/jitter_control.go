package media

import (
	"time"

	"offhook/media/internal/pitch"
)

// measure notes the slack of a packet that came now: the time until the pull
// that would need its first sample. Pulls come in steps of 10 ms, so what
// counts is the step that the sample lies in.
func (b *jitterBuffer) measure(timestamp uint32, now time.Time) {
	since := now.Sub(b.pulled)
	if since > idlePull {
		return // nobody listens: there is no playout to be early or late for
	}
	ahead := int32(timestamp-b.next) + int32(len(b.pcm)) - b.starved
	if ahead > maxGap || ahead < -maxGap {
		return
	}
	pulls := ahead / step
	if ahead%step < 0 {
		pulls--
	}
	elapsed := min(int32(since/(time.Second/codecRate)), step)
	b.slack.add(pulls*step + step - elapsed)
}

// control looks at the slack of the last packets.
func (b *jitterBuffer) control() {
	low, mean, ok := b.slack.measure()
	if !ok {
		return
	}
	b.low, b.lowKnown = low, true
	b.margin = max(step, min(mean-low+floorSlack, maxMargin))
}

// correct cuts or repeats a bit of the sound about to be played, when the
// delay asks for it and it can be done without being heard. At least need
// samples stay.
//
// Because a packet is needed by a whole step, its slack is not moved by every
// sample that is cut. With rest samples decoded beyond whole steps, the first
// rest are free: nothing is needed earlier. Every step's worth after them
// costs a step of slack.
func (b *jitterBuffer) correct(need int) {
	if !b.lowKnown || b.sinceFix < fixEvery || b.starved > 0 {
		return
	}
	rest := len(b.pcm) % step
	if b.low < 0 { // between 0 and the floor nothing is late yet: no reason to touch speech
		b.insert(rest)
		return
	}
	spare := max(0, int(b.low)-floorSlack-slackBand) / step * step
	if rest+spare < shortestCut {
		return
	}
	for len(b.pcm) < 2*step && b.count > 0 { // more to choose from
		n := b.count
		if b.refill(); b.count == n {
			return // a gap comes first
		}
	}
	limit := min(rest+spare, len(b.pcm)-need)
	n := cutLength(b.pcm, limit, int(b.low) > bigExcess)
	if n == 0 {
		return
	}
	b.pcm = b.pcmBuf[:copy(b.pcmBuf[:], cut(b.pcm, n))]
	b.moved(-(n - rest + step - 1) / step * step)
	b.stats.cut += uint64(n)
}

func (b *jitterBuffer) insert(rest int) {
	n := cutLength(b.pcm, pitch.MaxLag, int(b.low) < -bigExcess)
	if n == 0 || n+len(b.pcm) > pcmSize {
		return
	}
	b.pcm = paste(b.pcm, n)
	b.moved((rest + n) / step * step)
	b.stats.pasted += uint64(n)
}

// moved accounts for slack that grew by n samples.
func (b *jitterBuffer) moved(n int) {
	b.slack.shift(int32(n))
	b.low += int32(n)
	b.sinceFix = 0
}
