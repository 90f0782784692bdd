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
	if ahead > b.t(maxGap) || ahead < -b.t(maxGap) {
		return
	}
	pulls := ahead / b.step
	if ahead%b.step < 0 {
		pulls--
	}
	elapsed := min(b.t(int32(since/(time.Second/codecRate))), b.step)
	b.slack.add(pulls*b.step + b.step - elapsed)
}

// What tells a slack that shrinks, since the clocks drift, from one that is small:
// its mean over some 10 s is this much more than what it is now. Drift of 50 ppm
// and more is noticed.
const (
	latelyMeasures = 100
	fallingSlack   = 4
)

// control looks at the slack of the last packets.
func (b *jitterBuffer) control() {
	low, mean, ok := b.slack.measure()
	if !ok {
		return
	}
	if !b.lowKnown {
		b.lately = float64(low)
	}
	b.lately += (float64(low) - b.lately) / latelyMeasures
	b.low, b.lowKnown = low, true
	b.margin = max(b.step, min(mean-low+b.t(floorSlack)+b.fec, b.t(maxMargin)))
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
	if !b.lowKnown || b.sinceFix < b.t(fixEvery) || b.starved > 0 {
		return
	}
	step := int(b.step)
	rest := len(b.pcm) % step
	low := int(b.low - b.fec)
	if low < 0 { // between 0 and the floor nothing is late yet: no reason to touch speech
		b.insert(rest, low < -int(b.t(bigExcess)))
		return
	}
	if low < int(b.t(floorSlack))/2 && b.lately-float64(b.low) > float64(b.t(fallingSlack)) {
		b.insert(rest, false) // the clocks drift: rather a bit said twice in time than a gap soon
		return
	}
	spare := max(0, low-int(b.t(floorSlack+slackBand))) / step * step
	if rest+spare < int(b.t(shortestCut)) {
		return
	}
	for len(b.pcm) < 2*step && b.count > 0 { // more to choose from
		n := b.count
		if b.refill(); b.count == n {
			return // a gap comes first
		}
	}
	limit := min(rest+spare, len(b.pcm)-need)
	n := cutLength(b.pcm, int(b.k), limit, low > int(b.t(bigExcess)))
	if n == 0 {
		return
	}
	b.pcm = b.pcmBuf[:copy(b.pcmBuf, cut(b.pcm, n, int(b.k)))]
	b.moved(-(n - rest + step - 1) / step * step)
	b.stats.cut += uint64(n) / uint64(b.k)
	b.stats.cuts++
}

func (b *jitterBuffer) insert(rest int, force bool) {
	n := cutLength(b.pcm, int(b.k), int(b.t(pitch.MaxLag)), force)
	if n == 0 || n+len(b.pcm) > len(b.pcmBuf) {
		return
	}
	b.pcm = paste(b.pcm, n, int(b.k))
	b.moved((rest + n) / int(b.step) * int(b.step))
	b.stats.pasted += uint64(n) / uint64(b.k)
	b.stats.pastes++
}

// moved accounts for slack that grew by n samples.
func (b *jitterBuffer) moved(n int) {
	b.slack.shift(int32(n))
	b.low += int32(n)
	b.lately += float64(n)
	b.sinceFix = 0
}
