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
	// "default"; a card's device "hw:1,0", "hw:CARD=Phone"; a name as
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
	stallLimit  = 500 * time.Millisecond // without a callback, once they have begun; busy machines have pauses of 300 ms
	graceLimit  = 3 * time.Second        // for the first callback
	openLimit   = 5 * time.Second        // initialising the library, looking for devices
	startLimit  = 3 * time.Second
	stopLimit   = 500 * time.Millisecond // the library's stop may hang for ever
	retryFirst  = 100 * time.Millisecond
	retryMost   = 3 * time.Second
	spawnPause  = 10 * time.Second // an idle process that died sooner is not started again until it is needed
	widenWithin = 2 * time.Second  // two late periods this close call for more distance
	micSilence  = 200              // periods without the microphone before it is reported
)

// rates are tried in this order; the one that worked is tried first next time.
var rates = []int{48000, 16000, 8000, 24000}

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
	rate    int // that worked last; 0: none yet
	retry   *time.Timer
	backoff time.Duration
	told    string // last trouble reported during this outage
}

// limits are the bounds that tests shorten.
type limits struct{ stall, grace time.Duration }

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
	return openDevice(cfg, limits{stallLimit, graceLimit})
}

func openDevice(cfg DeviceConfig, l limits) (Port, error) {
	path, err := findHelper(cfg.Helper)
	if err != nil {
		return nil, err
	}
	p := &devicePort{
		cfg: cfg, path: path, log: cfg.Logger, errs: newReports(), limits: l,
		cmds: make(chan command), stalled: make(chan *link, 1),
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

// own is the owner goroutine.
func (p *devicePort) own() {
	defer close(p.closed)
	for {
		var gone <-chan struct{}
		var events <-chan engine.Reply
		if p.h != nil {
			gone, events = p.h.gone, p.h.events
		}
		select {
		case c := <-p.cmds:
			if c.verb == doStart {
				c.done <- p.start(c.process)
			} else {
				p.stop()
				c.done <- nil
			}
		case <-gone:
			p.lost(fmt.Errorf("the sound process ended: %w", p.h.died()))
		case l := <-p.stalled:
			if p.run != nil && l == p.linked() {
				p.lost(ErrStalled)
			}
		case e := <-events:
			p.event(e)
		case <-p.retry.C:
			p.restore()
		case <-p.closing:
			p.shut()
			return
		}
	}
}

// choose makes sure that a process runs and has chosen its devices; anew when
// refresh is set.
func (p *devicePort) choose(refresh bool) error {
	if p.h == nil {
		h, err := startHelper(p.path, p.cfg.Env, p.mem, p.log)
		if err != nil {
			return err
		}
		p.h, p.opened, p.spawned = h, false, time.Now()
		p.mu.Lock()
		p.info.HelperPID = h.cmd.Process.Pid
		p.mu.Unlock()
	}
	if p.opened && !refresh {
		return nil
	}
	req := engine.Request{Cmd: engine.CmdOpen, Output: p.cfg.Device, Input: p.cfg.Input, Refresh: refresh}
	if req.Input == "" {
		req.Input = p.cfg.Device
	}
	r, err := p.h.call(req, openLimit, p.closing)
	p.check(err)
	if err != nil {
		return err
	}
	p.opened = true
	if r.Open != nil {
		p.server = r.Open.Output.HW == "" && r.Open.Output.Index >= 0
		p.mu.Lock()
		p.info.Device = r.Open.Output.Name
		p.mu.Unlock()
	}
	return nil
}

// check drops a process that failed to answer.
func (p *devicePort) check(err error) {
	if errors.Is(err, errHelper) || errors.Is(err, ErrClosed) {
		p.drop()
	}
}

func (p *devicePort) drop() {
	if p.h != nil {
		p.h.destroy()
		p.h, p.opened = nil, false
		p.mu.Lock()
		p.info.HelperPID = 0
		p.mu.Unlock()
	}
}

// connect opens the device and returns the link to it.
func (p *devicePort) connect() (*link, error) {
	l, err := p.attempt(false)
	switch {
	case err == nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoHelper):
		return l, err
	case errors.Is(err, errHelper):
		return p.attempt(false) // a process that hung or died while idle
	}
	return p.attempt(true) // what it knew of the devices may be old
}

func (p *devicePort) attempt(refresh bool) (*link, error) {
	if err := p.choose(refresh); err != nil {
		return nil, err
	}
	order := rates
	if p.rate != 0 {
		order = append([]int{p.rate}, rates...)
	}
	var failed error
	for _, rate := range order {
		l, err := p.newLink(rate)
		if err != nil {
			return nil, err
		}
		r, err := p.h.call(engine.Request{Cmd: engine.CmdStart, Rate: rate}, startLimit, p.closing)
		p.check(err)
		if errors.Is(err, ErrFormat) {
			if failed == nil {
				failed = err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		p.rate = rate
		p.adopt(l, r.State)
		return l, nil
	}
	return nil, failed
}

// adopt makes a link the one whose counters are shown.
func (p *devicePort) adopt(l *link, st *engine.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = l
	p.info.Rate = l.rate
	p.describe(l, st)
}

// describe takes over what the process tells of the open device. p.mu is held.
func (p *devicePort) describe(l *link, st *engine.State) {
	p.info.Latency = l.delay()
	if st != nil {
		p.info.Latency += st.Latency()
	}
}

// retire adds a link's counters to the sum, before the ring is reset.
func (p *devicePort) retire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		p.live.account(&p.info, p.ring.Counters())
		p.live = nil
	}
}

func (p *devicePort) start(process Process) error {
	if p.run != nil {
		return ErrRunning
	}
	l, err := p.connect()
	if err != nil {
		return fmt.Errorf("start sound: %w", err)
	}
	p.run = newRun(p, process)
	p.backoff, p.told = 0, ""
	p.setState(Running)
	p.run.use(l)
	go p.run.loop()
	return nil
}

// stop ends the run first, so that Process is over even if the device hangs.
func (p *devicePort) stop() {
	if p.run == nil {
		return
	}
	p.run.end()
	p.run = nil
	p.retry.Stop()
	p.retire()
	p.setState(Stopped)
	if p.h == nil {
		return
	}
	_, err := p.h.call(engine.Request{Cmd: engine.CmdStop}, stopLimit, p.closing)
	if err != nil && !errors.Is(err, ErrClosed) {
		// It did not stop, so it is of no use; the next one is made ready.
		p.log.Warn("the sound device did not stop", "err", err)
		p.drop()
		p.revive()
	}
}

func (p *devicePort) shut() {
	if p.run != nil {
		p.run.end()
		p.run = nil
		p.retire()
	}
	if p.h != nil {
		p.h.shut()
		p.h = nil
	}
	p.setState(Closed)
	p.errs.close()
	// Info looks into the memory only while a link is live: not any more.
	p.mem.free()
}

func (p *devicePort) setState(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info.State, p.info.Running = s, s == Running || s == Restarting
	if s == Closed {
		p.info.HelperPID = 0
	}
}

// linked returns the link in use, or nil.
func (p *devicePort) linked() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live
}

