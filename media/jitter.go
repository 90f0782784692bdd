package media

import (
	"time"

	"offhook/media/codec"
)

// jitterBuffer puts packets in order and plays them at the pace of the sound
// device. It runs at the sample rate of the codec, k times 8 kHz; constants are
// in samples at 8 kHz (t turns them into the buffer's own), and so are the
// counts. It is bounded in packets and in time, it allocates nothing but when
// the rate changes, and it is not safe for concurrent use.
//
// There are three places on the sender's time line:
//
//	     position            next                    packet's timestamp
//	────────┼────────────────┼───────────────────────────┼──────►
//	        │ pcm: decoded,  │   (missing)               │ queue
//	        │ to be played   │                           │
//
// A packet's slack is how long before position reaches its timestamp it came.
// The only thing controlled is that slack (see slackWindow): nearly all of
// the packets shall have at least floorSlack. Too much of it, and sound is cut
// out; too little, and some is said twice. Network jitter, device jitter and
// clock drift are all the same to it.
//
// When a packet is not there at its time, sound is made up and starved counts
// it, while the time line stands still. A packet that turns up late is then
// played where it belongs and the delay has grown by what was made up. A
// packet from further on shows that the missing one is lost: the made-up
// sound stood in for it, and nothing moves.
type jitterBuffer struct {
	queue [queueSize]packet
	order [queueSize]uint8 // indices of queue by sequence; the first count are filled, the rest free
	count int

	k      int32   // the rate is k times 8 kHz
	step   int32   // samples in one sound period of 10 ms
	pcmBuf []int16 // pcmSize samples at 8 kHz
	pcm    []int16 // decoded, not yet played; a part of pcmBuf

	decoder codec.Decoder // of the packet last played
	// Where packets get lost and the ones after them may hold copies, fec is by
	// how much the delay is longer so that these come in time, for fecHold pulls.
	fec, fecHold int32

	abrupt   bool   // the next packet follows silence and may begin in mid-word: fade it in
	started  bool   // next is valid
	next     uint32 // timestamp of the next sample to decode
	played   int64  // extended sequence number last decoded
	starved  int32  // samples made up since next was last reached
	margin   int32  // padding in front of a stream that starts anew
	pulled   time.Time
	sinceFix int32 // samples played since the last cut or paste

	stream   streamState
	runs     lossRuns
	skipped  int64 // packets without sound since the last one played
	slack    slackWindow
	low      int32 // the slack that nearly all packets have
	lowKnown bool
	lately   float64 // mean of low over the last 10 s

	stats jitterStats
}

type packet struct {
	ext       int64
	timestamp uint32
	decoder   codec.Decoder
	samples   int32
	size      int
	payload   [codec.MaxPayload]byte
}

const (
	queueSize     = 64
	pcmSize       = 4096
	step          = 80   // one sound period of 10 ms
	initialMargin = 160  // 20 ms: with a packet of 20 ms, 40 ms are buffered at the start
	floorSlack    = 16   // 2 ms
	slackBand     = 8    // 1 ms over the floor is left alone
	shortestCut   = 16   // 2 ms: less is not worth it
	maxMargin     = 1600 // 200 ms
	maxStall      = 1600 // made up at most for a packet that turns up late
	maxBuffered   = 4000 // 500 ms; more than that is thrown away
	burstSize     = 2400 // 300 ms more than needed are skipped
	maxGap        = 8000 // a jump of the time line by more than 1 s is a new time line
	fixEvery      = 800  // at most one correction in 100 ms
	bigExcess     = 480  // more than this is cut even where it can be heard
	idlePull      = 100 * time.Millisecond
	fecPulls      = 3000 // 30 s after the last loss no copies are waited for any more
)

// format is how the payloads of one payload type are read.
type format struct {
	decoder codec.Decoder
	k       int32  // of its sample rate
	scale   uint32 // samples for one unit of the RTP clock: 2 for G.722, whose clock is half its rate
	clock   int    // RTP timestamp units per second
}

// jitterStats counts in packets and in samples.
type jitterStats struct {
	received, late, duplicate, dropped, reordered uint64
	concealed, cut, pasted                        uint64
	cuts, pastes                                  uint64 // how many times
	recovered                                     uint64 // packets played from the copy in a later one
	resets                                        uint64
}

func newJitterBuffer() *jitterBuffer {
	b := &jitterBuffer{}
	for i := range b.order {
		b.order[i] = uint8(i)
	}
	b.setRate(1)
	return b
}

// t turns a number of samples at 8 kHz into one at the buffer's rate.
func (b *jitterBuffer) t(n int32) int32 { return n * b.k }

