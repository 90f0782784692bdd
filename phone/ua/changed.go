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
	a.move(func(c *call) bool { return c.acc == nil })
}

// move has calls go on from our new address.
func (a *Agent) move(which func(*call) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for c := range a.busy {
		if which(c) {
			c.serial.post(c.moved)
		}
	}
}

// moved tells the other side, by a re-INVITE, where we are now: Contact and the
// address for sound (RFC 3261 section 12.2, RFC 3264 section 8.3.1). Calls that
// are not up yet are found by what they send next.
func (c *call) moved() {
	c.way = flow{}
	if !c.is(up) || c.d == nil || c.sess == nil {
		return
	}
	c.toward(c.d, func(f flow, err error) {
		switch {
		case err != nil:
			c.a.log.Warn("a call is cut off by a change of the network", "call", c.id, "error", err)
			return
		case !c.is(up), c.acc == nil && c.sess.Addr() == f.media():
			return
		}
		c.a.log.Info("a call goes on from another address", "call", c.id, "address", f.contact())
		c.to = f
		if !c.lm.Addr.IsValid() {
			c.sess.SetAddr(f.media())
		}
		c.wantRefresh = true
		c.pursue()
	})
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
