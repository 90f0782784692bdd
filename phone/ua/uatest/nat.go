package uatest

import (
	"net/netip"
	"time"
)

// nat is a router that shares one public address (RFC 4787): it keeps a port
// for each inside socket, whoever it talks to, lets in only whom that socket
// has sent to, and forgets what has been silent for ttl.
type nat struct {
	public netip.Addr
	ttl    time.Duration
	next   uint16
	ports  map[netip.AddrPort]uint16    // inside socket → public port
	inside map[uint16]netip.AddrPort    // and back
	last   map[natPair]time.Time        // when a packet went out last
	sent   map[netip.AddrPort]time.Time // by inside socket
}

// natPair is an inside socket and whom it talks to.
type natPair struct{ inside, remote netip.AddrPort }

// SetNAT puts a host behind a router with a public address, which forgets UDP
// bindings after ttl of silence. Calling it again restarts the router, which
// then knows nothing. TCP connections show the public address.
func (n *Network) SetNAT(inside, public netip.Addr, ttl time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := uint16(20000)
	if old := n.nats[inside]; old != nil {
		next = old.next + 1000
	}
	r := &nat{public: public, ttl: ttl, next: next, ports: map[netip.AddrPort]uint16{}, inside: map[uint16]netip.AddrPort{},
		last: map[natPair]time.Time{}, sent: map[netip.AddrPort]time.Time{}}
	n.nats[inside], n.routers[public] = r, r
}

// outward gives the public socket of a packet on its way out.
func (r *nat) outward(from, to netip.AddrPort, now time.Time) netip.AddrPort {
	port, ok := r.ports[from]
	if !ok || now.Sub(r.sent[from]) > r.ttl {
		delete(r.inside, port)
		r.next++
		port = r.next
		r.ports[from], r.inside[port] = port, from
	}
	r.sent[from], r.last[natPair{from, to}] = now, now
	return netip.AddrPortFrom(r.public, port)
}

// inward gives the inside socket of a packet to a public one.
func (r *nat) inward(to, from netip.AddrPort, now time.Time) (netip.AddrPort, bool) {
	in, ok := r.inside[to.Port()]
	if !ok || now.Sub(r.sent[in]) > r.ttl {
		return netip.AddrPort{}, false
	}
	at, ok := r.last[natPair{in, from}]
	return in, ok && now.Sub(at) <= r.ttl
}
