package media

import "net/netip"

// sourceLock decides whose packets belong to the call, and where ours go.
//
//	negotiated ── packet from the agreed address ──► locked (for good)
//	    │                                              ▲
//	    └─ two consecutive packets from another ─► latched ── packet from the
//	       address (the peer is behind a NAT)             agreed address
//
// Once locked or latched, packets from other addresses are strangers'. The
// agreed address always wins over a latched one, so that a stranger who came
// first cannot keep the peer out. Packets that hold the key of the call (SRTP) can
// be nobody else's: two of them in a row move the lock from wherever it is, as
// when a router gives the peer another port. Not safe for concurrent use.
type sourceLock struct {
	remote  netip.AddrPort // agreed by SDP
	source  netip.AddrPort // whom we listen to; zero before the first packet
	latched bool           // source is not the agreed address

	candidates [4]candidate // who sent one good packet; several, so that a flood cannot crowd the peer out
	oldest     int
}

type candidate struct {
	from     netip.AddrPort
	ssrc     uint32
	sequence uint16 // of its next packet
}

// agree sets the address of a new agreement. The same as before keeps the lock.
func (l *sourceLock) agree(remote netip.AddrPort) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if remote != l.remote {
		*l = sourceLock{remote: remote}
	}
}

// accept tells whether a packet with a payload type of ours, sent by from, is
// the peer's; authentic says that it holds the key of the call. moved says that
// the address we send to has changed.
func (l *sourceLock) accept(from netip.AddrPort, h header, authentic bool) (ok, moved bool) {
	switch {
	case from == l.remote:
		moved = l.latched
		l.source, l.latched = from, false
		return true, moved
	case l.source.IsValid() && from == l.source:
		return true, false
	case l.source.IsValid() && !authentic:
		return false, false
	case !l.remote.IsValid():
		return false, false // nothing agreed yet
	}
	next := candidate{from, h.ssrc, h.sequence + 1}
	for i := range l.candidates {
		switch c := &l.candidates[i]; {
		case *c == (candidate{from, h.ssrc, h.sequence}):
			l.source, l.latched = from, true
			return true, true
		case c.from == from:
			*c = next
			return false, false
		}
	}
	l.candidates[l.oldest] = next
	l.oldest = (l.oldest + 1) % len(l.candidates)
	return false, false
}

// destination is where packets go: back to where they come from.
func (l *sourceLock) destination() netip.AddrPort {
	if l.latched {
		return l.source
	}
	return l.remote
}
