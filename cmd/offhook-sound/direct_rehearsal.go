package main

// #include <stdlib.h>
// #include "direct_rehearsal.h"
import "C"

import (
	"unsafe"

	"offhook/media/sound/ring"
)

// rehearsal calls the callback by hand, as tests do: they can't contain C themselves.
type rehearsal struct {
	c   *C.struct_direct
	mic *C.struct_rehearsal // nil before listen
}

func newRehearsal(r *ring.Ring, wake, channels int) (*rehearsal, error) {
	c, err := newDirect(r, wake, channels)
	if err != nil {
		return nil, err
	}
	c.promoted = true // this thread is not one of a card
	return &rehearsal{c: c}, nil
}

func (r *rehearsal) end() {
	C.free(unsafe.Pointer(r.mic))
	C.free(unsafe.Pointer(r.c))
}

// cycle is a callback for all samples of out, those of all channels counted.
func (r *rehearsal) cycle(out []int16, gap bool) {
	C.direct_cycle(r.c, (*C.int16_t)(unsafe.SliceData(out)), C.ulong(len(out)/int(r.c.channels)), C.bool(gap))
}

// listen opens the microphone.
func (r *rehearsal) listen() {
	r.mic = (*C.struct_rehearsal)(C.calloc(1, C.sizeof_struct_rehearsal))
	C.rehearse(r.c, r.mic)
}

// hears has the microphone hear more; together not more than 64 periods of 10 ms.
func (r *rehearsal) hears(pcm ...int16) {
	heard := unsafe.Slice((*int16)(&r.mic.heard[0]), len(r.mic.heard))
	r.mic.length += C.long(copy(heard[r.mic.length:], pcm))
}

// waits is how many samples have not been read yet.
func (r *rehearsal) waits() int { return int(r.mic.length - r.mic.at) }

func (r *rehearsal) breaks(is bool) { r.mic.broken = C.bool(is) }
func (r *rehearsal) loses()         { r.mic.lost = true }
