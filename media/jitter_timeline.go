package media

// anchor starts a time line at a timestamp, with the margin's worth of padding
// in front.
func (b *jitterBuffer) anchor(timestamp uint32, played int64) {
	b.started, b.next, b.played, b.starved, b.doubtful = true, timestamp, played, 0, 0
	b.slack.reset()
	b.lowKnown, b.sinceFix = false, 0
	for pad := b.margin - int32(len(b.pcm)); pad > 0; pad -= b.step {
		b.makeUp(min(pad, b.step))
	}
}

// restart forgets a stream: another one begins.
func (b *jitterBuffer) restart() {
	if b.started {
		b.stats.resets++
	}
	b.started, b.count = false, 0
}

// wake prepares for playing after nobody listened for a while: of what piled
// up only the newest matters.
func (b *jitterBuffer) wake() {
	b.pcm = b.pcmBuf[:0]
	b.abrupt, b.decoder = true, nil // what was heard last is long ago: nothing to go on with
	b.slack.reset()
	for b.count > 0 && b.buffered() > b.margin {
		b.take()
	}
	if b.count == 0 {
		b.started = false
		return
	}
	p := &b.queue[b.order[0]]
	b.anchor(p.timestamp, p.ext-1)
}

// catchUp skips ahead when far too much is held, as after an outage of the
// network that then delivers everything at once.
func (b *jitterBuffer) catchUp() {
	if b.buffered() <= 2*b.margin+b.t(burstSize) {
		return
	}
	for b.count > 1 && b.buffered() > b.margin+2*b.step {
		b.drop()
	}
	b.makeUp(b.step) // whose joint with what follows is cross-faded
}
