package phone

import "sync"

// mailbox is the loop's inbox: posting never blocks, so neither a device's reader nor the SIP agent ever waits for the
// phone. What can be in it is bounded by its senders (each device, call and timer has few messages under way at once).
//
// post may be called by any goroutine; take and close only by the loop.
type mailbox struct {
	mu    sync.Mutex // guards queue and shut
	queue []func()
	ready chan struct{} // holds one token while queue may be non-empty
	shut  bool
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

// post appends a message; after close it is dropped, and post says so.
func (m *mailbox) post(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return false
	}
	m.queue = append(m.queue, f)
	select {
	case m.ready <- struct{}{}:
	default:
	}
	return true
}

// take returns all that is waiting, oldest first.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}

// close ends posting and returns what was still waiting: somebody may have handed over a thing that must be closed.
func (m *mailbox) close() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut = true
	q := m.queue
	m.queue = nil
	return q
}
