package ua

import (
	"log/slog"
	"runtime/debug"
	"sync"
)

// serial runs functions one after another, in the order they were posted, on
// a goroutine that exists only while there is something to run. A call, an
// account and the event queue are each owned by one: what runs in it needs no
// locks, and posting never waits.
type serial struct {
	// failed hears of a panic in a function; the rest goes on.
	failed func(v any)
	log    *slog.Logger

	mu    sync.Mutex // guards the rest
	queue []func()
	busy  bool
	// limit bounds what the network may have waiting (offer); 0: no bound.
	limit int
}

// post appends f. It never blocks.
func (s *serial) post(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, f)
	s.start()
}

// offer is post for work that strangers cause: false when too much waits.
func (s *serial) offer(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limit > 0 && len(s.queue) >= s.limit {
		return false
	}
	s.queue = append(s.queue, f)
	s.start()
	return true
}

// start requires s.mu.
func (s *serial) start() {
	if !s.busy {
		s.busy = true
		go s.run()
	}
}

func (s *serial) run() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.busy = false
			s.queue = nil
			s.mu.Unlock()
			return
		}
		f := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.guard(f)
	}
}

func (s *serial) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("a SIP handler failed; this is a defect in Offhook, please report it",
				"panic", v, "stack", string(debug.Stack()))
			if s.failed != nil {
				s.failed(v)
			}
		}
	}()
	f()
}