// lost handles a device that stalled or a process that died: the process is
// killed, for it may hang, and another one takes its place.
func (p *devicePort) lost(why error) {
	p.retire()
	if p.run != nil {
		p.run.use(nil)
		p.setState(Restarting)
		p.tell(fmt.Errorf("sound was lost: %w", why))
	}
	p.drop()
	if p.run != nil {
		p.restore()
		return
	}
	p.log.Warn("the idle sound process was lost", "err", why)
	p.revive()
}

// revive makes an idle process ready, unless the last one died young: then the
// next Start does it.
func (p *devicePort) revive() {
	if time.Since(p.spawned) < spawnPause {
		return
	}
	if err := p.choose(false); err != nil {
		p.log.Warn("sound process", "err", err)
	} else {
		p.countRestart()
	}
}

func (p *devicePort) countRestart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.info.Restarts++
}

// restore brings sound back to a run that lost it, now or at the next try.
func (p *devicePort) restore() {
	if p.run == nil {
		return
	}
	fresh := p.h == nil
	l, err := p.connect()
	if fresh && p.h != nil {
		p.countRestart()
	}
	if err == nil {
		p.setState(Running)
		p.run.use(l)
		p.log.Info("sound is back")
		p.told = ""
		return
	}
	if errors.Is(err, ErrClosed) {
		return
	}
	p.tell(fmt.Errorf("sound cannot be brought back yet: %w", err))
	p.backoff = min(max(2*p.backoff, retryFirst), retryMost)
	p.retry.Reset(p.backoff)
}

// tell reports trouble once, however often it is met.
func (p *devicePort) tell(err error) {
	p.log.Warn("sound", "err", err)
	if text := err.Error(); text != p.told {
		p.told = text
		p.errs.add(err)
	}
}

// event handles what the process says by itself: how the microphone fared.
func (p *devicePort) event(e engine.Reply) {
	if e.Event != engine.EventCapture || p.run == nil {
		return
	}
	if e.Error != nil {
		p.errs.add(fmt.Errorf("%w: %w", ErrNoCapture, explain(e.Error)))
		p.log.Warn("microphone", "err", e.Error)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		p.describe(p.live, e.State)
	}
}

// ahead carries what was learnt of the device's manners from one start to the
// next; one step is forgotten each time.
type ahead struct{ learnt atomic.Int32 }

// begin returns the distance to start with. A sound server's periods are not
// ours (512 samples, or 1024): some callbacks come in pairs.
func (a *ahead) begin(server bool) int {
	least := int32(1)
	if server {
		least = 2
	}
	return int(max(least, a.learnt.Load()-1))
}

func (a *ahead) learn(n int) { a.learnt.Store(int32(n)) }
