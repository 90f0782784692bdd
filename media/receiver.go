package media

import (
	"net/netip"
	"sync"
	"time"

	"offhook/media/codec"
	"offhook/media/resample"
	"offhook/media/sound"
	"offhook/media/tone"
)

// receiver is the half of a session that listens.
type receiver struct {
	mu           sync.Mutex // guards everything below
	params       Params
	agreed       bool // params are valid
	closed       bool
	source       sourceLock
	armour       *armour            // nil: plain RTP
	reportArmour *armour            // DTLS, of RTCP with a port of its own; nil: no keys
	formats      map[string]*format // by codec; kept till the end, the buffer may refer to their decoders
	byType       [128]*format       // the payload types we understand now
	buffer       *jitterBuffer
	events       codec.EventReceiver
	eventSSRC    uint32
	second       time.Time                     // when the present second of keys began
	pressed      int                           // keys in it
	keys         map[int32]*tone.Keys          // hear keys in the sound, by the buffer's k; nil: nobody wants to know
	ups          map[int32]*resample.Resampler // to the port's rate, by the buffer's k; none for 48 kHz
	narrow       [sound.Period]int16
	heard        bool
	jitter       interarrival
	clock        int // RTP clock of the codec agreed on, Hz
	far          far
	stats        receiverStats
}

type receiverStats struct {
	packets, bytes, strangers, malformed, forged, unknown, events, tones uint64
}

// digitsMost is how many keys are taken in a second: a machine that dials as fast as
// RFC 4733 section 2.5.1.2 advises has some 12.
const digitsMost = 25

// reception is what became of one packet.
type reception struct {
	digit byte           // a key the peer pressed, 0 = none
	moved netip.AddrPort // the address to send to from now on, when it changed
	first bool           // the first packet of the call
}

func (r *receiver) init(hearKeys bool) {
	r.formats = make(map[string]*format)
	r.buffer = newJitterBuffer()
	r.ups = map[int32]*resample.Resampler{1: mustResampler(codecRate, sound.Rate), 2: mustResampler(2*codecRate, sound.Rate)}
	if hearKeys {
		r.keys = map[int32]*tone.Keys{}
		for _, k := range []int32{1, 2, 6} {
			r.keys[k] = tone.NewKeys(int(k) * codecRate)
		}
	}
}

// mustResampler makes one for rates known to fit.
func mustResampler(from, to int) *resample.Resampler {
	r, err := resample.New(from, to)
	if err != nil {
		panic("media: " + err.Error())
	}
	return r
}

// set applies parameters and returns where to send to.
func (r *receiver) set(p Params, c codec.Codec) (netip.AddrPort, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	main, err := r.format(c)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if p.SRTP.Suite != r.params.SRTP.Suite || p.SRTP.Receive != r.params.SRTP.Receive {
		if r.armour, err = newArmour(p.SRTP.Suite, p.SRTP.Receive); err != nil {
			return netip.AddrPort{}, err
		}
	}
	clear(r.byType[:])
	// A peer may switch among the static types of G.711 without notice: it
	// was offered both as a rule, and we were told of one.
	for _, o := range []codec.Codec{codec.PCMU, codec.PCMA} {
		if f, err := r.format(o); err == nil {
			r.byType[o.PayloadType()] = f
		}
	}
	if main.clock == codecRate { // that of the static payload type of comfort noise
		r.byType[codec.ComfortNoisePayloadType] = r.comfort(c, main)
	}
	if p.ComfortNoisePayloadType != 0 {
		r.byType[p.ComfortNoisePayloadType] = r.comfort(c, main)
	}
	for _, events := range []uint8{p.EventPayloadType, p.ReceiveEventPayloadType} {
		if events != 0 {
			r.byType[events] = nil
		}
	}
	r.byType[p.PayloadType] = main
	if p.ReceivePayloadType != 0 {
		r.byType[p.ReceivePayloadType] = main
	}
	if !r.heard {
		r.buffer.setRate(main.k)
	}
	r.params, r.agreed, r.clock = p, true, main.clock
	r.source.agree(p.Remote)
	return r.source.destination(), nil
}

// moved gives the address the peer sends from, where it is not the agreed one.
func (r *receiver) moved() (netip.AddrPort, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.source, r.source.latched
}

