package engine

import "time"

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
