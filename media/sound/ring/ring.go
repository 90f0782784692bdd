package ring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"
)

const (
	// Slots is how many periods each direction has room for.
	Slots = 8
	// MaxPeriod is the largest period in samples: 10 ms at 48 kHz.
	MaxPeriod = 480
	// MaxAhead is the largest distance between a period of the microphone and
	// the period played in answer to it.
	MaxAhead = 4
	// Size is the number of bytes of shared memory a ring needs.
	Size = int(unsafe.Sizeof(shared{}))
)

// ErrLayout means that the two sides were built from different versions.
var ErrLayout = errors.New("the shared memory of the sound process has another layout; offhook and offhook-sound must be of the same version")

const (
	magic  = 0x4F666648 // "OffH"
	layout = 1
)

// shared is the memory itself. Each side writes its own lines only.
// The callback of offhook-sound that is written in C has the same layout (direct.h there).
type shared struct {
	magic  atomic.Uint32
	layout atomic.Uint32
	period atomic.Uint32 // samples; set by the program before the device starts
	_      [52]byte

	// Written by the sound process.
	callbacks atomic.Uint64 // done so far
	lastCall  atomic.Int64  // CLOCK_MONOTONIC of the last one, ns
	underruns atomic.Uint64 // callbacks that found nothing to play
	lost      atomic.Uint64 // microphone periods there was no room for
	micGaps   atomic.Uint64 // microphone periods that were not there in time
	under     atomic.Uint64 // gaps the device itself reported: output
	over      atomic.Uint64 // and input
	realtime  atomic.Uint64 // 1: the callback's thread has realtime priority

	// Written by the program.
	tail atomic.Uint64 // microphone periods done with
	_    [56]byte

	mic  [Slots]slot
	play [Slots]slot
}

// slot is one period. seq is written last and says whose samples they are.
type slot struct {
	seq atomic.Uint64
	pcm [MaxPeriod]int16
}

// Ring is a view of shared memory. It is made once per process; the ends made
// from it are owned by one goroutine each.
type Ring struct {
	s   *shared
	mem []byte
}

// Memory is what the ring lies in, for who works on it by other means.
func (r *Ring) Memory() []byte { return r.mem }

// New lays out a ring in zeroed memory of at least Size bytes, aligned to 8: the program's
// part. The memory must stay mapped for as long as the ring is used.
func New(mem []byte) (*Ring, error) {
	r, err := view(mem)
	if err != nil {
		return nil, err
	}
	r.s.layout.Store(layout)
	r.s.magic.Store(magic)
	return r, nil
}

// Attach uses a ring laid out by the other side: the sound process's part.
func Attach(mem []byte) (*Ring, error) {
	r, err := view(mem)
	if err != nil {
		return nil, err
	}
	if r.s.magic.Load() != magic || r.s.layout.Load() != layout {
		return nil, ErrLayout
	}
	return r, nil
}

func view(mem []byte) (*Ring, error) {
	if len(mem) < Size {
		return nil, fmt.Errorf("%w (%d bytes, want %d)", ErrLayout, len(mem), Size)
	}
	p := unsafe.Pointer(unsafe.SliceData(mem))
	if uintptr(p)%8 != 0 {
		return nil, fmt.Errorf("%w (not aligned)", ErrLayout)
	}
	return &Ring{(*shared)(p), mem}, nil
}

// Realtime reports that the callback's thread has realtime priority.
func (r *Ring) Realtime() bool { return r.s.realtime.Load() == 1 }

// Callbacks returns how many callbacks there have been since the last Program.
func (r *Ring) Callbacks() uint64 { return r.s.callbacks.Load() }

// LastCall returns when the last callback was, on the clock given to Cycle.
func (r *Ring) LastCall() time.Duration { return time.Duration(r.s.lastCall.Load()) }

// Counters are what went wrong since the last Program.
type Counters struct {
	Underruns uint64 // periods of silence because the program was late
	Lost      uint64 // periods of the microphone dropped because it was very late
	MicGaps   uint64 // periods of silence because the microphone was late
	DeviceOut uint64 // gaps in the output the device reported
	DeviceIn  uint64 // gaps in the input the device reported
}

// Counters returns the counts as they are now.
func (r *Ring) Counters() Counters {
	return Counters{r.s.underruns.Load(), r.s.lost.Load(), r.s.micGaps.Load(), r.s.under.Load(), r.s.over.Load()}
}