func (r *receiver) format(c codec.Codec) (*format, error) {
	if f := r.formats[c.Name()]; f != nil {
		return f, nil
	}
	d, err := c.NewDecoder()
	if err != nil {
		return nil, err
	}
	f := &format{decoder: d, k: int32(c.SampleRate() / codecRate), scale: uint32(c.SampleRate() / c.ClockRate()), clock: c.ClockRate()}
	r.formats[c.Name()] = f
	return f, nil
}

// comfort is the format of comfort noise between packets of a codec.
func (r *receiver) comfort(c codec.Codec, main *format) *format {
	name := "CN beside " + c.Name()
	f := r.formats[name]
	if f == nil {
		f = &format{decoder: codec.NewComfortNoise(c.SampleRate()), k: main.k, scale: main.scale, clock: main.clock}
		r.formats[name] = f
	}
	return f
}

// packet takes one datagram from the network; any bytes will do.
func (r *receiver) packet(b []byte, from netip.AddrPort, now time.Time) (got reception) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || !r.agreed || r.params.locked {
		return got
	}
	if isSTUN(b) { // a peer that does ICE looks for us; it finds out that we do not
		r.stats.unknown++
		return got
	}
	// Nothing is learnt from a packet that does not hold the key, not even an
	// address.
	size := len(b)
	b, err := r.armour.open(b)
	if err != nil {
		r.stats.forged++
		return got
	}
	h, payload, err := parseRTP(b)
	if err != nil {
		r.stats.malformed++
		return got
	}
	event := h.payloadType != 0 && (h.payloadType == r.params.EventPayloadType || h.payloadType == r.params.ReceiveEventPayloadType)
	f := r.byType[h.payloadType]
	if !event && f == nil {
		r.stats.unknown++ // video, probes: nothing to learn an address from
		return got
	}
	ok, moved := r.source.accept(from, h, r.armour != nil)
	if !ok {
		r.stats.strangers++
		return got
	}
	if moved {
		got.moved = r.source.destination()
	}
	r.stats.packets++
	r.stats.bytes += uint64(size)
	got.first, r.heard = !r.heard, true
	switch {
	case event:
		got.digit = r.event(h, payload, now)
	case r.params.Receive:
		r.jitter.packet(h, f.clock, now)
		r.buffer.put(h, payload, f, now)
	}
	return got
}

func (r *receiver) event(h header, payload []byte, now time.Time) byte {
	e, err := codec.ParseEvent(payload)
	if err != nil {
		r.stats.malformed++
		return 0
	}
	if h.ssrc != r.eventSSRC {
		r.eventSSRC = h.ssrc
		r.events.Reset()
	}
	// Events count among the sequence numbers: not a loss in the sound.
	r.buffer.skip(h)
	digit, ok := r.events.Receive(h.timestamp, h.marker, e, now)
	if !ok || !r.humanly(now) {
		return 0
	}
	r.stats.events++
	return digit
}

// humanly tells whether there may be one more key now: nobody presses more than
// digitsMost in a second, and what each sets off is work.
func (r *receiver) humanly(now time.Time) bool {
	if now.Sub(r.second) >= time.Second {
		r.second, r.pressed = now, 0
	}
	r.pressed++
	return r.pressed <= digitsMost
}

// pull fills out, and gives the key whose tones are in it, 0 for none.
func (r *receiver) pull(out []int16) (key byte) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || !r.agreed || !r.params.Receive || r.params.locked {
		clear(out)
		return 0
	}
	up := r.ups[r.buffer.k]
	if up == nil {
		r.buffer.pull(out, now)
		return r.hear(out)
	}
	narrow := r.narrow[:r.buffer.step]
	r.buffer.pull(narrow, now)
	n := up.Process(out, narrow)
	clear(out[n:])
	return r.hear(narrow)
}

// hear looks for the tones of keys in what is played. A peer that has sent an
// event of RFC 4733 says its keys that way; the tones of the same keys may be in
// the sound all the same.
func (r *receiver) hear(samples []int16) (key byte) {
	k := r.keys[r.buffer.k]
	if k == nil || r.stats.events > 0 {
		return 0
	}
	if key = k.Hear(samples); key != 0 {
		r.stats.tones++
	}
	return key
}

func (r *receiver) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, f := range r.formats {
		f.decoder.Close()
	}
}
