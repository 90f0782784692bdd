package codec

import (
	"fmt"
	"time"
)

// PCMU and PCMA are the two laws of ITU-T G.711: one byte a sample at 8 kHz.
var (
	PCMU Codec = g711{"PCMU", 0, &ulawEncode, &ulawDecode}
	PCMA Codec = g711{"PCMA", 8, &alawEncode, &alawDecode}
)

const g711Max = 960 // bytes: 120 ms

type g711 struct {
	name   string
	pt     uint8
	encode *[1 << 14]byte
	decode *[256]int16
}

func (c g711) Name() string       { return c.name }
func (c g711) PayloadType() uint8 { return c.pt }
func (c g711) ClockRate() int     { return 8000 }
func (c g711) SampleRate() int    { return 8000 }
func (c g711) HasDTX() bool       { return false }

func (c g711) PacketTime(want time.Duration) time.Duration { return tens(want) }

func (c g711) NewEncoder(Options) (Encoder, error) { return g711Encoder{c.encode}, nil }
func (c g711) NewDecoder() (Decoder, error) {
	return &g711Decoder{table: c.decode, plc: NewConcealer(8000)}, nil
}

type g711Encoder struct{ table *[1 << 14]byte }

func (e g711Encoder) Frame() int { return 80 }

func (e g711Encoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	for _, s := range pcm {
		dst = append(dst, e.table[uint16(s)>>2])
	}
	return dst, Speech
}

func (e g711Encoder) Close() error { return nil }

type g711Decoder struct {
	table *[256]int16
	plc   *Concealer
}

func (d *g711Decoder) Samples(payload []byte) (int, error) {
	if len(payload) == 0 || len(payload) > g711Max {
		return 0, fmt.Errorf("G.711: %w: %d bytes, want 1 to %d", ErrPayload, len(payload), g711Max)
	}
	return len(payload), nil
}

func (d *g711Decoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	for i, b := range payload {
		out[i] = d.table[b]
	}
	d.plc.Good(out[:n])
	return n, nil
}

func (d *g711Decoder) Conceal(out []int16) { d.plc.Conceal(out) }
func (d *g711Decoder) Close() error        { return nil }
