package codec

import "time"

// EventReceiver turns the packets of telephone events, which repeat each other
// and may be lost, doubled and out of order, into one report for each key.
//
// An event is named by its timestamp, so the first packet of it that arrives
// is the report, be it the last one sent. Packets with an older timestamp are
// stragglers. A segment that continues a long event (RFC 4733 section
// 2.5.1.3) is not a new key. When the end is lost, the event is taken as over
// once no update came for 500 ms.
//
// The zero value is ready. One goroutine owns it.
type EventReceiver struct {
	known    bool
	last     uint32 // timestamp of the running or latest event
	code     uint8
	duration uint16
	ended    bool
	heard    time.Time // when the latest packet of it came
}

const (
	eventTimeout = 500 * time.Millisecond
	// A straggler can be this much older than the latest event; anything
	// further off is a sender that started its clock anew.
	eventStraggle = 10 * 8000
)

// Receive takes one packet and returns the key when it is a new one. Events
// other than DTMF digits are followed but never reported.
func (r *EventReceiver) Receive(timestamp uint32, marker bool, e Event, now time.Time) (digit byte, ok bool) {
	if r.known && !r.isNew(timestamp, marker, e, now) {
		return 0, false
	}
	r.known, r.last, r.code = true, timestamp, e.Code
	r.duration, r.ended, r.heard = e.Duration, e.End, now
	return Digit(e.Code)
}

// isNew decides, and follows the running event.
func (r *EventReceiver) isNew(timestamp uint32, marker bool, e Event, now time.Time) bool {
	silent := now.Sub(r.heard) > eventTimeout
	switch d := int32(timestamp - r.last); {
	case d == 0 && !(marker && silent): // another packet of the same event
		r.duration = max(r.duration, e.Duration)
		r.ended = r.ended || e.End
		r.heard = now
		return false
	case d < 0 && d > -eventStraggle: // of an event before
		return false
	case d == 0xffff && !marker && e.Code == r.code && !r.ended && !silent: // next segment
		r.last, r.duration, r.ended, r.heard = timestamp, e.Duration, e.End, now
		return false
	}
	return true
}

// Active tells which key is down as far as is known, for whoever shows it or
// silences the call meanwhile.
func (r *EventReceiver) Active(now time.Time) (digit byte, ok bool) {
	if !r.known || r.ended || now.Sub(r.heard) > eventTimeout {
		return 0, false
	}
	return Digit(r.code)
}

// Reset forgets the past: the stream starts anew (another SSRC).
func (r *EventReceiver) Reset() { *r = EventReceiver{} }
