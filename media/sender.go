package media

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/codec"
	"offhook/media/resample"
	"offhook/media/sound"
)

// sender is the half of a session that speaks.
//
// Its clock is the microphone's: the timestamp moves on by 10 ms with every
// period, muted or not. Only when periods stayed away (hold, no handset, the
// start) does the wall clock say how far it moved meanwhile, and the next
// packet has the marker bit of a new talk spurt (RFC 3551 section 4.1).
type sender struct {
	mu     sync.Mutex // guards everything below
	params Params
	closed bool
	dest   netip.AddrPort

	armour       *armour // nil: plain RTP
	reportArmour *armour // DTLS, of RTCP with a port of its own; nil: no keys
	codec        codec.Codec
	options      codec.Options // of encoder
	encoder      codec.Encoder
	downs        map[int]*resample.Resampler // from the port's rate, by the codec's
	narrow       []int16                     // a period at the codec's rate, a part of frame
	frame        [maxFrame]int16             // what the encoder takes at once
	filled       int                         // of frame
	silence      [sound.Period]int16

	ssrc      uint32
	sequence  uint16
	timestamp uint32    // of the next period
	tick      uint32    // RTP timestamp units in a period
	last      time.Time // when the last period came; zero: none yet
	resume    bool      // the wall clock is to be consulted whatever the gap
	marker    bool      // the next packet begins a talk spurt
	started   bool      // a packet was sent

	buf    [headerBytes + codec.MaxPayload]byte
	packet []byte // the packet being filled, a part of buf, header space included; empty = none
	begin  uint32 // its timestamp
	frames int    // periods in it, those in frame included
	digit  codec.EventSender
	keys   keyTone // of digits in band
	// comfort says which periods are silence, where the peer takes comfort noise.
	comfort codec.ComfortNoiseSender
	pause   int // periods to wait before the next digit

	stats senderStats

	toned atomic.Int64 // when the tones of a key were sent last, ns since 1970; not guarded
}

type senderStats struct {
	packets, bytes, errors, digits uint64
}

const (
	maxSilentPeriods = 100 * time.Millisecond // periods staying away for longer are a gap
	digitPause       = 6                      // 60 ms between two digits
	maxFrame         = 6 * sound.Period       // 60 ms at 48 kHz
)

func (t *sender) init(random func() uint32) {
	t.ssrc, t.timestamp, t.sequence = random(), random(), uint16(random())
	t.downs = make(map[int]*resample.Resampler)
	for _, k := range []int{1, 2, sound.Rate / codecRate} {
		t.downs[k*codecRate] = mustResampler(sound.Rate, k*codecRate)
	}
}

// set applies parameters. first tells that the first packet of all went out.
func (t *sender) set(p Params, c codec.Codec, dest netip.AddrPort, w *wire) (first bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.SRTP.Suite != t.params.SRTP.Suite || p.SRTP.Send != t.params.SRTP.Send {
		if t.armour, err = newArmour(p.SRTP.Suite, p.SRTP.Send); err != nil {
			return false, err
		}
	}
	var o codec.Options
	if c.Name() == "OPUS" {
		o = opusOptions(p.Fmtp)
	}
	o.DTX, o.PTime = p.DTX, p.PTime
	if t.encoder == nil || t.codec.Name() != c.Name() || t.options != o {
		e, err := c.NewEncoder(o)
		if err != nil {
			return false, err
		}
		if t.encoder != nil {
			t.encoder.Close()
		}
		t.codec, t.encoder, t.options, t.tick = c, e, o, uint32(c.ClockRate()/100)
		t.comfort.Reset()
		t.discard()
	}
	if p.speaks() && !t.params.speaks() {
		t.resume = true
		t.comfort.Reset() // it begins with sound
	}
	if !p.speaks() {
		t.discard() // sound from before the hold must not come out after it
		t.digit = codec.EventSender{}
	}
	t.params, t.dest = p, dest
	if !p.speaks() || t.started {
		return false, nil
	}
	t.marker = true
	for range p.PTime / (10 * time.Millisecond) {
		t.fill(t.silence[:])
		t.encode(w)
	}
	t.flush(w) // in case the encoder wants to leave silence out
	t.last = time.Now()
	return t.started, nil
}

func (t *sender) redirect(dest netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dest = dest
}

// push takes one period, nil for a muted one.
func (t *sender) push(in []int16, digits <-chan byte, w *wire) (first bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.encoder == nil || !t.params.speaks() {
		return false
	}
	before := t.started
	t.catchUp(now)
	if in == nil {
		in = t.silence[:]
	}
	if t.params.DigitsInBand {
		key, begins := t.keys.period(digits)
		if key != nil {
			in = key
			t.toned.Store(now.UnixNano())
		}
		if begins {
			t.stats.digits++
		}
		t.fill(in)
		t.encode(w)
		return t.started && !before
	}
	t.fill(in)
	if !t.event(digits, w) {
		t.encode(w)
	}
	return t.started && !before
}

