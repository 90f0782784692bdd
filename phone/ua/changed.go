package ua

import (
	"context"
	"errors"
	"net/netip"
	"syscall"

	"offhook/phone/ua/netwatch"
)

// changed has every account registered anew that a change of the machine's
// network, or its sleep, has cut off.
func (a *Agent) changed(c netwatch.Change) {
	a.log.Info("registrations are looked after", "reason", c.String())
	if n, ok := a.cfg.Network.(interface{ Forget() }); ok {
		n.Forget() // another network has other name servers, which may know other answers
	}
	a.stack.sweep(a.ctx, c == netwatch.Woke)
	for _, acc := range a.accounts {
		acc.serial.post(func() { acc.changed(c) })
	}
}

// changed registers anew, unless the account is registered and nothing between
// it and its server is different: networks change much that is none of ours.
func (acc *account) changed(c netwatch.Change) {
	if acc.closing {
		return
	}
	reason := c.String()
	if c != netwatch.Woke && (acc.state.State == Registered || !acc.cfg.Register) {
		local, err := acc.a.cfg.Network.LocalAddr(acc.flow.remote)
		switch {
		case !acc.flow.valid():
		case err == nil && local == acc.flow.local.Addr():
			return
		case err == nil:
			reason = "this machine has another address now"
		default:
			reason = "there is no way to the registrar now"
		}
	}
	acc.a.log.Info("a registration is renewed", "account", acc.cfg.Name, "reason", reason)
	if acc.state.State == Registered {
		acc.tell(Registration{State: Registering, Reason: reason})
	}
	acc.refresh()
}

// sweep closes what cannot work any more: connections from an address that is
// no longer the one to reach their peer from, and UDP sockets of addresses that
// are gone. After sleep every connection that we opened goes: nobody knows what
// the other side made of the silence.
func (s *stack) sweep(ctx context.Context, slept bool) {
	s.mu.Lock()
	var conns []*streamConn
	for _, c := range s.streams {
		conns = append(conns, c)
	}
	var gone []netip.Addr
	for addr, so := range s.udp {
		if so.ours {
			gone = append(gone, addr)
		}
	}
	s.mu.Unlock()
	for _, c := range conns {
		local, err := s.net.LocalAddr(addrPort(c.RemoteAddr()))
		if slept && c.door == nil || err == nil && local != addrPort(c.LocalAddr()).Addr() {
			c.Close()
		}
	}
	for _, addr := range gone {
		probe, err := s.net.ListenPacket(ctx, netip.AddrPortFrom(addr, 0).String())
		if err == nil {
			probe.Close()
			continue
		}
		if !errors.Is(err, syscall.EADDRNOTAVAIL) {
			continue
		}
		s.mu.Lock()
		if so := s.udp[addr]; so != nil {
			delete(s.udp, addr)
			so.conn.Close()
		}
		s.mu.Unlock()
	}
}
