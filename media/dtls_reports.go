package media

import (
	"net/netip"
	"sync"

	"offhook/media/keying"
)

// reportKeys is the DTLS-SRTP of RTCP that has a port of its own: there is a
// handshake for each port (RFC 5764 section 4.1). Without keys there are no
// reports, which is no reason to end a call.
type reportKeys struct {
	// Guarded by Session.setParams.
	want  keying.Association // of the handshake that runs, ended or failed
	to    netip.AddrPort     // where the peer has its RTCP
	begun int                // handshakes of this session

	wire *wire // the socket of RTCP, for the handshake's writes; nil: there is none; set once

	mu    sync.Mutex        // guards the two below, and orders what is written
	shake *keying.Handshake // nil: none, or it failed
	peer  netip.AddrPort    // to, while there is one
}

// keyReports sees to the keys of reports for parameters that were applied.
// s.setParams is held.
func (s *Session) keyReports(p Params) {
	k := &s.reportKeys
	if p.DTLS == (keying.Association{}) || p.RTCPMux || k.wire == nil || !p.RTCP.IsValid() || p.RTCP.Addr().IsUnspecified() {
		k.end()
		return
	}
	if k.want == p.DTLS && k.to == p.RTCP && k.running() {
		return
	}
	k.end()
	s.setReportKeys(keying.Keys{})
	k.want, k.to = p.DTLS, p.RTCP
	if k.begun++; k.begun > maxHandshakes {
		return
	}
	k.mu.Lock()
	k.peer = p.RTCP
	k.mu.Unlock()
	n := k.begun
	h, err := keying.Start(s.cfg.Identity, p.DTLS, k.write, func(keys keying.Keys, err error) { s.reportsKeyed(n, keys, err) })
	if err != nil {
		s.log.Debug("DTLS for RTCP", "error", err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shake = h
}

// reportsKeyed takes the end of the nth handshake, on a goroutine of its own.
func (s *Session) reportsKeyed(n int, keys keying.Keys, err error) {
	s.setParams.Lock()
	defer s.setParams.Unlock()
	k := &s.reportKeys
	switch {
	case s.closed.Load() || n != k.begun || !k.running():
	case err != nil:
		s.log.Debug("DTLS for RTCP: there are no reports", "error", err)
		k.end()
	default:
		s.setReportKeys(keys)
	}
}

// setReportKeys gives keys to both directions, or takes them away.
func (s *Session) setReportKeys(keys keying.Keys) {
	seal, err := newArmour(keys.Suite, keys.Send)
	if err == nil {
		var open *armour
		if open, err = newArmour(keys.Suite, keys.Receive); err == nil {
			s.tx.setReportArmour(seal)
			s.rx.setReportArmour(open)
		}
	}
	if err != nil {
		s.log.Error("DTLS for RTCP", "error", err)
	}
}

func (t *sender) setReportArmour(a *armour) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reportArmour = a
}

func (r *receiver) setReportArmour(a *armour) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reportArmour = a
}

// packet takes a datagram of DTLS from the port of RTCP.
func (k *reportKeys) packet(b []byte, from netip.AddrPort) {
	k.mu.Lock()
	h, ok := k.shake, from == k.peer
	k.mu.Unlock()
	if h != nil && ok {
		h.Packet(b)
	}
}

// write sends a datagram of the handshake; what is lost is sent again.
func (k *reportKeys) write(b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.peer.IsValid() {
		_ = k.wire.write(b, k.peer)
	}
}

func (k *reportKeys) running() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shake != nil
}

// end closes the association, if there is one. Session.setParams is held.
func (k *reportKeys) end() {
	k.mu.Lock()
	h := k.shake
	k.mu.Unlock()
	if h != nil {
		h.Close()
	}
	k.mu.Lock()
	k.shake, k.peer = nil, netip.AddrPort{}
	k.mu.Unlock()
}
