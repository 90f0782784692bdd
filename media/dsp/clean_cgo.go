//go:build cgo

package dsp

/*
#cgo pkg-config: speexdsp
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
*/
import "C"

import (
	"fmt"
	"unsafe"

	"offhook/media/resample"
)

// Cleaner cleans one microphone. One goroutine owns it at a time.
type Cleaner struct {
	echo *C.SpeexEchoState // nil: none
	pre  *C.SpeexPreprocessState

	down, reference, up *resample.Resampler
	rest                residual
	ear                 [Period]int16 // what the loudspeaker played in the period before

	// What is handed to C; fields, so that nothing escapes to the heap.
	mic, ref, out [frame]int16
}

// New makes one.
func New(o Options) (*Cleaner, error) {
	c := &Cleaner{}
	for r, p := range map[**resample.Resampler][2]int{&c.down: {Rate, rate}, &c.reference: {Rate, rate}, &c.up: {rate, Rate}} {
		var err error
		if *r, err = resample.New(p[0], p[1]); err != nil {
			return nil, err
		}
	}
	hz := C.int(rate)
	if o.Echo {
		if c.echo = C.speex_echo_state_init(frame, tail); c.echo == nil {
			return nil, fmt.Errorf("echo canceller: out of memory")
		}
		C.speex_echo_ctl(c.echo, C.SPEEX_ECHO_SET_SAMPLING_RATE, unsafe.Pointer(&hz))
	}
	if c.pre = C.speex_preprocess_state_init(frame, hz); c.pre == nil {
		c.Close()
		return nil, fmt.Errorf("noise suppression: out of memory")
	}
	set := func(request C.int, v int) {
		n := C.int(v)
		C.speex_preprocess_ctl(c.pre, request, unsafe.Pointer(&n))
	}
	flag := map[bool]int{true: 1}
	// What the canceller leaves of the echo is taken out by the suppressor of
	// noise, so that one must run, if without touching noise.
	set(C.SPEEX_PREPROCESS_SET_DENOISE, flag[o.Noise || o.Echo])
	set(C.SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, -15*flag[o.Noise])
	set(C.SPEEX_PREPROCESS_SET_AGC, flag[o.Gain])
	if o.Gain {
		set(C.SPEEX_PREPROCESS_SET_AGC_TARGET, agcLevel)
		set(C.SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, agcMost)
	}
	if o.Echo {
		C.speex_preprocess_ctl(c.pre, C.SPEEX_PREPROCESS_SET_ECHO_STATE, unsafe.Pointer(c.echo))
		set(C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, -40)
		set(C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, -15) // while somebody talks here
	}
	return c, nil
}

const (
	agcLevel = 8000 // peak that speech is brought to, of 32768
	agcMost  = 20   // dB
)

// Played takes what the loudspeaker plays in a period. Its echo comes in the
// next one at the earliest.
func (c *Cleaner) Played(ear []int16) { copy(c.ear[:], ear) }

// Process cleans a period of the microphone in place.
func (c *Cleaner) Process(mic []int16) {
	if c.pre == nil || len(mic) != Period {
		return
	}
	c.down.Process(c.mic[:], mic)
	if c.echo != nil {
		c.reference.Process(c.ref[:], c.ear[:])
		C.speex_echo_cancellation(c.echo, (*C.spx_int16_t)(unsafe.Pointer(&c.mic)), (*C.spx_int16_t)(unsafe.Pointer(&c.ref)), (*C.spx_int16_t)(unsafe.Pointer(&c.out)))
	} else {
		c.out = c.mic
	}
	C.speex_preprocess_run(c.pre, (*C.spx_int16_t)(unsafe.Pointer(&c.out)))
	if c.echo != nil {
		c.rest.period(c.ref[:], c.out[:])
	}
	c.up.Process(mic, c.out[:])
}

// Close frees it. Idempotent.
func (c *Cleaner) Close() error {
	if c.echo != nil {
		C.speex_echo_state_destroy(c.echo)
		c.echo = nil
	}
	if c.pre != nil {
		C.speex_preprocess_state_destroy(c.pre)
		c.pre = nil
	}
	return nil
}
