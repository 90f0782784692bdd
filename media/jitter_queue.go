package media

// take removes the first packet.
func (b *jitterBuffer) take() {
	slot := b.order[0]
	if ext := b.queue[slot].ext; ext > b.played {
		for missing := min(ext-b.played-1-b.skipped, maxForward); missing > 0; missing-- {
			b.runs.miss()
		}
		b.runs.came()
		b.played, b.skipped = ext, 0
	}
	copy(b.order[:], b.order[1:b.count])
	b.count--
	b.order[b.count] = slot
}

// drop throws the first packet away because there are too many. Playout goes
// on with the one after it.
func (b *jitterBuffer) drop() {
	b.stats.dropped++
	b.take()
	if b.count > 0 {
		p := &b.queue[b.order[0]]
		if d := int32(p.timestamp - b.next); d > 0 && d <= b.t(maxBuffered)*4 {
			b.slack.shift(-d)
		} else {
			b.slack.reset()
		}
		b.next, b.starved, b.doubtful = p.timestamp, 0, 0
	}
}

// buffered is the sound held, in samples: decoded, and from the first packet
// to the end of the last.
func (b *jitterBuffer) buffered() int32 {
	n := int32(len(b.pcm))
	if b.count > 0 {
		first, last := &b.queue[b.order[0]], &b.queue[b.order[b.count-1]]
		span := int32(last.timestamp-first.timestamp) + last.samples
		if span < 0 || span > b.t(maxGap)*8 { // time lines apart: count packets
			span = int32(b.count) * last.samples
		}
		n += span
	}
	return n
}

// skip notes a packet of the stream that carries no sound, so that its
// sequence number is not taken for a loss.
func (b *jitterBuffer) skip(h header) {
	if !b.stream.known || b.stream.ssrc != h.ssrc {
		return
	}
	switch ext, fate := b.stream.place(h); fate {
	case placeRestart:
		b.restart()
	case placeNew, placeOld:
		if ext > b.played {
			b.skipped++
		}
	}
}