// fill puts a period at the codec's rate into narrow, which is behind what is in frame.
func (t *sender) fill(in []int16) {
	n := t.codec.SampleRate() / 100
	t.narrow = t.frame[t.filled:][:n]
	n = t.downs[t.codec.SampleRate()].Process(t.narrow, in)
	clear(t.narrow[n:])
}

// catchUp moves the timestamp over a time without periods.
func (t *sender) catchUp(now time.Time) {
	away := now.Sub(t.last)
	if !t.last.IsZero() && (t.resume || away > maxSilentPeriods) {
		if periods := int64(away/(10*time.Millisecond)) - 1; periods > 0 {
			t.timestamp += uint32(periods) * t.tick
			t.discard()
			t.downs[t.codec.SampleRate()].Reset()
			t.marker = true
		}
	}
	t.resume, t.last = false, now
}

// event lets a queued digit take the place of the sound of this period. A
// digit begins between two packets of sound.
func (t *sender) event(digits <-chan byte, w *wire) bool {
	if !t.digit.Active() {
		if t.pause > 0 {
			t.pause--
			return false
		}
		if t.frames > 0 || t.params.EventPayloadType == 0 {
			return false
		}
		select {
		case d := <-digits:
			if t.digit.Start(d, t.timestamp, t.params.EventClock, digitLength) != nil {
				return false
			}
			t.stats.digits++
		default:
			return false
		}
	}
	t.timestamp += t.tick
	p, send := t.digit.Tick()
	if send {
		t.packet = p.Event.Append(t.buf[:headerBytes])
		t.send(header{marker: p.Marker, payloadType: t.params.EventPayloadType, timestamp: p.Timestamp}, w)
	}
	if !t.digit.Active() {
		t.pause = digitPause
	}
	return true
}

// encode adds the period in narrow to the packet, and sends that when it is
// full or the encoder ends it.
func (t *sender) encode(w *wire) {
	if t.params.ComfortNoisePayloadType != 0 && t.leaveOut(w) {
		return
	}
	if t.frames == 0 {
		t.begin = t.timestamp
		t.packet = t.buf[:headerBytes]
	}
	t.frames++
	t.filled += len(t.narrow)
	t.timestamp += t.tick
	if t.filled < t.encoder.Frame() {
		return
	}
	var kind codec.FrameKind
	t.packet, kind = t.encoder.Encode(t.packet, t.frame[:t.filled])
	t.filled = 0
	switch kind {
	case codec.Nothing:
		t.flush(w) // what came before it
		t.marker = true
		return
	case codec.SID:
		t.flush(w)
		t.marker = true
		return
	}
	if time.Duration(t.frames)*10*time.Millisecond >= t.params.PTime {
		t.flush(w)
	}
}

// leaveOut passes over the period in narrow when it is one of silence, and
// describes that to the peer now and then. A packet that was begun is filled.
func (t *sender) leaveOut(w *wire) bool {
	speech, describe := t.comfort.Period(t.narrow)
	if speech || t.frames > 0 {
		return false
	}
	if describe {
		t.packet = t.comfort.Append(t.buf[:headerBytes])
		t.send(header{payloadType: t.params.ComfortNoisePayloadType, timestamp: t.timestamp}, w)
	}
	t.timestamp += t.tick
	t.marker = true
	return true
}

// flush sends the packet of sound, if there is one.
func (t *sender) flush(w *wire) {
	if len(t.packet) <= headerBytes {
		t.discard()
		return
	}
	// A silence description is no talk spurt: the marker waits for speech.
	marker := t.marker && len(t.packet) > headerBytes+2
	if marker {
		t.marker = false
	}
	t.send(header{marker: marker, payloadType: t.params.PayloadType, timestamp: t.begin}, w)
}

// send fills the header of t.packet in and writes it.
func (t *sender) send(h header, w *wire) {
	h.ssrc, h.sequence = t.ssrc, t.sequence
	t.sequence++
	appendRTP(t.buf[:0], h)
	packet, err := t.armour.seal(t.packet)
	if err == nil {
		err = w.write(packet, t.dest)
	}
	if err != nil {
		t.stats.errors++
	} else {
		t.stats.packets++
		t.stats.bytes += uint64(len(packet))
		t.started = true
	}
	t.discard()
}

// discard forgets the packet being filled.
func (t *sender) discard() { t.packet, t.frames, t.filled = t.buf[:headerBytes], 0, 0 }

func (t *sender) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.encoder != nil {
		t.encoder.Close()
	}
}
