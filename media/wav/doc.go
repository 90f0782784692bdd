// Package wav reads and writes WAV files of 16-bit PCM, mono or stereo.
//
//	RIFF size WAVE
//	  fmt  16 or 40 bytes   rate, channels, 16 bits
//	  …    other chunks     skipped, at most 64
//	  data size             samples
//
// Reading is forgiving where files in the wild are sloppy (a data size of 0 or
// 0xFFFFFFFF from a program that streamed, a truncated end, odd chunks) and
// strict where a guess would make noise: another encoding, another width, more
// channels or an absurd rate are errors that say what was found. Nothing is
// allocated by what a file claims.
//
// Writing patches the sizes in the header once a second of sound and at Close, so
// that a recording is readable while it grows and after a crash.
package wav

import (
	"errors"
	"fmt"
)

// ErrFormat is wrapped by all errors about what a file contains.
var ErrFormat = errors.New("not a usable WAV file")

// Format describes the samples.
type Format struct {
	Rate     int // samples per second and channel, MinRate to MaxRate
	Channels int // 1 or 2; stereo samples are interleaved, left first
}

// Limits of Format.Rate, in Hz.
const (
	MinRate = 4000
	MaxRate = 192000
)

func (f Format) check() error {
	if f.Channels != 1 && f.Channels != 2 {
		return fmt.Errorf("%w: %d channels; only mono and stereo can be used", ErrFormat, f.Channels)
	}
	if f.Rate < MinRate || f.Rate > MaxRate {
		return fmt.Errorf("%w: a rate of %d Hz; it must be %d to %d", ErrFormat, f.Rate, MinRate, MaxRate)
	}
	return nil
}
