//go:build cgo

package codec

/*
#cgo pkg-config: opus
#include <opus.h>

// The controls of libopus take arguments of any number and kind, which cgo
// can't pass.
static int encoder_set(OpusEncoder *e, int request, opus_int32 v) { return opus_encoder_ctl(e, request, v); }
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// Opus is RFC 6716 as RFC 7587 carries it: 48 kHz, one frame of 10 to 60 ms a
// packet, each with a coarse copy of the frame before it when losses are
// expected. It is libopus, and so absent from a build without cgo. What peers
// send may be stereo or any of its modes; it comes out mono at 48 kHz.
var Opus Codec = opus{}

const (
	opusRate        = 48000
	opusComplexity  = 5 // 0 to 10: half of the top's CPU for a difference hard to hear
	opusMost        = 60 * opusRate / 1000
	opusExpectFirst = 0.05 // loss that is reckoned with before the peer has reported any
)

type opus struct{}

func (opus) Name() string       { return "OPUS" }
func (opus) PayloadType() uint8 { return 96 }
func (opus) ClockRate() int     { return opusRate }
func (opus) SampleRate() int    { return opusRate }
func (opus) HasDTX() bool       { return true }

// PacketTime is 10, 20, 40 or 60 ms: the lengths of frames that there are.
func (opus) PacketTime(want time.Duration) time.Duration {
	switch t := tens(want); t {
	case 30 * time.Millisecond, 50 * time.Millisecond:
		return t - 10*time.Millisecond
	default:
		return t
	}
}

func opusError(what string, code C.int) error {
	return fmt.Errorf("codec Opus: %s: %s", what, C.GoString(C.opus_strerror(code)))
}

func (c opus) NewEncoder(o Options) (Encoder, error) {
	if o.PTime == 0 {
		o.PTime = 20 * time.Millisecond
	}
	if o.Bitrate == 0 {
		o.Bitrate = OpusBitrate
	}
	var code C.int
	h := C.opus_encoder_create(opusRate, 1, C.OPUS_APPLICATION_VOIP, &code)
	if code != C.OPUS_OK {
		return nil, opusError("new encoder", code)
	}
	e := &opusEncoder{h: h, frame: int(c.PacketTime(o.PTime) * opusRate / time.Second)}
	vbr, dtx, fec := 1, 0, 1
	if o.NoFEC {
		fec = 0
	}
	if o.CBR {
		vbr = 0
	}
	if o.DTX {
		dtx = 1
	}
	for _, s := range []struct {
		what    string
		request C.int
		value   int
	}{
		{"bit rate", C.OPUS_SET_BITRATE_REQUEST, o.Bitrate},
		{"variable rate", C.OPUS_SET_VBR_REQUEST, vbr},
		{"discontinuous transmission", C.OPUS_SET_DTX_REQUEST, dtx},
		{"complexity", C.OPUS_SET_COMPLEXITY_REQUEST, opusComplexity},
		{"kind of signal", C.OPUS_SET_SIGNAL_REQUEST, C.OPUS_SIGNAL_VOICE},
		{"error correction", C.OPUS_SET_INBAND_FEC_REQUEST, fec},
		{"bandwidth", C.OPUS_SET_MAX_BANDWIDTH_REQUEST, opusBandwidth(o.MaxRate)},
	} {
		if code := C.encoder_set(h, s.request, C.opus_int32(s.value)); code != C.OPUS_OK {
			e.Close()
			return nil, opusError(s.what, code)
		}
	}
	e.ExpectLoss(opusExpectFirst)
	return e, nil
}

// opusBandwidth is the widest band that a sample rate carries; 0 is any rate.
func opusBandwidth(rate int) int {
	switch {
	case rate == 0 || rate > 24000:
		return C.OPUS_BANDWIDTH_FULLBAND
	case rate > 16000:
		return C.OPUS_BANDWIDTH_SUPERWIDEBAND
	case rate > 12000:
		return C.OPUS_BANDWIDTH_WIDEBAND
	case rate > 8000:
		return C.OPUS_BANDWIDTH_MEDIUMBAND
	}
	return C.OPUS_BANDWIDTH_NARROWBAND
}

// opusEncoder owns the C state. The buffers are fields so that a call into C
// makes nothing escape to the heap.
type opusEncoder struct {
	h     *C.OpusEncoder
	frame int
	in    [opusMost]int16
	out   [MaxPayload]byte
}

func (e *opusEncoder) Frame() int { return e.frame }

// ExpectLoss sets how much of the bits is spent on copies.
func (e *opusEncoder) ExpectLoss(share float64) {
	if e.h != nil {
		C.encoder_set(e.h, C.OPUS_SET_PACKET_LOSS_PERC_REQUEST, C.opus_int32(max(0, min(share*100, 50))))
	}
}

func (e *opusEncoder) Encode(dst []byte, pcm []int16) ([]byte, FrameKind) {
	if e.h == nil || len(pcm) != e.frame {
		return dst, Nothing
	}
	copy(e.in[:], pcm)
	n := int(C.opus_encode(e.h, (*C.opus_int16)(unsafe.Pointer(&e.in)), C.int(e.frame), (*C.uchar)(unsafe.Pointer(&e.out)), C.opus_int32(len(e.out))))
	if n <= 2 { // an error, or a frame that need not be sent (opus_encode's documentation)
		return dst, Nothing
	}
	return append(dst, e.out[:n]...), Speech
}

func (e *opusEncoder) Close() error {
	if e.h != nil {
		C.opus_encoder_destroy(e.h)
		e.h = nil
	}
	return nil
}

func (opus) NewDecoder() (Decoder, error) {
	var code C.int
	h := C.opus_decoder_create(opusRate, 1, &code)
	if code != C.OPUS_OK {
		return nil, opusError("new decoder", code)
	}
	return &opusDecoder{h: h}, nil
}

type opusDecoder struct {
	h    *C.OpusDecoder
	made int // samples concealed since the last packet
	in   [MaxPayload]byte
	out  [MaxSamples]int16
}

func (d *opusDecoder) Samples(payload []byte) (int, error) {
	n := opusSamples(payload)
	if n <= 0 || n > MaxSamples || len(payload) > MaxPayload {
		return 0, fmt.Errorf("opus: %w: %d bytes that are no packet of RFC 6716", ErrPayload, len(payload))
	}
	return n, nil
}

// opusSamples is the length of a packet at 48 kHz by its first bytes (RFC 6716
// section 3.1), 0 for what cannot be one.
func opusSamples(payload []byte) int {
	if len(payload) == 0 {
		return 0
	}
	toc := payload[0]
	var frame int
	switch config := toc >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = [2]int{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 120 << (config & 3)
	}
	switch toc & 3 {
	case 0:
		return frame
	case 1, 2:
		return 2 * frame
	}
	if len(payload) < 2 {
		return 0
	}
	return frame * int(payload[1]&0x3f)
}

// Decode of a packet whose inside is broken gives concealment: its length is
// known, and the stream goes on.
func (d *opusDecoder) Decode(out []int16, payload []byte) (int, error) {
	n, err := d.Samples(payload)
	if err != nil {
		return 0, err
	}
	copy(d.in[:], payload)
	if d.decode(len(payload), n, 0) != n {
		d.Conceal(out[:n])
		return n, nil
	}
	d.made = 0
	return copy(out[:n], d.out[:n]), nil
}

func (d *opusDecoder) decode(size, samples, fec int) int {
	if d.h == nil {
		clear(d.out[:samples])
		return samples
	}
	var in *C.uchar
	if size > 0 {
		in = (*C.uchar)(unsafe.Pointer(&d.in))
	}
	return int(C.opus_decode(d.h, in, C.opus_int32(size), (*C.opus_int16)(unsafe.Pointer(&d.out)), C.int(samples), C.int(fec)))
}

// opusGrain is the shortest stretch that can be concealed: 2.5 ms.
const opusGrain = opusRate / 400

// A sender in discontinuous transmission sends a packet every 400 ms. Without
// one for longer than opusQuiet it has stopped, and its noise fades away.
const (
	opusQuiet = opusRate / 2
	opusFade  = opusRate / 10
)

// Conceal lets the library extrapolate: speech for a while, then noise.
func (d *opusDecoder) Conceal(out []int16) {
	for len(out) > 0 {
		if d.made >= opusQuiet+opusFade {
			clear(out)
			return
		}
		n := min(len(out), opusRate/50)
		want := (n + opusGrain - 1) / opusGrain * opusGrain
		if got := d.decode(0, want, 0); got != want {
			clear(out)
			return
		}
		copy(out[:n], d.out[:n])
		for i := range out[:n] {
			if d.made++; d.made > opusQuiet {
				out[i] = int16(int(out[i]) * max(0, opusQuiet+opusFade-d.made) / opusFade)
			}
		}
		out = out[n:]
	}
}

// Recover decodes the copy of the frame before (RFC 6716 section 2.1.7). Only
// SILK and hybrid packets can have one.
func (d *opusDecoder) Recover(out []int16, payload []byte) bool {
	n := opusSamples(payload)
	if d.h == nil || len(out) != n || len(payload) > MaxPayload || !opusHasCopy(payload) {
		return false
	}
	copy(d.in[:], payload)
	if d.decode(len(payload), n, 1) != n {
		return false
	}
	copy(out, d.out[:n])
	d.made = 0
	return true
}

// opusHasCopy reads the LBRR flag: in the first byte of a SILK frame it follows
// the flags of voice activity, one for each 20 ms (RFC 6716 section 4.2.3).
// Packets of several frames are not looked into.
func opusHasCopy(payload []byte) bool {
	config := payload[0] >> 3
	if config >= 16 || payload[0]&3 != 0 || len(payload) < 2 {
		return false
	}
	flags := uint(1)
	if config < 12 {
		flags = [4]uint{1, 1, 2, 3}[config&3]
	}
	return payload[1]>>(7-flags)&1 == 1
}

func (d *opusDecoder) Close() error {
	if d.h != nil {
		C.opus_decoder_destroy(d.h)
		d.h = nil
	}
	return nil
}
