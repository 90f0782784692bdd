package sound

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/resample"
	"offhook/media/sound/engine"
	"offhook/media/sound/ring"
)

// link joins a run to an open device. It is made by the owner and used by the
// audio goroutine.
type link struct {
	rate     int
	prog     *ring.Program
	up, down *resample.Resampler // nil at 48 kHz
	mic, ear [Period]int16

	ahead  atomic.Int32
	missed atomic.Uint64

	// Owned by the audio goroutine.
	under   uint64 // underruns as last seen
	width   width
	drought drought
}

func (p *devicePort) newLink(rate int) (*link, error) {
	l := &link{rate: rate, width: newWidth()}
	var err error
	if l.prog, err = p.ring.Program(rate/100, p.ahead.begin(p.server)); err != nil {
		return nil, err
	}
	l.ahead.Store(int32(l.prog.Ahead()))
	if rate != Rate {
		var err2 error
		l.up, err = resample.New(rate, Rate)
		l.down, err2 = resample.New(Rate, rate)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// delay is what the link adds by itself.
func (l *link) delay() time.Duration {
	d := time.Duration(l.ahead.Load()) * periodTime
	if l.up != nil {
		d += l.up.Delay() + l.down.Delay()
	}
	return d
}

// account adds the link's counters to a report.
func (l *link) account(info *Info, c ring.Counters) {
	info.Ahead = int(l.ahead.Load())
	info.Underruns += c.Underruns
	info.Lost += l.missed.Load()
	info.MicGaps += c.MicGaps
}

// run is the time from Start to Stop. Its goroutine calls Process, whatever
// becomes of the device.
type run struct {
	p       *devicePort
	process Process
	link    atomic.Pointer[link]
	busy    sync.Mutex    // held by the audio goroutine while it uses a link
	changed chan struct{} // link was set
	stop    chan struct{}
	done    chan struct{}
}

func newRun(p *devicePort, process Process) *run {
	return &run{p: p, process: process, changed: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
}

// use gives the run another link, or none. When it returns, the old one is not
// used any more and the ring may be reset. Only the owner calls it.
func (r *run) use(l *link) {
	r.link.Store(l)
	select {
	case r.changed <- struct{}{}:
	default:
	}
	if l == nil {
		r.interrupt()
		r.busy.Lock() // Process does not block, so neither does this for long
		defer r.busy.Unlock()
	}
}

// interrupt wakes the audio goroutine out of its wait for the device.
func (r *run) interrupt() { r.p.mem.interrupt() }

// end stops the run and waits for it. Only the owner calls it, once.
func (r *run) end() {
	close(r.stop)
	r.interrupt()
	<-r.done
}

func (r *run) stopping() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// loop is the audio goroutine.
func (r *run) loop() {
	defer close(r.done)
	if r.p.haste == hurried {
		r.p.haste = unhurried
		r.hurry()
	}
	for !r.stopping() {
		if l := r.link.Load(); l != nil {
			r.follow(l)
		} else {
			r.keepTime()
		}
	}
}

// follow calls Process at the pace of the device, until it stalls, another link
// is set or the run ends.
func (r *run) follow(l *link) {
	r.busy.Lock()
	defer r.busy.Unlock()
	limit, moved := r.p.limits.grace, time.Now()
	ready := func(uintptr) bool { return l.prog.Due() || r.link.Load() != l || r.stopping() }
	for !r.stopping() && r.link.Load() == l {
		if left := time.Until(moved.Add(limit)); r.p.haste == hurried {
			r.p.mem.awaitUrgently(left)
		} else {
			r.p.mem.await(ready, left)
		}
		if n := l.prog.Run(func(mic, ear []int16) { r.period(l, mic, ear) }); n > 0 {
			limit, moved = r.p.limits.stall, time.Now()
			r.watch(l, n)
			continue
		}
		if time.Since(moved) >= limit {
			if r.link.CompareAndSwap(l, nil) {
				select {
				case r.p.stalled <- l:
				default: // the owner has one to look at
				}
			}
			return
		}
	}
}

// period handles one period at the device's rate.
func (r *run) period(l *link, mic, ear []int16) {
	if l.up == nil {
		r.process(mic, ear)
	} else {
		l.up.Process(l.mic[:], mic)
		clear(l.ear[:])
		r.process(l.mic[:], l.ear[:])
		l.down.Process(ear, l.ear[:])
	}
	r.count()
}

func (r *run) count() {
	r.p.mu.Lock()
	r.p.info.Periods++
	r.p.mu.Unlock()
}

// watch looks at the counters after each wake-up, for so many periods.
func (r *run) watch(l *link, came int) {
	c := r.p.ring.Counters()
	l.missed.Store(l.prog.Missed())
	late := int(c.Underruns - l.under)
	l.under = c.Underruns
	if late > 0 && r.p.haste == unhurried && starved(engine.Monotonic()-r.p.ring.LastCall()) {
		r.hurry()
	}
	if l.width.judge(l.prog, came, late) {
		l.ahead.Store(int32(l.prog.Ahead()))
		r.p.ahead.learn(l.prog.Ahead())
		why := "one period less is enough now"
		if late > 0 {
			why = "the device asks for several at once, or this machine is slow"
		}
		r.p.log.Info("sound is made another time ahead", "why", why, "periods", l.prog.Ahead())
	}
	if l.drought.begins(came, c.MicGaps) {
		err := fmt.Errorf("%w for %v", ErrNoCapture, micSilence*periodTime)
		r.p.log.Warn("sound", "err", err)
		r.p.errs.add(err)
	}
}

// keepTime calls Process by the clock while there is no device, so that a call
// goes on: the far end hears silence instead of nothing, and buffers keep moving.
func (r *run) keepTime() {
	mic, ear := make([]int16, Period), make([]int16, Period)
	timer := time.NewTimer(periodTime)
	defer timer.Stop()
	due := time.Now().Add(periodTime)
	for {
		select {
		case <-r.stop:
			return
		case <-r.changed:
			if r.link.Load() != nil {
				return
			}
			continue
		case <-timer.C:
		}
		clear(mic)
		clear(ear)
		r.process(mic, ear)
		r.count()
		if due = due.Add(periodTime); time.Since(due) > 10*periodTime {
			due = time.Now()
		}
		timer.Reset(time.Until(due))
	}
}
