package media

// streamState follows the sequence numbers of a peer's stream (RFC 3550
// appendix A.1): it extends them past 16 bits, sees what came twice, and
// notices that another stream has begun.
type streamState struct {
	known bool
	ssrc  uint32
	first int64  // extended number of the first packet
	last  int64  // highest extended number so far
	seen  uint64 // bit i: last-i has come
	odd   uint16 // what would follow a packet with an odd number
	isOdd bool

	count      uint64 // packets of this stream, duplicates not counted
	lostBefore uint64 // of streams before this one
}

type placement uint8

const (
	placeNew       placement = iota // follows the highest, perhaps after a gap
	placeOld                        // fills a gap
	placeDuplicate                  // came before
	placeRestart                    // first of a new stream
	placeDrop                       // an odd number: not believed until its successor comes
)

const (
	maxForward  = 3000 // packets lost in a row that are believed: 1 min of 20 ms
	maxBackward = 64   // reordering that is believed, no more than seen can hold
)

func (s *streamState) place(h header) (ext int64, p placement) {
	if !s.known || h.ssrc != s.ssrc {
		return s.restart(h), placeRestart
	}
	d := int64(int16(h.sequence - uint16(s.last)))
	switch {
	case d > 0 && d <= maxForward:
		s.last += d
		s.seen = s.seen<<d | 1
		s.count++
		s.isOdd = false
		return s.last, placeNew
	case d <= 0 && d > -maxBackward:
		bit := uint64(1) << -d
		if s.seen&bit != 0 {
			return s.last + d, placeDuplicate
		}
		s.seen |= bit
		s.count++
		return s.last + d, placeOld
	case s.isOdd && h.sequence == s.odd:
		return s.restart(h), placeRestart
	}
	s.isOdd, s.odd = true, h.sequence+1
	return 0, placeDrop
}

func (s *streamState) restart(h header) int64 {
	*s = streamState{known: true, ssrc: h.ssrc, lostBefore: s.lost(), seen: 1, count: 1}
	s.first = 1<<32 + int64(h.sequence) // far from zero, so that nothing wraps below it
	s.last = s.first
	return s.last
}

// lost counts the packets that never came.
func (s *streamState) lost() uint64 {
	if !s.known {
		return 0
	}
	expected := uint64(s.last - s.first + 1)
	if s.count >= expected {
		return s.lostBefore
	}
	return s.lostBefore + expected - s.count
}
