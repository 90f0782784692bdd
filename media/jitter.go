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
	doubtful uint64 // of that counted as concealed, though the sender may just be silent
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
