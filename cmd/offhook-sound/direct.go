package main

// #cgo pkg-config: portaudio-2.0
// #cgo CFLAGS: -std=gnu11 -O2 -Wall
// #include <stdlib.h>
// #include "direct.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/gordonklaus/portaudio"

	"offhook/media/sound/engine"
	"offhook/media/sound/ring"
)

// direct is an open stream of PortAudio whose callback is written in C, and perhaps a microphone that is read in it. Its methods
// are called by one goroutine.
type direct struct {
	b    *portAudio
	c    *C.struct_direct
	rate int
	open int // streams; with the last one the state of the callback goes
}

// frames is how many the device is asked for at a time: a period of ours, 10 ms, by a card. PipeWire has those powers of two
// that are not more than asked for: asked for 480 it would do 256, and wake all who take part twice as often.
func frames(d engine.Device, rate int) C.int {
	if d.HW == "" && rate == 48000 {
		return 512
	}
	return C.int(rate / 100)
}

// newDirect makes the state of a callback that works on a ring.
func newDirect(r *ring.Ring, wake, channels int) (*C.struct_direct, error) {
	mem := r.Memory()
	c := (*C.struct_direct)(C.malloc(C.sizeof_struct_direct))
	if !C.direct_init(c, unsafe.Pointer(unsafe.SliceData(mem)), C.size_t(len(mem)), C.int(wake), C.int(channels), engine.Priority) {
		C.free(unsafe.Pointer(c))
		return nil, ring.ErrLayout
	}
	return c, nil
}

// PlayDirect plays to a card what is in the ring.
func (b *portAudio) PlayDirect(d engine.Device, rate int, r *ring.Ring) (engine.DirectStream, error) {
	st := &direct{b: b, rate: rate}
	s, err := b.begin(d, rate, "played to", func(info *portaudio.DeviceInfo) (_ engine.Stream, err error) {
		if st.c, err = newDirect(r, engine.WakeFD, channelsTo(info)); err != nil {
			return nil, err
		}
		st.open = 1
		if err := paError(C.direct_play(st.c, C.int(d.Index), C.double(rate), frames(d, rate), C.double(outputLatency(info).Seconds()))); err != nil {
			st.closed()
			return nil, err
		}
		return directEnd{st, func() C.PaError { return C.direct_end_play(st.c) }, func() unsafe.Pointer { return st.c.output }}, nil
	})
	if err != nil {
		return nil, err
	}
	return directPlayer{s, st}, nil
}

// directPlayer is what plays; a microphone can be opened for it.
type directPlayer struct {
	engine.Stream
	st *direct
}

// Capture lets the callback hear a card.
func (p directPlayer) Capture(d engine.Device) (engine.Stream, error) {
	st := p.st
	return st.b.begin(d, st.rate, "recorded from", func(info *portaudio.DeviceInfo) (engine.Stream, error) {
		if err := paError(C.direct_capture(st.c, C.int(d.Index), C.double(st.rate), frames(d, st.rate), C.double(inputLatency(info).Seconds()))); err != nil {
			return nil, err
		}
		st.open++
		return directEnd{st, func() C.PaError { return C.direct_end_capture(st.c) }, func() unsafe.Pointer { return st.c.input }}, nil
	})
}

// directEnd is one of the streams.
type directEnd struct {
	st     *direct
	end    func() C.PaError
	stream func() unsafe.Pointer
}

func (e directEnd) Latency() time.Duration {
	info := C.Pa_GetStreamInfo(e.stream())
	if info == nil {
		return 0
	}
	return time.Duration(float64(info.outputLatency+info.inputLatency) * float64(time.Second))
}

// Close may hang for ever when a sound server has died; the program then kills this process.
func (e directEnd) Close() error {
	err := paError(e.end())
	e.st.closed()
	return err
}

func (st *direct) closed() {
	if st.open--; st.open == 0 {
		C.free(unsafe.Pointer(st.c))
		st.c = nil
	}
}

// paError is what PortAudio's number means, as its package says it.
func paError(err C.PaError) error {
	switch err {
	case C.paNoError:
		return nil
	case C.paUnanticipatedHostError:
		host := C.Pa_GetLastHostErrorInfo()
		return portaudio.UnanticipatedHostError{HostApiType: portaudio.HostApiType(host.hostApiType), Code: int(host.errorCode), Text: C.GoString(host.errorText)}
	}
	return portaudio.Error(err)
}
