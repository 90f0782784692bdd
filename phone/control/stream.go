package control

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// maxQueue is how many events may wait for a slow reader. The socket's own buffer holds some hundred more.
const maxQueue = 256

// dropGrace is how long a reader that was too slow has to come and read why it was dropped.
const dropGrace = 5 * time.Second

// endGrace is the same at the end of the phone, which should not wait for a reader.
const endGrace = time.Second

// events streams what happens until the client leaves, the phone ends, or the client is too slow.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		writeError(w, &Error{CodeUnavailable, "too many programs listen to events of this phone"})
		return
	}
	// Subscribed before the headers go out: whoever has the headers misses nothing that happens after.
	events, cancel := s.backend.Subscribe()
	defer cancel()

	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // the request is over; the stream has no end
	_ = rc.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead || rc.Flush() != nil {
		return
	}

	q := newQueue()
	leave, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		defer cancel() // before the writer is done: a reader that was dropped costs the phone nothing more
		defer q.close()
		s.pump(r.Context(), events, q, leave, rc)
	}()
	for {
		e, ok := q.take()
		if !ok || writeEvent(w, e) != nil || rc.Flush() != nil {
			break
		}
	}
	close(leave)
	<-left
}

// pump moves events into the queue until the stream ends for whatever reason. The writer may be stuck in a write then,
// so each end that the reader can still be told of gives it a time limit.
func (s *Server) pump(ctx context.Context, events <-chan Event, q *queue, leave <-chan struct{}, rc *http.ResponseController) {
	for {
		select {
		case e, ok := <-events:
			if !ok {
				_ = rc.SetWriteDeadline(time.Now().Add(dropGrace))
				return
			}
			if !q.put(e) {
				_ = rc.SetWriteDeadline(time.Now().Add(dropGrace))
				s.log.Warn("dropped a slow reader of events", "waiting", maxQueue)
				return
			}
		case <-s.ended.Done():
			_ = rc.SetWriteDeadline(time.Now().Add(endGrace))
			for { // what happened before the end belongs to the stream
				select {
				case e, ok := <-events:
					if ok && q.put(e) {
						continue
					}
				default:
				}
				return
			}
		case <-ctx.Done():
			return
		case <-leave:
			return
		}
	}
}

func writeEvent(w http.ResponseWriter, e Event) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write([]byte("data: " + string(raw) + "\n\n"))
	return err
}

// queue hands events from the pump to the writer.
type queue struct {
	mu     sync.Mutex // guards all below
	wake   *sync.Cond
	events []Event
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// put adds an event. When there is no room, it replaces all that wait by one event that says so, and returns false.
func (q *queue) put(e Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.wake.Signal()
	if len(q.events) < maxQueue {
		q.events = append(q.events, e)
		return true
	}
	q.events = []Event{{
		Time: time.Now(), Type: EventDropped,
		Reason: "events came faster than you read them; ask for the status and subscribe again",
	}}
	return false
}

// take waits for the next event; false when the queue is closed and empty.
func (q *queue) take() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.events) == 0 {
		if q.closed {
			return Event{}, false
		}
		q.wake.Wait()
	}
	e := q.events[0]
	q.events = q.events[1:]
	return e, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Signal()
}
