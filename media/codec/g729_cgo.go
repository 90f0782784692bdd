//go:build cgo

package codec

/*
#cgo pkg-config: libbcg729
#include <stdint.h>
#include <bcg729/encoder.h>
#include <bcg729/decoder.h>
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// G729 is ITU-T G.729 Annex A, with Annex B where the sender uses it: 10 bytes
// for 10 ms. It is libbcg729, and so absent from a build without cgo.
var G729 Codec = g729{}

const (
	g729Frame   = 80             // samples
	g729Bytes   = 10             // a frame of speech
	g729SID     = 2              // a silence description, only at the end of a payload
	g729MaxSize = 12 * g729Bytes // 120 ms
)

type g729 struct{}

func (g729) Name() string       { return "G729" }
func (g729) PayloadType() uint8 { return 18 }
func (g729) ClockRate() int     { return 8000 }
func (g729) SampleRate() int    { return 8000 }
func (g729) HasDTX() bool       { return true }

func (g729) PacketTime(want time.Duration) time.Duration { return tens(want) }

func (g729) NewEncoder(o Options) (Encoder, error) {
	vad := C.uint8_t(0)
	if o.DTX {
		vad = 1
	}
	ctx := C.initBcg729EncoderChannel(vad)
	if ctx == nil {
		return nil, fmt.Errorf("codec G729: new encoder: out of memory")
	}
	return &g729Encoder{ctx: ctx}, nil
}

func (g729) NewDecoder() (Decoder, error) {
	ctx := C.initBcg729DecoderChannel()
	if ctx == nil {
		return nil, fmt.Errorf("codec G729: new decoder: out of memory")
	}
	return &g729Decoder{ctx: ctx}, nil
}

// g729Encoder owns the C context. The buffers are fields so that a call into C
// makes nothing escape to the heap.
type g729Encoder struct {
	ctx *C.bcg729EncoderChannelContextStruct
	in  [g729Frame]int16
	out [g729Bytes]byte
	n   C.uint8_t
}

func (e *g729Encoder) Frame() int { return g729Frame }

func (e *g729Encoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	if e.ctx == nil || len(pcm) != g729Frame {
		return dst, Nothing
	}
	copy(e.in[:], pcm)
	C.bcg729Encoder(e.ctx, (*C.int16_t)(unsafe.Pointer(&e.in)), (*C.uint8_t)(unsafe.Pointer(&e.out)), &e.n)
	switch n := int(e.n); n {
	case 0:
		return dst, Nothing
	case g729SID:
		return append(dst, e.out[:n]...), SID
	default:
		return append(dst, e.out[:min(n, g729Bytes)]...), Speech
	}
}

func (e *g729Encoder) Close() error {
	if e.ctx != nil {
		C.closeBcg729EncoderChannel(e.ctx)
		e.ctx = nil
	}
	return nil
}

type g729Decoder struct {
	ctx *C.bcg729DecoderChannelContextStruct
	sid bool // a silence description came last
	in  [g729Bytes]byte
	out [g729Frame]int16
}

func (d *g729Decoder) Samples(payload []byte) (int, error) {
	n := len(payload)
	frames, rest := n/g729Bytes, n%g729Bytes
	if n == 0 || n > g729MaxSize || rest != 0 && rest != g729SID {
		return 0, fmt.Errorf("G.729: %w: %d bytes, want frames of 10 with at most one silence description of 2 at the end", ErrPayload, n)
	}
	if rest != 0 {
		frames++
	}
	return frames * g729Frame, nil
}

func (d *g729Decoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	for o := out[:n]; len(o) > 0; o = o[g729Frame:] {
		k := min(len(payload), g729Bytes)
		copy(d.in[:], payload[:k])
		payload = payload[k:]
		d.frame(o, k, false)
		d.sid = k == g729SID
	}
	return n, nil
}

// Conceal declares the frames erased. The library then extrapolates speech, or
// goes on with comfort noise when the last thing heard was a silence
// description: a pause of a discontinuous sender is played the same way.
func (d *g729Decoder) Conceal(out []int16) {
	for ; len(out) >= g729Frame; out = out[g729Frame:] {
		clear(d.in[:])
		d.frame(out, 0, true)
	}
	clear(out)
}

// Pausing tells whether a silence description came last.
func (d *g729Decoder) Pausing() bool { return d.sid }

// frame decodes d.in[:n] into out[:80].
func (d *g729Decoder) frame(out []int16, n int, erased bool) {
	if d.ctx == nil {
		clear(out[:g729Frame])
		return
	}
	var erasure, sid C.uint8_t
	if erased {
		erasure = 1
	}
	if n == g729SID {
		sid = 1
	}
	C.bcg729Decoder(d.ctx, (*C.uint8_t)(unsafe.Pointer(&d.in)), C.uint8_t(n), erasure, sid, 0, (*C.int16_t)(unsafe.Pointer(&d.out)))
	copy(out, d.out[:])
}

func (d *g729Decoder) Close() error {
	if d.ctx != nil {
		C.closeBcg729DecoderChannel(d.ctx)
		d.ctx = nil
	}
	return nil
}
