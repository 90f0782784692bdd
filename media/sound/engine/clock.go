package engine

import (
	"runtime"
	"sync"
	"time"
)

// The devices that exist everywhere, without a card: for trying things out, for
// servers and for tests.
const (
	NullDevice     = "null"     // plays into nothing, hears silence
	LoopbackDevice = "loopback" // hears what it plays, one period later
)

// virtual are their entries in a list.
var virtual = []Device{
	{Index: -1, Name: NullDevice, API: "clock", Inputs: 1, Outputs: 1, Rate: 48000},
	{Index: -2, Name: LoopbackDevice, API: "clock", Inputs: 1, Outputs: 1, Rate: 48000},
}

// clock is the backend of the virtual devices, paced in real time from an absolute clock.
type clock struct {
	mu      sync.Mutex // guards capture
	capture Cycle
}

// NewClock returns a backend without a card: all it opens is paced by the clock,
// and a device named LoopbackDevice hears what it plays.
func NewClock() Backend { return &clock{} }

func (c *clock) Devices([]string, bool) ([]Device, error) { return virtual, nil }

func (c *clock) Play(d Device, rate, period int, cycle Cycle) (Stream, error) {
	s := &clockStream{stop: make(chan struct{}), done: make(chan struct{})}
	every := time.Duration(period) * time.Second / time.Duration(rate)
	go c.run(s, every, make([]int16, period), d.Name == LoopbackDevice, cycle)
	return s, nil
}

// Capture hooks into the clock of Play, so that both have one clock as a card has.
func (c *clock) Capture(d Device, rate, period int, cycle Cycle) (Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.capture = cycle
	return clockCapture{c}, nil
}

func (c *clock) run(s *clockStream, every time.Duration, pcm []int16, loop bool, cycle Cycle) {
	defer close(s.done)
	// A callback may raise the priority of its thread, which must then be its
	// own; locked, it ends with this goroutine.
	runtime.LockOSThread()
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	for {
		timer.Reset(time.Until(due))
		select {
		case <-s.stop:
			return
		case <-timer.C:
		}
		if late := time.Since(due); late > time.Second {
			due = time.Now() // a card would have lost this time as well
		}
		due = due.Add(every)
		c.mu.Lock()
		if c.capture != nil {
			c.capture(pcm, 1, false)
		}
		c.mu.Unlock()
		cycle(pcm, 1, false)
		if !loop {
			clear(pcm)
		}
	}
}

type clockStream struct{ stop, done chan struct{} }

func (s *clockStream) Latency() time.Duration { return 0 }

func (s *clockStream) Close() error {
	close(s.stop)
	<-s.done
	return nil
}

type clockCapture struct{ c *clock }

func (s clockCapture) Latency() time.Duration { return 0 }

func (s clockCapture) Close() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.capture = nil
	return nil
}
