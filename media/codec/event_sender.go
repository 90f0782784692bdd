package codec

import (
	"fmt"
	"time"
)

// EventPacket is one RTP packet of an event: what the header and the payload
// must say.
type EventPacket struct {
	Event     Event
	Timestamp uint32
	Marker    bool
}

// EventSender spells one event at a time out as packets (RFC 4733 section
// 2.5.1): the timestamp is that of the start of the event, an update with a
// growing duration goes out every 20 ms, the last one has the E bit and is
// sent three times. An event longer than a duration can say (8.2 s at 8 kHz) goes on in
// a new segment, with a timestamp further on and no marker.
//
//	ms     20    40    60    80   100   120   140
//	     M,160  320   480   640  E800  E800  E800
//
// The zero value is idle. One goroutine owns it.
type EventSender struct {
	code     uint8
	active   bool
	first    bool   // nothing of this event was sent yet
	start    uint32 // timestamp of the running segment
	elapsed  uint32 // of the running segment, in samples
	left     uint32 // until the key goes up, in samples
	tick     uint32 // samples in 10 ms
	odd      bool   // ticks come every 10 ms, updates every second tick
	ends     int    // end packets still to send
	finalDur uint16
}

const (
	eventVolume  = 10 // -10 dBm0, the level of a normal telephone's keypad
	endPackets   = 3
	maxEventTime = time.Minute
)

// Start begins an event at a timestamp. The duration is rounded up to 20 ms and
// spelt in ticks of clock, the RTP clock of telephone-event in Hz. It fails on
// an unknown key and while another event runs.
func (s *EventSender) Start(digit byte, timestamp uint32, clock int, d time.Duration) error {
	code, ok := EventCode(digit)
	switch {
	case !ok:
		return fmt.Errorf("send digit %q: not a key of a telephone (0-9, *, #, A-D)", digit)
	case s.active:
		return fmt.Errorf("send digit %q: another one is still being sent", digit)
	}
	d = max(min(d, maxEventTime), 20*time.Millisecond)
	steps := uint32((d + 20*time.Millisecond - 1) / (20 * time.Millisecond))
	tick := uint32(clock / 100)
	*s = EventSender{code: code, active: true, first: true, start: timestamp, tick: tick, left: steps * 2 * tick}
	return nil
}

// Active tells whether an event is being sent, its end packets included.
func (s *EventSender) Active() bool { return s.active }

// Tick is to be called for every 10 ms from Start on; send tells whether p is
// to be sent now.
func (s *EventSender) Tick() (p EventPacket, send bool) {
	if !s.active {
		return p, false
	}
	if s.odd = !s.odd; s.odd { // half of an update interval
		s.elapsed += s.tick
		s.left -= min(s.left, s.tick)
		return p, false
	}
	p = EventPacket{Event: Event{Code: s.code, Volume: eventVolume}, Timestamp: s.start, Marker: s.first}
	s.first = false
	if s.ends > 0 {
		p.Event.End, p.Event.Duration = true, s.finalDur
		if s.ends--; s.ends == 0 {
			s.active = false
		}
		return p, true
	}
	s.elapsed += s.tick
	s.left -= min(s.left, s.tick)
	if s.elapsed > 0xffff { // the segment is full: close it, the next update is the new one's
		p.Event.Duration = 0xffff
		s.start += 0xffff
		s.elapsed -= 0xffff
		if s.left == 0 {
			s.left = 2 * s.tick
		}
		return p, true
	}
	p.Event.Duration = uint16(s.elapsed)
	if s.left == 0 {
		p.Event.End = true
		s.finalDur, s.ends = p.Event.Duration, endPackets-1
	}
	return p, true
}
