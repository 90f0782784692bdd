package engine

import (
	"time"

	"offhook/media/sound/ring"
)

// Backend is a library of sound devices. Its methods are called by one
// goroutine.
type Backend interface {
	// Devices lists what there is; with names only what they can mean need be
	// there, which spares a library looking at all others. With refresh, which is
	// only asked while no stream is open, it looks anew.
	Devices(names []string, refresh bool) ([]Device, error)

	// Play opens a device and starts it. cycle is called for each period, from
	// a thread of the library, until Close returns.
	Play(d Device, rate, period int, cycle Cycle) (Stream, error)

	// Capture opens a device the other way.
	Capture(d Device, rate, period int, cycle Cycle) (Stream, error)
}

// Cycle handles one period of interleaved samples: to be filled, or to be read.
// gap reports that the device lost sound before this period. It never waits.
type Cycle func(pcm []int16, channels int, gap bool)

// Stream is an open, running device.
type Stream interface {
	Latency() time.Duration // of the device's buffers, as far as it tells
	Close() error           // stops at once; what was not yet played is dropped
}

// Direct is a Backend with a callback of its own for some devices. It does what Server has its callbacks do, in a language
// without a scheduler: a Go program that is called from outside a hundred times a second wakes several hundred times.
type Direct interface {
	Backend

	// Directly tells whether it is for this pair of devices; in is nil where there is no microphone.
	Directly(out Device, in *Device) bool

	// PlayDirect opens a device and starts it, with periods of 10 ms, as the sound process's end of the ring.
	PlayDirect(d Device, rate int, r *ring.Ring) (DirectStream, error)
}

// DirectStream is what PlayDirect opens. It is closed before its microphone.
type DirectStream interface {
	Stream
	// Capture opens the microphone, at the same rate.
	Capture(d Device) (Stream, error)
}

// Priority is the realtime priority of the device's threads: above the
// threads of ordinary programs, below what desktops give their sound servers (88)
// and the kernel its interrupts (50).
const Priority = 20
