package phone

import (
	"sync"

	"offhook/phone/control"
)

// subscriberQueue is how many events a subscriber may lag behind before it is dropped.
const subscriberQueue = 256

// hub hands each event to every subscriber and waits for none: one that lags too far is cut off (its channel closes).
type hub struct {
	mu   sync.Mutex // guards subs and shut
	subs map[chan control.Event]struct{}
	shut bool
}

func newHub() *hub { return &hub{subs: map[chan control.Event]struct{}{}} }

func (h *hub) subscribe() (<-chan control.Event, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := make(chan control.Event, subscriberQueue)
	if h.shut {
		close(c)
		return c, func() {}
	}
	h.subs[c] = struct{}{}
	return c, func() { h.drop(c) }
}

func (h *hub) drop(c chan control.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[c]; ok {
		delete(h.subs, c)
		close(c)
	}
}

func (h *hub) send(e control.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.subs {
		select {
		case c <- e:
		default:
			delete(h.subs, c)
			close(c)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shut = true
	for c := range h.subs {
		close(c)
	}
	clear(h.subs)
}
