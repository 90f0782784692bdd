package media

import "offhook/media/codec"

// refill adds at least one sample of sound.
func (b *jitterBuffer) refill() {
	if b.count == 0 {
		before := b.stats.concealed
		b.makeUp(b.step)
		b.doubtful += b.stats.concealed - before
		b.starved = min(b.starved+b.step, 1<<30)
		return
	}
	p := &b.queue[b.order[0]]
	gap := int32(p.timestamp - b.next)
	if _, ok := p.decoder.(codec.Recoverer); ok && p.ext > b.played+1 && gap > 0 {
		b.fec, b.fecHold = p.samples, fecPulls
	}
	// The numbers follow each other, so what was made up stood for nothing lost: the
	// sender was silent.
	silence := p.ext == b.played+1+b.skipped
	if b.starved > 0 {
		late := b.starved - gap
		switch {
		case late <= 0: // in time: what was made up stood in for something lost or not sent
			b.next += uint32(b.starved)
			gap -= b.starved
			if silence {
				b.stats.concealed -= b.doubtful
			}
		case late <= b.t(maxStall) && gap >= 0: // came late: the delay has grown
			b.next = p.timestamp
			b.slack.shift(late)
			gap = 0
		case gap < 0 && gap > -b.t(maxGap): // a straggler of before
			b.stats.late++
			b.take()
			return
		default:
			gap = b.t(maxGap) + 1
		}
		b.starved, b.doubtful = 0, 0
	}
	switch {
	case gap > b.t(maxGap) || gap <= -b.t(maxGap): // another time line
		b.anchor(p.timestamp, p.ext-1)
	case gap > 0: // lost, or left out by a sender that is silent
		n := b.recover(p, gap)
		if n == 0 {
			n = min(gap, b.step)
			before := b.stats.concealed
			if b.makeUp(n); silence {
				b.stats.concealed = before
			}
		}
		b.next += uint32(n)
	case gap+p.samples <= 0: // all of it is past
		b.stats.late++
		b.take()
	default:
		b.decode(p, int(-gap))
		b.take()
	}
}

// decode appends a packet's sound, without its first skip samples.
func (b *jitterBuffer) decode(p *packet, skip int) {
	b.decoder = p.decoder
	n := len(b.pcm)
	room := b.pcmBuf[n : n+int(p.samples)]
	got, err := p.decoder.Decode(room, p.payload[:p.size])
	if err != nil { // cannot be: Samples was asked before
		got = 0
	}
	clear(room[got:])
	b.pcm = b.pcmBuf[:n+copy(room, room[skip:])]
	if b.abrupt {
		b.abrupt = false
		fade := b.t(fadeSamples)
		for i := range min(fade, int32(len(b.pcm)-n)) {
			b.pcm[n+int(i)] = int16(int32(b.pcm[n+int(i)]) * i / fade)
		}
	}
	b.next = p.timestamp + uint32(p.samples)
}

// makeUp appends sound that hides a gap.
func (b *jitterBuffer) makeUp(n int32) {
	at := len(b.pcm)
	b.pcm = b.pcmBuf[:at+int(n)]
	if b.decoder == nil {
		clear(b.pcm[at:])
		return
	}
	b.decoder.Conceal(b.pcm[at:])
	if p, ok := b.decoder.(codec.Pauser); !ok || !p.Pausing() {
		b.stats.concealed += uint64(n / b.k)
	}
}

// recover appends what is lost just before a packet out of the copy in that, if
// there is one: as a rule a packet's worth, less what was already made up in its
// place. It returns how much of the gap it filled.
func (b *jitterBuffer) recover(p *packet, gap int32) int32 {
	r, ok := p.decoder.(codec.Recoverer)
	if !ok || p.ext != b.played+2 || p.decoder != b.decoder || gap > p.samples {
		return 0
	}
	at := int32(len(b.pcm))
	room := b.pcmBuf[at : at+p.samples]
	if !r.Recover(room, p.payload[:p.size]) {
		return 0
	}
	b.stats.recovered++
	b.pcm = b.pcmBuf[:at+int32(copy(room, room[p.samples-gap:]))]
	return gap
}