// setRate empties the buffer and goes on at k times 8 kHz.
func (b *jitterBuffer) setRate(k int32) {
	if b.k == k {
		return
	}
	b.restart()
	b.k, b.step = k, step*k
	if len(b.pcmBuf) < int(b.t(pcmSize)) {
		b.pcmBuf = make([]int16, b.t(pcmSize))
	}
	b.pcm = b.pcmBuf[:0]
	b.decoder, b.abrupt = nil, true
	b.margin, b.fec, b.fecHold = b.t(initialMargin), 0, 0
	b.slack.reset()
	b.lowKnown = false
}

// put takes a packet of the peer, whose payload type has the format f.
func (b *jitterBuffer) put(h header, payload []byte, f *format, now time.Time) {
	samples, err := f.decoder.Samples(payload)
	if err != nil || len(payload) > codec.MaxPayload {
		b.stats.dropped++
		return
	}
	ext, fate := b.stream.place(h)
	switch fate {
	case placeDuplicate:
		b.stats.duplicate++
		return
	case placeDrop:
		b.stats.dropped++
		return
	case placeRestart:
		b.restart()
	case placeOld:
		b.stats.reordered++
	}
	b.stats.received++
	if f.k != b.k {
		if fate == placeOld {
			b.stats.late++ // of the codec before
			return
		}
		b.setRate(f.k)
	}
	timestamp := h.timestamp * f.scale
	if b.started {
		b.measure(timestamp, now)
	}
	if b.started && ext <= b.played {
		b.stats.late++
		return
	}
	if !b.started {
		b.anchor(timestamp, ext-1)
	}
	if b.count == queueSize {
		b.drop()
	}
	i := b.count
	slot := b.order[i]
	for ; i > 0 && b.queue[b.order[i-1]].ext > ext; i-- {
		b.order[i] = b.order[i-1]
	}
	b.order[i] = slot
	b.count++
	p := &b.queue[slot]
	p.ext, p.timestamp, p.decoder, p.samples = ext, timestamp, f.decoder, int32(samples)
	p.size = copy(p.payload[:], payload)
	for b.buffered() > b.t(maxBuffered) && b.count > 1 {
		b.drop()
		// What was learned is from before whatever happened here.
		b.slack.reset()
		b.lowKnown, b.margin = false, b.t(initialMargin)
	}
}

// pull fills out with the next sound. It is to be called at the pace of the
// sound device with as many samples as a step has.
func (b *jitterBuffer) pull(out []int16, now time.Time) {
	if idle := now.Sub(b.pulled) > idlePull; idle && b.started {
		b.wake()
	}
	b.pulled = now
	if !b.started {
		clear(out)
		return
	}
	b.control()
	b.catchUp()
	for len(b.pcm) < len(out) {
		b.refill()
	}
	b.correct(len(out))
	copy(out, b.pcm)
	b.pcm = b.pcm[:copy(b.pcmBuf[:], b.pcm[len(out):])]
	b.sinceFix = min(b.sinceFix+int32(len(out)), b.t(fixEvery))
	if b.fecHold > 0 {
		if b.fecHold--; b.fecHold == 0 {
			b.fec = 0
		}
	}
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

// refill adds at least one sample of sound.
func (b *jitterBuffer) refill() {
	if b.count == 0 {
		b.makeUp(b.step)
		b.starved = min(b.starved+b.step, 1<<30)
		return
	}
	p := &b.queue[b.order[0]]
	gap := int32(p.timestamp - b.next)
	if _, ok := p.decoder.(codec.Recoverer); ok && p.ext > b.played+1 && gap > 0 {
		b.fec, b.fecHold = p.samples, fecPulls
	}
	if b.starved > 0 {
		late := b.starved - gap
		switch {
		case late <= 0: // in time: what was made up stood in for something lost or not sent
			b.next += uint32(b.starved)
			gap -= b.starved
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
		b.starved = 0
	}
	switch {
	case gap > b.t(maxGap) || gap <= -b.t(maxGap): // another time line
		b.anchor(p.timestamp, p.ext-1)
	case gap > 0: // lost, or left out by a sender that is silent
		n := b.recover(p, gap)
		if n == 0 {
			n = min(gap, b.step)
			b.makeUp(n)
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
		b.next, b.starved = p.timestamp, 0
	}
}

// anchor starts a time line at a timestamp, with the margin's worth of padding
// in front.
func (b *jitterBuffer) anchor(timestamp uint32, played int64) {
	b.started, b.next, b.played, b.starved = true, timestamp, played, 0
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
