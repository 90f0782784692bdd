package codec

import (
	"fmt"
	"time"
)

// G722 is ITU-T G.722 at 64 kbit/s: 7 kHz of sound in one byte for two
// samples at 16 kHz. Its RTP clock is 8000 by an old mistake that stayed (RFC
// 3551 section 4.5.2).
//
//	16 kHz ─► QMF ─┬─ 0-4 kHz ─► 6-bit ADPCM ─┐
//	               └─ 4-8 kHz ─► 2-bit ADPCM ─┴─► byte
var G722 Codec = g722{}

const (
	g722Frame = 160 // samples in 10 ms
	g722Max   = 960 // bytes: 120 ms
)

type g722 struct{}

func (g722) Name() string                                { return "G722" }
func (g722) PayloadType() uint8                          { return 9 }
func (g722) ClockRate() int                              { return 8000 }
func (g722) SampleRate() int                             { return 16000 }
func (g722) HasDTX() bool                                { return false }
func (g722) PacketTime(want time.Duration) time.Duration { return tens(want) }

func (g722) NewEncoder(Options) (Encoder, error) {
	return &g722Encoder{low: newG722Band(false), high: newG722Band(true)}, nil
}

func (g722) NewDecoder() (Decoder, error) {
	return &g722Decoder{low: newG722Band(false), high: newG722Band(true), plc: NewConcealer(16000)}, nil
}

type g722Encoder struct {
	low, high g722Band
	line      g722Line
}

func (e *g722Encoder) Frame() int { return g722Frame }

func (e *g722Encoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	for i := 0; i+1 < len(pcm); i += 2 {
		even, odd := e.line.filter(int32(pcm[i]), int32(pcm[i+1]))
		dst = append(dst, e.pair((even+odd)>>14, (even-odd)>>14))
	}
	return dst, Speech
}

// pair codes one sample of each band.
func (e *g722Encoder) pair(low, high int32) byte {
	d := sat(low - e.low.s)
	m := d
	if d < 0 {
		m = ^d
	}
	level := 1
	for level < len(g722Levels) && m >= g722Levels[level]*e.low.det>>12 {
		level++
	}
	code := g722Positive[level]
	if d < 0 {
		code = g722Negative[level]
	}
	d = e.low.det * g722Low4[code>>2] >> 15
	e.low.adapt(d, g722LowMove[code>>2])

	d = sat(high - e.high.s)
	m = d
	if d < 0 {
		m = ^d
	}
	outer := m >= 564*e.high.det>>12
	var top uint8
	switch {
	case d < 0 && outer:
		top = 0
	case d < 0:
		top = 1
	case outer:
		top = 2
	default:
		top = 3
	}
	d = e.high.det * g722High[top] >> 15
	e.high.adapt(d, g722HighMove[top])
	return top<<6 | code
}

func (e *g722Encoder) Close() error { return nil }

type g722Decoder struct {
	low, high g722Band
	line      g722Line
	plc       *Concealer
}

func (d *g722Decoder) Samples(payload []byte) (int, error) {
	if len(payload) == 0 || len(payload) > g722Max {
		return 0, fmt.Errorf("G.722: %w: %d bytes, want 1 to %d", ErrPayload, len(payload), g722Max)
	}
	return 2 * len(payload), nil
}

func (d *g722Decoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	for i, b := range payload {
		code, top := b&0x3f, b>>6
		low := max(-16384, min(d.low.s+d.low.det*g722Low6[code]>>15, 16383))
		d.low.adapt(d.low.det*g722Low4[code>>2]>>15, g722LowMove[code>>2])
		h := d.high.det * g722High[top] >> 15
		high := max(-16384, min(d.high.s+h, 16383))
		d.high.adapt(h, g722HighMove[top])
		even, odd := d.line.filter(low+high, low-high)
		out[2*i], out[2*i+1] = int16(sat(even>>11)), int16(sat(odd>>11))
	}
	d.plc.Good(out[:n])
	return n, nil
}

func (d *g722Decoder) Conceal(out []int16) { d.plc.Conceal(out) }
func (d *g722Decoder) Close() error        { return nil }

// g722Line is the delay line of the quadrature mirror filter, which parts a
// signal into two bands or joins them: the last 12 pairs, newest last.
type g722Line [24]int32

// filter takes a pair in and gives the sums over the even and the odd places.
func (l *g722Line) filter(first, second int32) (even, odd int32) {
	copy(l[:], l[2:])
	l[22], l[23] = first, second
	for i, c := range g722QMF {
		odd += l[2*i] * c
		even += l[2*i+1] * g722QMF[11-i]
	}
	return even, odd
}
