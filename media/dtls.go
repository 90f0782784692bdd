package media

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"offhook/media/keying"
)

// ErrKeying says that there are no keys: the call's sound can't begin.
var ErrKeying = errors.New("the call's sound can't be encrypted")

const (
	// maxHandshakes bounds those of one session. A peer asks for another one
	// with a new fingerprint in a new description.
	maxHandshakes = 16
	// maxEarly is how many datagrams are kept, one of each address, that came
	// before the description which says what to do with them.
	maxEarly = 4
)

// dtlsState is the DTLS-SRTP of a session. While the keys are to come the
// session neither sends nor plays.
//
//	SetParams ─► Handshake ─► keyed: the parameters are applied again, with keys
//	   reader ─► packet ─┘
type dtlsState struct {
	// Guarded by Session.setParams.
	want  keying.Association // of the handshake that runs, ended or failed
	keys  keying.Keys        // of the association in use; no Suite: none yet
	of    string             // the fingerprints they were agreed on with
	begun int                // handshakes of this session

	mu    sync.Mutex        // guards everything below, and orders what is written
	shake *keying.Handshake // nil: none, or it failed
	early []datagramIn      // what came before there was a handshake
	wire  *wire             // the session's connection, for the handshake's writes
}

type datagramIn struct {
	b    []byte
	from netip.AddrPort
}

// agreeKeys puts the keys that there are into parameters, or locks them until
// a handshake is through; begin says that one is due. s.setParams is held.
func (s *Session) agreeKeys(p *Params) (begin bool, err error) {
	d := &s.dtls
	if p.DTLS == (keying.Association{}) {
		s.endKeying()
		return false, nil
	}
	if s.cfg.Identity == nil {
		return false, fmt.Errorf("%w: DTLS without a certificate of ours", ErrKeying)
	}
	p.SRTP, p.locked = SRTP{}, true
	// Keys go on being used until there are new ones, with the same peer.
	if d.keys.Suite != "" && d.of == p.DTLS.Fingerprints {
		p.SRTP, p.locked = SRTP{Suite: d.keys.Suite, Send: d.keys.Send, Receive: d.keys.Receive}, false
	}
	if !p.Remote.IsValid() || p.Remote.Addr().IsUnspecified() {
		return false, nil // held, with nobody to talk to
	}
	return d.want != p.DTLS || !d.running(), nil
}

// beginKeying starts a handshake in place of the last one. s.setParams is held.
func (s *Session) beginKeying(a keying.Association) error {
	s.endKeying()
	d := &s.dtls
	if d.begun++; d.begun > maxHandshakes {
		return fmt.Errorf("%w: the other side wants more than %d DTLS handshakes in one call", ErrKeying, maxHandshakes)
	}
	n := d.begun
	h, err := keying.Start(s.cfg.Identity, a, s.writeDTLS, func(k keying.Keys, err error) { s.keyed(n, a, k, err) })
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeying, err)
	}
	d.want = a
	d.mu.Lock()
	d.shake = h
	early := d.early
	d.early = nil
	d.mu.Unlock()
	for _, e := range early {
		if s.rx.expects(e.from) {
			h.Packet(e.b)
		}
	}
	return nil
}

// endKeying closes the association, if there is one. s.setParams is held.
func (s *Session) endKeying() {
	s.dtls.mu.Lock()
	h := s.dtls.shake
	s.dtls.shake = nil
	s.dtls.mu.Unlock()
	if h != nil {
		h.Close()
	}
}

// running says whether the handshake wanted last has not failed.
func (d *dtlsState) running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shake != nil
}

// keyed takes the end of the nth handshake, on a goroutine of its own.
func (s *Session) keyed(n int, a keying.Association, k keying.Keys, err error) {
	s.setParams.Lock()
	d := &s.dtls
	if s.closed.Load() || n != d.begun || !d.running() {
		s.setParams.Unlock()
		return
	}
	if err == nil {
		d.keys, d.of = k, a.Fingerprints
		err = s.apply()
	} else {
		err = fmt.Errorf("%w: %w", ErrKeying, err)
		s.endKeying()
	}
	s.setParams.Unlock()
	if err != nil {
		s.log.Warn("DTLS-SRTP", "error", err)
	} else {
		s.log.Info("DTLS-SRTP: the sound is encrypted", "profile", k.Suite)
	}
	if s.cfg.OnKeyed != nil {
		s.cfg.OnKeyed(err)
	}
}

// handshakePacket takes a datagram of DTLS, on the reader's goroutine. Strangers' are
// dropped: what handshakes is whom the description names.
func (s *Session) handshakePacket(b []byte, from netip.AddrPort) {
	d := &s.dtls
	d.mu.Lock()
	h := d.shake
	if h == nil {
		// The peer may be faster than its description.
		if s.cfg.Identity != nil && keying.IsHello(b) {
			d.keep(datagramIn{slices.Clone(b), from})
		}
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	if s.rx.expects(from) {
		h.Packet(b)
	}
}

// keep holds a datagram for the handshake to come, the last one of each address.
// d.mu is held.
func (d *dtlsState) keep(e datagramIn) {
	i := slices.IndexFunc(d.early, func(x datagramIn) bool { return x.from == e.from })
	switch {
	case i >= 0:
		d.early[i] = e
	case len(d.early) < maxEarly:
		d.early = append(d.early, e)
	}
}

// writeDTLS sends a datagram of the handshake to where the sound goes.
func (s *Session) writeDTLS(b []byte) {
	to := s.rx.destination()
	if !to.IsValid() || to.Addr().IsUnspecified() {
		return
	}
	s.dtls.mu.Lock()
	defer s.dtls.mu.Unlock()
	if err := s.dtls.wire.write(b, to); err != nil {
		s.log.Debug("DTLS: a datagram could not be sent", "error", err)
	}
}

// destination is where packets go.
func (r *receiver) destination() netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.destination()
}

// expects says whether an address is the peer's; another one's datagram is
// counted as a stranger's.
func (r *receiver) expects(from netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := from == r.source.remote || from == r.source.destination()
	if !ok {
		r.stats.strangers++
	}
	return ok
}
