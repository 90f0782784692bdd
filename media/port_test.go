package media

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"offhook/media/sound"
)

// fakePort is a sound port on the clock of the synctest bubble: its microphone
// is a function, its ear is kept.
type fakePort struct {
	mic    func(period int) []int16 // nil: silence
	period time.Duration            // 0 = 10 ms; other: a device whose clock drifts
	start  func() error             // nil: succeeds
	delay  time.Duration            // how long Start takes

	retries atomic.Int32

	mu      sync.Mutex // guards what follows
	ear     []int16
	starts  int
	stops   int
	running bool
	quit    chan struct{}
	done    chan struct{}
	errs    chan error
	closed  bool
	stopped bool // given up by itself
}

func newFakePort() *fakePort { return &fakePort{errs: make(chan error, 8)} }

func (p *fakePort) Start(process sound.Process) error {
	time.Sleep(p.delay) // virtual
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starts++
	if p.running {
		return errors.New("running already")
	}
	if p.start != nil {
		if err := p.start(); err != nil {
			return err
		}
	}
	p.running, p.stopped = true, false
	p.quit, p.done = make(chan struct{}), make(chan struct{})
	go p.run(process, p.quit, p.done)
	return nil
}

func (p *fakePort) run(process sound.Process, quit, done chan struct{}) {
	defer close(done)
	period := p.period
	if period == 0 {
		period = 10 * time.Millisecond
	}
	tick := time.NewTicker(period)
	defer tick.Stop()
	silence := make([]int16, sound.Period)
	for i := 0; ; i++ {
		mic, ear := silence, make([]int16, sound.Period)
		if p.mic != nil {
			mic = p.mic(i)
		}
		process(mic, ear)
		p.mu.Lock()
		p.ear = append(p.ear, ear...)
		p.mu.Unlock()
		select {
		case <-quit:
			return
		case <-tick.C:
		}
	}
}

func (p *fakePort) Stop() error {
	p.mu.Lock()
	running, quit, done := p.running, p.quit, p.done
	p.running = false
	p.mu.Unlock()
	if running {
		close(quit)
		<-done
		p.mu.Lock()
		p.stops++
		p.mu.Unlock()
	}
	return nil
}

func (p *fakePort) Close() error {
	p.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.errs)
	}
	return nil
}

func (p *fakePort) Info() sound.Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := sound.Stopped
	if p.running && !p.stopped {
		s = sound.Running
	}
	return sound.Info{Backend: "fake", State: s, Running: p.running}
}

func (p *fakePort) Retry() { p.retries.Add(1) }

func (p *fakePort) Err() <-chan error { return p.errs }

// fail makes the port give up by itself.
func (p *fakePort) fail(err error) {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.errs <- err
}

// heard returns what the ear got since the last call.
func (p *fakePort) heard() []int16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.ear
	p.ear = nil
	return e
}

func (p *fakePort) counts() (starts, stops int, running bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.starts, p.stops, p.running
}

var _ sound.Port = (*fakePort)(nil)
