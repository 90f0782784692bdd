package codec

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrUnavailable says that a known codec was left out of this build.
var ErrUnavailable = errors.New("not in this build")

// ErrUnknown says that no codec of that name exists here.
var ErrUnknown = errors.New("unknown codec")

// ErrPayload is wrapped by every decoder's complaint about a payload whose
// size cannot be.
var ErrPayload = errors.New("malformed payload")

// FrameKind says what an encoder made of one frame.
type FrameKind uint8

const (
	Speech  FrameKind = iota // bytes were appended; more frames may follow in the packet
	SID                      // a silence description was appended; it ends the packet
	Nothing                  // discontinuous transmission: nothing is sent for this frame
)

// MaxPayload is the largest payload any decoder here accepts, in bytes: what
// fits an Ethernet packet with room for the headers, SRTP's included.
const MaxPayload = 1280

// MaxSamples is the most samples one payload can decode to: 120 ms at 48 kHz.
const MaxSamples = 5760

// Options of an encoder. The zero value is right for most peers.
type Options struct {
	// DTX lets the encoder leave out silent frames (G.729 Annex B, Opus). Off,
	// every frame is sent, which every peer understands. Codecs without it
	// ignore it.
	DTX bool
	// PTime is the length of the packets to be made, one that PacketTime
	// returned; 0 is 20 ms. Opus codes a packet as one frame.
	PTime time.Duration
	// Bitrate of Opus in bit/s, 6000 to 510000; 0: OpusBitrate.
	Bitrate int
	// CBR asks Opus for packets of one size (RFC 7587's "cbr").
	CBR bool
	// NoFEC keeps copies of the frame before out of the packets of Opus: the
	// peer would not use them.
	NoFEC bool
	// MaxRate is the highest sample rate that the peer plays Opus at, in Hz; 0:
	// any.
	MaxRate int
}

// OpusBitrate is the bit rate of Opus when nothing else is asked for: fullband
// speech with room for the copies of forward error correction. Below it,
// libopus makes none while it expects few losses.
const OpusBitrate = 40000

// Codec describes one way to encode sound. Values are immutable and may be
// shared.
type Codec interface {
	Name() string       // as in SDP: "PCMU", "G722", "OPUS"
	PayloadType() uint8 // RTP payload type: the static one (RFC 3551 table 4), or the dynamic one that we propose
	ClockRate() int     // RTP timestamp units per second
	SampleRate() int    // samples per second of the sound: 8000, 16000 or 48000
	HasDTX() bool       // whether Options.DTX does anything
	// PacketTime is the packet time, 10 to 60 ms, that comes nearest to the
	// wanted one and that the codec can fill.
	PacketTime(want time.Duration) time.Duration
	NewEncoder(Options) (Encoder, error)
	NewDecoder() (Decoder, error)
}

// Encoder is owned by one goroutine at a time.
type Encoder interface {
	// Frame is how many samples each Encode takes: a whole number of 10 ms.
	Frame() int
	// Encode appends one frame to dst; pcm has exactly Frame samples. It
	// allocates nothing when dst has room for MaxPayload.
	Encode(dst []byte, pcm []int16) ([]byte, FrameKind)
	Close() error // idempotent
}

// LossAware is what encoders are that can spend bits on surviving losses.
type LossAware interface {
	// ExpectLoss tells the share of packets that the peer does not get, 0 to 1.
	ExpectLoss(share float64)
}

// Decoder is owned by one goroutine at a time.
type Decoder interface {
	// Samples tells how many samples a payload decodes to, without decoding
	// it; errors wrap ErrPayload.
	Samples(payload []byte) (int, error)
	// Decode decodes one payload into out, which must have room for
	// Samples(payload), and returns the number of samples.
	Decode(out []int16, payload []byte) (int, error)
	// Conceal fills out, as a rule a multiple of 10 ms, with sound that hides a
	// gap in the stream.
	Conceal(out []int16)
	Close() error // idempotent
}

// Recoverer is what decoders are whose payloads may hold a copy of the frame
// before (forward error correction).
type Recoverer interface {
	// Recover fills out with the sound that came just before payload, out of
	// the copy in it; false, and out untouched, when there is none. Payload is
	// still to be decoded after it.
	Recover(out []int16, payload []byte) bool
}

// Pauser is what decoders are that are told when the sender leaves silence out.
type Pauser interface {
	// Pausing says that the last payload described silence: what is concealed
	// after it is no loss.
	Pausing() bool
}

// List returns the codecs of this build, in the order in which they are
// offered by default.
func List() []Codec { return append([]Codec(nil), list...) }

// needsCgo maps the names of the codecs that are C libraries to where these
// come from.
var needsCgo = map[string]string{
	"OPUS": "libopus (Debian: libopus-dev)", "G729": "libbcg729 (Debian: libbcg729-dev)", "GSM": "libgsm (Debian: libgsm1-dev)",
}

// ByName finds a codec by its SDP name, in any case. The error says what to do
// when the name is known but the codec was left out of the build.
func ByName(name string) (Codec, error) {
	for _, c := range list {
		if strings.EqualFold(c.Name(), name) {
			return c, nil
		}
	}
	if lib, ok := needsCgo[strings.ToUpper(name)]; ok {
		return nil, fmt.Errorf("codec %s: %w: it needs cgo and %s; take it off the codec list or build with CGO_ENABLED=1", strings.ToUpper(name), ErrUnavailable, lib)
	}
	return nil, fmt.Errorf("codec %q: %w: this build has %s", name, ErrUnknown, strings.Join(Names(), ", "))
}

// Names returns the names of List.
func Names() []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name()
	}
	return names
}

// tens is the packet time of codecs whose packets hold any number of frames of
// 10 ms.
func tens(want time.Duration) time.Duration {
	const frame = 10 * time.Millisecond
	return max(frame, min(want/frame*frame, 60*time.Millisecond))
}
