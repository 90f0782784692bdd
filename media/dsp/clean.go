package dsp

import "errors"

// ErrUnavailable says that this build has no libspeexdsp.
var ErrUnavailable = errors.New("echo cancellation is not in this build: it needs cgo and libspeexdsp (Debian: libspeexdsp-dev)")

// Options say what is done.
type Options struct {
	Echo  bool // take the loudspeaker's sound out of the microphone's
	Noise bool // suppress steady noise, by about 15 dB
	Gain  bool // bring speech to one level
}

// Rate is the sample rate of Cleaner.Process, in Hz.
const Rate = 48000

// Period is how many samples Cleaner.Process takes: 10 ms.
const Period = Rate / 100

const (
	rate = 16000
	// frame is a period at rate.
	frame = rate / 100
	// tail is how long an echo is cancelled after the sound that made it, the
	// delay of the sound device included: 200 ms.
	tail = rate / 5
)
