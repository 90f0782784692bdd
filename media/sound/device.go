package sound

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/sound/engine"
	"offhook/media/sound/ring"
)

// DeviceConfig describes a port on a sound device.
type DeviceConfig struct {
	// Helper is the path of offhook-sound; empty: beside this program, then PATH.
	Helper string

	// Device names the earpiece, and the microphone unless Input does: "" or
	// "default"; a card's device "hw:1,0", "hw:CARD=Phone"; the same card through
	// the user's sound server "server:hw:1", or what that has by default "server"; a name as
	// offhook-sound --list prints it, or a part of one; "null" (no sound) and
	// "loopback" (hears itself), which need no card.
	Device string

	// Input names the microphone where it is another device; "-" opens none.
	Input string

	// Env is added to the environment of the sound process, as
	// "PULSE_SINK=name" to reach one device of a sound server.
	Env []string

	Logger *slog.Logger
}

// Bounds of the owner's patience with the sound process and the device.
const (
	stallLimit = 500 * time.Millisecond // without a callback, once they have begun; busy machines have pauses of 300 ms
	graceLimit = 3 * time.Second        // for the first callback
	openLimit  = 5 * time.Second        // initialising the library, looking for devices
	startLimit = 3 * time.Second
	stopLimit  = 500 * time.Millisecond // the library's stop may hang for ever
	retryFirst = 100 * time.Millisecond
	retryMost  = time.Second
	spawnPause = 10 * time.Second // an idle process that died sooner is not started again until it is needed
)

// rates are tried in this order; the one that worked is tried first next time.
var rates = []int{48000, 44100, 16000, 8000, 24000}

// devicePort is a port on a device. The owner goroutine lives from OpenDevice to
// Close; it alone talks to the sound process and starts and ends runs.
type devicePort struct {
	cfg    DeviceConfig
	path   string
	log    *slog.Logger
	mem    *memory
	ring   *ring.Ring
	errs   *reports
	limits limits
	ahead  ahead

	cmds    chan command
	stalled chan *link
	again   chan struct{} // capacity 1: by Retry
	changes chan engine.MixChange
	mixed   chan struct{} // capacity 1: see Mixing
	closing chan struct{} // closed by Close: stop waiting for anything
	closed  chan struct{} // closed when the owner has ended
	once    sync.Once     // closes closing

	mu   sync.Mutex // guards info and live
	info Info
	live *link // whose counters are to be added to info

	// Owned by the owner goroutine.
	h       *helper
	spawned time.Time
	opened  bool // h has chosen its devices
	server  bool // it is not a card itself, but something in front of one
	run     *run
	stale   bool // the device was not there when h looked last
	rate    int  // that worked last; 0: none yet

	haste   haste // owned by the audio goroutine of the time
	retry   *time.Timer
	backoff time.Duration
	told    string // last trouble reported during this outage
}

// limits are the bounds that tests shorten.
type limits struct{ stall, grace, retry time.Duration }

type verb int

const (
	doStart verb = iota
	doStop
)

type command struct {
	verb    verb
	process Process
	done    chan error
}

// OpenDevice opens a port on a sound device: it starts the sound process and
// makes sure that the device is there. The device itself is opened by Start, so
// that others can use it in between. Starting takes some tens of milliseconds.
func OpenDevice(cfg DeviceConfig) (Port, error) {
	return openDevice(cfg, limits{stallLimit, graceLimit, retryFirst})
}

func openDevice(cfg DeviceConfig, l limits) (Port, error) {
	path, err := findHelper(cfg.Helper)
	if err != nil {
		return nil, err
	}
	p := &devicePort{
		cfg: cfg, path: path, log: cfg.Logger, errs: newReports(), limits: l,
		cmds: make(chan command), stalled: make(chan *link, 1), again: make(chan struct{}, 1),
		changes: make(chan engine.MixChange, 16), mixed: make(chan struct{}, 1),
		closing: make(chan struct{}), closed: make(chan struct{}),
		info: Info{Backend: "device", Device: cfg.Device, State: Stopped},
	}
	if p.log == nil {
		p.log = discard()
	}
	if p.mem, err = newMemory(); err != nil {
		return nil, err
	}
	if p.ring, err = ring.New(p.mem.bytes); err == nil {
		err = p.choose(false)
	}
	if err != nil {
		if p.h != nil {
			p.h.destroy()
		}
		p.mem.free()
		return nil, fmt.Errorf("open sound device: %w", err)
	}
	p.retry = time.NewTimer(0)
	p.retry.Stop()
	go p.own()
	return p, nil
}

func (p *devicePort) Start(process Process) error {
	return p.do(command{verb: doStart, process: process})
}

func (p *devicePort) Stop() error {
	if err := p.do(command{verb: doStop}); err != nil && !errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}

func (p *devicePort) Retry() {
	select {
	case p.again <- struct{}{}:
	default:
	}
}

func (p *devicePort) do(c command) error {
	c.done = make(chan error, 1)
	select {
	case p.cmds <- c:
		return <-c.done
	case <-p.closing:
		<-p.closed
		return ErrClosed
	}
}

func (p *devicePort) Close() error {
	p.once.Do(func() { close(p.closing) })
	<-p.closed
	return nil
}

func (p *devicePort) Err() <-chan error { return p.errs.c }

func (p *devicePort) Info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	info := p.info
	if p.live != nil {
		p.live.account(&info, p.ring.Counters())
		info.Realtime = p.ring.Realtime()
	}
	return info
}

// ahead carries what was learnt of the device's manners from one start to the next.
type ahead struct{ learnt atomic.Int32 }

// begin returns the distance to start with. A sound server's periods are not
// ours (512 samples, or 1024): some callbacks come in pairs.
func (a *ahead) begin(server bool) int {
	if learnt := a.learnt.Load(); learnt > 0 {
		return int(learnt)
	}
	if server {
		return 2
	}
	return 1
}

func (a *ahead) learn(n int) { a.learnt.Store(int32(n)) }
