//go:build cgo

package codec

/*
#cgo LDFLAGS: -lgsm
#include <gsm.h>
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// GSM is GSM 06.10 full rate: 33 bytes for 20 ms at 8 kHz (RFC 3551 section
// 4.5.8). It is libgsm, and so absent from a build without cgo.
var GSM Codec = gsm{}

const (
	gsmFrame = 160 // samples
	gsmBytes = 33
	gsmMax   = 6 * gsmBytes // 120 ms
)

type gsm struct{}

func (gsm) Name() string       { return "GSM" }
func (gsm) PayloadType() uint8 { return 3 }
func (gsm) ClockRate() int     { return 8000 }
func (gsm) SampleRate() int    { return 8000 }
func (gsm) HasDTX() bool       { return false }

func (gsm) PacketTime(want time.Duration) time.Duration {
	const frame = 20 * time.Millisecond
	return max(frame, tens(want)/frame*frame)
}

func (gsm) NewEncoder(Options) (Encoder, error) {
	h := C.gsm_create()
	if h == nil {
		return nil, fmt.Errorf("codec GSM: new encoder: out of memory")
	}
	return &gsmEncoder{h: h}, nil
}

func (gsm) NewDecoder() (Decoder, error) {
	h := C.gsm_create()
	if h == nil {
		return nil, fmt.Errorf("codec GSM: new decoder: out of memory")
	}
	return &gsmDecoder{h: h, plc: NewConcealer(8000)}, nil
}

// gsmEncoder owns the C state. The buffers are fields so that a call into C
// makes nothing escape to the heap.
type gsmEncoder struct {
	h   C.gsm
	in  [gsmFrame]int16
	out [gsmBytes]byte
}

func (e *gsmEncoder) Frame() int { return gsmFrame }

func (e *gsmEncoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	if e.h == nil || len(pcm) != gsmFrame {
		return dst, Nothing
	}
	copy(e.in[:], pcm)
	C.gsm_encode(e.h, (*C.gsm_signal)(unsafe.Pointer(&e.in)), (*C.gsm_byte)(unsafe.Pointer(&e.out)))
	return append(dst, e.out[:]...), Speech
}

func (e *gsmEncoder) Close() error {
	if e.h != nil {
		C.gsm_destroy(e.h)
		e.h = nil
	}
	return nil
}

type gsmDecoder struct {
	h   C.gsm
	in  [gsmBytes]byte
	out [gsmFrame]int16
	plc *Concealer
}

// gsmMagic is the upper half of the first byte of every frame.
const gsmMagic = 0xd

func (d *gsmDecoder) Samples(payload []byte) (int, error) {
	n := len(payload)
	if n == 0 || n > gsmMax || n%gsmBytes != 0 {
		return 0, fmt.Errorf("GSM: %w: %d bytes, want frames of %d, at most %d", ErrPayload, n, gsmBytes, gsmMax/gsmBytes)
	}
	for i := 0; i < n; i += gsmBytes {
		if payload[i]>>4 != gsmMagic {
			return 0, fmt.Errorf("GSM: %w: a frame does not begin with the bits of GSM 06.10", ErrPayload)
		}
	}
	return n / gsmBytes * gsmFrame, nil
}

func (d *gsmDecoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	for o := out[:n]; len(o) > 0; o, payload = o[gsmFrame:], payload[gsmBytes:] {
		if d.h == nil {
			clear(o[:gsmFrame])
			continue
		}
		copy(d.in[:], payload)
		C.gsm_decode(d.h, (*C.gsm_byte)(unsafe.Pointer(&d.in)), (*C.gsm_signal)(unsafe.Pointer(&d.out)))
		copy(o, d.out[:])
	}
	d.plc.Good(out[:n])
	return n, nil
}

func (d *gsmDecoder) Conceal(out []int16) { d.plc.Conceal(out) }

func (d *gsmDecoder) Close() error {
	if d.h != nil {
		C.gsm_destroy(d.h)
		d.h = nil
	}
	return nil
}
