package codec

import (
	"errors"
	"fmt"
	"strings"
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

// MaxPayload is the largest payload any decoder here accepts, in bytes:
// 120 ms of G.711.
const MaxPayload = 960

// MaxSamples is the most samples one payload can decode to.
const MaxSamples = 960

// Options of an encoder.
type Options struct {
	// DTX lets the encoder leave out silent frames (G.729 Annex B). Off, every
	// frame is sent, which every peer understands. Codecs without it ignore it.
	DTX bool
}

// Codec describes one way to encode sound. Values are immutable and may be
// shared.
type Codec interface {
	Name() string       // as in SDP: "PCMU", "PCMA", "G729"
	PayloadType() uint8 // static RTP payload type (RFC 3551 table 4)
	ClockRate() int     // RTP timestamp units per second
	SampleRate() int    // samples per second of the sound
	FrameSamples() int  // samples in one frame (10 ms)
	MaxFrameBytes() int // bytes one frame can take
	HasDTX() bool       // whether Options.DTX does anything
	NewEncoder(Options) (Encoder, error)
	NewDecoder() (Decoder, error)
}

// Encoder is owned by one goroutine at a time.
type Encoder interface {
	// Encode appends one frame to dst; pcm has exactly FrameSamples samples.
	// It allocates nothing when dst has room for MaxFrameBytes more.
	Encode(dst []byte, pcm []int16) ([]byte, FrameKind)
	Close() error // idempotent
}

// Decoder is owned by one goroutine at a time.
type Decoder interface {
	// Samples tells how many samples a payload decodes to, from its size
	// alone; errors wrap ErrPayload.
	Samples(payload []byte) (int, error)
	// Decode decodes one payload into out, which must have room for
	// Samples(payload), and returns the number of samples.
	Decode(out []int16, payload []byte) (int, error)
	// Conceal fills out, a multiple of FrameSamples, with sound that hides a
	// gap in the stream.
	Conceal(out []int16)
	Close() error // idempotent
}

// List returns the codecs of this build, in the order in which they are
// offered by default.
func List() []Codec { return append([]Codec(nil), list...) }

var list = append([]Codec{PCMA, PCMU}, extra...)

// ByName finds a codec by its SDP name, in any case. The error says what to do
// when the name is known but the codec was left out of the build.
func ByName(name string) (Codec, error) {
	for _, c := range list {
		if strings.EqualFold(c.Name(), name) {
			return c, nil
		}
	}
	if strings.EqualFold(name, "G729") {
		return nil, fmt.Errorf("codec G729: %w: it needs cgo and libbcg729 (Debian: libbcg729-dev); take it off the codec list or build with CGO_ENABLED=1", ErrUnavailable)
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
