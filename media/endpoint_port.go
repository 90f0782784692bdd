package media

import (
	"fmt"
	"time"

	"offhook/media/sound"
)

// State tells how the port of an endpoint is.
type State struct {
	Status PortStatus
	Err    error // the last trouble; nil once all is well
}

// PortStatus is the state of a port.
type PortStatus uint8

// Closed ── a plan needs it ──► Opening ──► Open ── idleClose on hook ──► Closed
//
//	 │ ▲        │
//	 ▼ │ back-off▼
//	Failed ◄── stopped by itself
const (
	Closed  PortStatus = iota // not needed
	Opening                   // being opened
	Open                      // periods are made
	Failed                    // needed, but it could not be opened or has stopped; tried again
)

func (s PortStatus) String() string {
	switch s {
	case Closed:
		return "closed"
	case Opening:
		return "opening"
	case Open:
		return "open"
	case Failed:
		return "failed"
	}
	return fmt.Sprintf("PortStatus(%d)", uint8(s))
}

const (
	idleClose  = 5 * time.Second
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
	provenTime = 10 * time.Second // open for so long, the next failure is a new one
)

// State tells how the port is. Any goroutine.
func (e *Endpoint) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

// keep opens and closes the port. It is the only goroutine that starts and
// stops it.
func (e *Endpoint) keep() {
	defer close(e.done)
	var (
		timer  = time.NewTimer(time.Hour) // to close when idle, to try again when failed
		retry  = firstRetry
		opened time.Time
		idle   bool // the timer runs to close an idle port
		errs   = e.port.Err()
		mixed  <-chan struct{}
	)
	mixing, _ := e.port.(sound.Mixing)
	if mixing != nil && e.cfg.OnLevels != nil {
		mixed = mixing.Changed()
	}
	timer.Stop()
	defer timer.Stop()
	fail := func(err error) {
		if time.Since(opened) > provenTime && !opened.IsZero() {
			retry = firstRetry
		}
		e.enter(State{Failed, err})
		e.log.Warn("sound: the port is not open, trying again", "err", err, "in", retry)
		timer.Reset(retry)
		retry = min(2*retry, lastRetry)
	}
	for {
		switch status, onHook := e.status(); {
		case onHook && status == Failed:
			timer.Stop()
			retry = firstRetry
			e.enter(State{Closed, nil})
		case !onHook && status == Closed, !onHook && status == Opening:
			timer.Stop()
			e.enter(State{Opening, nil})
			if err := e.port.Start(e.process); err != nil {
				fail(fmt.Errorf("open sound: %w", err))
				break
			}
			opened, idle = time.Now(), false
			e.enter(State{Open, nil})
			continue // the plan may have changed meanwhile
		case !onHook && status == Open:
			timer.Stop()
			idle = false
		case onHook && status == Open && !idle:
			timer.Reset(idleClose)
			idle = true
		}
		select {
		case <-e.quit:
			return
		case <-e.wake:
		case <-mixed:
			if l, ok := mixing.Levels(); ok {
				e.cfg.OnLevels(l)
			}
		case <-e.again:
			if status, onHook := e.status(); status == Failed && !onHook {
				retry = firstRetry
				e.enter(State{Opening, nil})
			}
		case <-timer.C:
			switch status, onHook := e.status(); {
			case status == Open && onHook:
				e.stop()
				e.enter(State{Closed, nil})
			case status == Failed && !onHook:
				e.enter(State{Opening, nil})
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil // the port was closed beneath us
				err = fmt.Errorf("the port was closed")
			}
			if status, _ := e.status(); status != Open {
				break
			}
			if e.port.Info().State == sound.Stopped || !ok { // it has given up
				e.stop()
				fail(err)
				break
			}
			if err != nil {
				e.log.Warn("sound: trouble at the port, which goes on", "err", err)
			}
			e.enter(State{Open, err})
		}
	}
}

func (e *Endpoint) status() (s PortStatus, onHook bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state.Status, e.plan.OnHook()
}

func (e *Endpoint) enter(s State) {
	e.mu.Lock()
	changed := s.Status != e.state.Status || s.Err != nil || e.state.Err != nil
	e.state = s
	e.mu.Unlock()
	if changed && e.cfg.OnState != nil {
		e.cfg.OnState(s)
	}
}

// stop stops the port and forgets the sound of before.
func (e *Endpoint) stop() {
	if err := e.port.Stop(); err != nil {
		e.log.Warn("sound: closing the device failed", "err", err)
	}
	e.mu.Lock()
	e.mix.silence()
	e.mu.Unlock()
}

// Retry tells that the device may be back: what is to be tried again is tried at
// once. It does not wait.
func (e *Endpoint) Retry() {
	e.port.Retry()
	select {
	case e.again <- struct{}{}:
	default:
	}
}

func (e *Endpoint) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Close ends all sound and closes the port. It waits until the port is closed;
// not to be called from a callback. Idempotent.
func (e *Endpoint) Close() error {
	var err error
	e.ending.Do(func() {
		e.mu.Lock()
		e.closed = true
		e.plan = Plan{}
		e.mu.Unlock()
		close(e.quit)
		<-e.done
		e.stop()
		err = e.port.Close()
		if e.mix.cleaner != nil {
			e.mix.cleaner.Close()
		}
		e.enter(State{Closed, nil})
	})
	return err
}
