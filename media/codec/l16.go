package codec

import (
	"encoding/binary"
	"fmt"
	"time"
)

// L16 is uncoded 16-bit sound in network byte order at 16 kHz (RFC 3551
// section 4.5.11, with a dynamic payload type).
var L16 Codec = l16{}

type l16 struct{}

func (l16) Name() string       { return "L16" }
func (l16) PayloadType() uint8 { return 97 }
func (l16) ClockRate() int     { return 16000 }
func (l16) SampleRate() int    { return 16000 }
func (l16) HasDTX() bool       { return false }

// PacketTime is at most 30 ms: more does not fit a packet.
func (l16) PacketTime(want time.Duration) time.Duration {
	return min(tens(want), 30*time.Millisecond)
}

func (l16) NewEncoder(Options) (Encoder, error) { return l16Encoder{}, nil }
func (l16) NewDecoder() (Decoder, error)        { return &l16Decoder{plc: NewConcealer(16000)}, nil }

type l16Encoder struct{}

func (l16Encoder) Frame() int { return 160 }

func (l16Encoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	for _, s := range pcm {
		dst = binary.BigEndian.AppendUint16(dst, uint16(s))
	}
	return dst, Speech
}

func (l16Encoder) Close() error { return nil }

type l16Decoder struct{ plc *Concealer }

func (d *l16Decoder) Samples(payload []byte) (int, error) {
	if n := len(payload); n == 0 || n%2 != 0 || n > MaxPayload {
		return 0, fmt.Errorf("L16: %w: %d bytes, want an even number from 2 to %d", ErrPayload, n, MaxPayload)
	}
	return len(payload) / 2, nil
}

func (d *l16Decoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	for i := range n {
		out[i] = int16(binary.BigEndian.Uint16(payload[2*i:]))
	}
	d.plc.Good(out[:n])
	return n, nil
}

func (d *l16Decoder) Conceal(out []int16) { d.plc.Conceal(out) }
func (d *l16Decoder) Close() error        { return nil }
