package media

import "time"

// measure notes the slack of a packet that came now: the time until the pull
// that would need its first sample.
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
	elapsed := min(int32(since/(time.Second/8000)), step)
	b.slack.add(pulls*step + step - elapsed)
}

// control derives the correction that is due.
func (b *jitterBuffer) control() {
	low, mean, ok := b.slack.measure()
	if !ok {
		return
	}
	b.margin = max(step, min(mean-low+floorSlack, maxMargin))
	switch {
	case low > floorSlack+slackBand:
		b.wanted = low - floorSlack
	case low < 0: // between 0 and the floor nothing is late yet: no reason to touch speech
		b.wanted = low - floorSlack
	default:
		b.wanted = 0
	}
}

// correct cuts or repeats a bit of the sound about to be played, when that is
// due and can be done without being heard. At least need samples stay.
func (b *jitterBuffer) correct(need int) {
	if b.wanted == 0 || b.sinceFix < fixEvery {
		return
	}
	if b.starved > 0 || b.count == 0 && b.wanted > 0 && len(b.pcm) <= need {
		return // made-up sound is no good for it
	}
	if b.wanted < 0 {
		b.insert(int(-b.wanted))
		return
	}
	for len(b.pcm) < 2*step && b.count > 0 { // more to choose from
		n := b.count
		if b.refill(); b.count == n {
			break
		}
	}
	n := cutLength(b.pcm, min(int(b.wanted), len(b.pcm)-need), b.wanted > bigExcess)
	if n == 0 {
		return
	}
	b.pcm = b.pcmBuf[:copy(b.pcmBuf[:], cut(b.pcm, n))]
	b.moved(-n)
	b.stats.cut += uint64(n)
}

func (b *jitterBuffer) insert(limit int) {
	n := cutLength(b.pcm, max(limit, step), b.wanted < -bigExcess)
	if n == 0 || n+len(b.pcm) > pcmSize {
		return
	}
	b.pcm = paste(b.pcm, n)
	b.moved(n)
	b.stats.pasted += uint64(n)
}

// moved accounts for playout put off by n samples.
func (b *jitterBuffer) moved(n int) {
	b.slack.shift(int32(n))
	b.wanted += int32(n)
	if -slackBand < b.wanted && b.wanted < slackBand {
		b.wanted = 0
	}
	b.sinceFix = 0
}
