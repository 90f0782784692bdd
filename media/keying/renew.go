package keying

// maxRenewals bounds how often one association is renewed, or is tried to be.
const maxRenewals = 8

// renewal is the handshake by which a peer that lost its state, or moved,
// agrees on new keys without a word in the signalling (RFC 6347 section 4.2.8):
// a client says hello though there are keys. The keys there are stay in use
// until it is through, so that a forged hello does no harm.
type renewal struct {
	begun     int        // of this association and those it renews
	successor *Handshake // the renewal under way, or the one that took over; nil: none
	retired   bool       // the successor has keys
}

// renew gives the handshake that a datagram is for in place of this one, which
// has keys; nil: it is for this one. h.mu is held.
func (h *Handshake) renew(kept []byte) *Handshake {
	r := &h.renewal
	random, ok := hello(kept)
	if r.successor != nil || !ok || h.association.Client || !h.finished.Load() || random == h.random || r.begun >= maxRenewals {
		return r.successor
	}
	r.begun++
	s, err := start(h.id, h.association, h.send, h.renewed, r.begun)
	if err != nil { // it was begun once, so there is no reason why
		return nil
	}
	r.successor = s
	return s
}

// renewed takes the end of a renewal.
func (h *Handshake) renewed(k Keys, err error) {
	h.mu.Lock()
	if err != nil {
		h.renewal.successor = nil
		h.mu.Unlock()
		return
	}
	first := !h.renewal.retired
	h.renewal.retired = true
	t := h.current
	h.mu.Unlock()
	if first {
		t.pipe.mute.Store(true) // a goodbye would be mistaken for the successor's
		h.cancel(nil)
	}
	h.done(k, nil)
}
