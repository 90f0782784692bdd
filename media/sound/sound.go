package sound

import (
	"errors"
	"sync"
	"time"

	"offhook/media/sound/engine"
)

// Rate is the sample rate at a port, in Hz, whatever the device runs at.
const Rate = 48000

// Period is the number of samples in one period: 10 ms.
const Period = 480

// ServerDevice is how names of a sound server's devices begin, see DeviceConfig.
const ServerDevice = engine.ServerDevice

// periodTime is the length of one period.
const periodTime = 10 * time.Millisecond

// Process is called once per period by the port's own goroutine, with Period
// samples each. mic is only readable, and only during the call; ear is all zero
// when the call begins and is heard as it is left. It must not block: a device
// does not wait. It must not call the port's Start, Stop or Close.
type Process func(mic, ear []int16)

// Port is one earpiece and one microphone. Its methods may be called from any
// goroutine.
type Port interface {
	// Start opens the device and begins to call Process. It returns when
	// the earpiece is open, or with the reason why it cannot be; then the port
	// stays stopped and Start may be tried again. A running port: ErrRunning.
	Start(Process) error

	// Stop closes the device. When it returns, Process is not running and will
	// not be called again. Stopping a stopped port does nothing.
	Stop() error

	// Retry tells that a device may be back, or another program has let go of it:
	// a running port that has lost it looks at once, not when it would have. It
	// does not wait.
	Retry()

	// Close stops the port for good and lets go of what it holds. Further
	// calls of Start give ErrClosed; closing again does nothing.
	Close() error

	// Info tells how the port is doing. It never blocks for long.
	Info() Info

	// Err tells of trouble while running: a lost device, a helper that died, a
	// microphone that gives nothing, a full disk; and, by nil, that a device that
	// was lost is back. The port goes on by itself; the values are for people and
	// logs. At most 8 wait to be read, the oldest
	// are dropped. The channel is closed by Close.
	Err() <-chan error
}

// Errors of a port. Those about devices are wrapped in a text for users.
var (
	ErrRunning   = errors.New("the sound port is running already")
	ErrClosed    = errors.New("the sound port is closed")
	ErrNoHelper  = errors.New("the sound program offhook-sound cannot be run")
	ErrNoDevice  = errors.New("no such sound device")
	ErrNoServer  = errors.New("no sound server answers")
	ErrBusy      = errors.New("the sound device is in use by another program")
	ErrFormat    = errors.New("the sound device does not offer a usable rate")
	ErrStalled   = errors.New("the sound device has stopped moving")
	ErrNoCapture = errors.New("the microphone gives no sound")
)

// State is what a port is doing.
type State string

// The states of the drawing in the package comment.
const (
	Stopped    State = "stopped"
	Running    State = "running"
	Restarting State = "restarting"
	Closed     State = "closed"
)

// Info describes a port and how it has been doing since it was opened.
type Info struct {
	Backend string `json:"backend"` // "file" or "device"
	Device  string `json:"device"`  // the name of the device, or of the files
	State   State  `json:"state"`
	Running bool   `json:"running"` // Process is being called
	Rate    int    `json:"rate"`    // at which the device runs, in Hz; 0 before the first Start

	// Latency is what the port adds from the microphone to Process and from
	// Process to the earpiece together: periods waiting, the device's buffers
	// as it reports them, and resampling.
	Latency time.Duration `json:"latency"`
	Ahead   int           `json:"ahead"` // periods made before they are played

	Periods   uint64 `json:"periods"`   // calls of Process
	Underruns uint64 `json:"underruns"` // periods of silence because Process was late
	Lost      uint64 `json:"lost"`      // periods never processed, after a long stall
	MicGaps   uint64 `json:"mic_gaps"`  // periods of silence because the microphone was late
	Restarts  uint64 `json:"restarts"`  // helper processes started anew
	HelperPID int    `json:"helper_pid,omitempty"`

	Shared bool    `json:"shared,omitempty"` // through the desktop's sound server, on which the desktop's volume keys act
	Mixer  *Levels `json:"mixer,omitempty"`  // of the device; nil: none
	Mended string  `json:"mended,omitempty"` // what was muted or at 0 when the device was opened, and was turned up; in words

	Realtime bool `json:"realtime"` // the device's thread has realtime priority
}

// reports is the queue behind Err: bounded, newest kept.
type reports struct {
	mu     sync.Mutex // guards closed and sending on c
	c      chan error
	closed bool
}

func newReports() *reports { return &reports{c: make(chan error, 8)} }

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for {
		select {
		case r.c <- err:
			return
		default:
		}
		select {
		case <-r.c: // full: the oldest gives way
		default:
		}
	}
}

func (r *reports) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		close(r.c)
	}
}
