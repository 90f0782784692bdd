package phone

import (
	"fmt"
	"net/netip"
	"time"

	"offhook/phone/control"
	"offhook/phone/desk"
)

const (
	// soundCheck is how often it is looked whether sound comes.
	soundCheck = 5 * time.Second
	// keepAliveEvery is how many checks there are to a keep-alive: 15 s (RFC 6263 section 4).
	keepAliveEvery = 3
)

// soundWatch follows whether the other side is heard. It belongs to the call.
type soundWatch struct {
	timer    *time.Timer
	checks   int
	received uint64        // packets at the last check
	silent   time.Duration // since then none came though some should
	told     bool          // the user knows
}

// watchSound begins to look after the sound of an answered call.
func (p *Phone) watchSound(c *call) {
	if c.watch.timer != nil {
		return
	}
	c.watch.timer = time.AfterFunc(soundCheck, func() { p.inbox.post(func() { p.checkSound(c) }) })
}

// checkSound looks whether sound came since the last time: when none does, the user is told once, with the likely
// cause, and after Config.RTPTimeout the call ends.
func (p *Phone) checkSound(c *call) {
	if p.calls[c.id] != c || p.ending {
		return
	}
	c.watch.timer.Reset(soundCheck)
	if c.watch.checks++; c.watch.checks%keepAliveEvery == 0 {
		c.session.KeepAlive()
	}
	st, params := c.session.Stats(), c.session.Params()
	d, ok := p.state.Call(c.id)
	if !ok || d.Phase != desk.Active || d.Held || d.RemoteHeld || !params.Receive || st.Received > c.watch.received {
		c.watch.received, c.watch.silent = st.Received, 0
		return
	}
	c.watch.silent += soundCheck
	if !c.watch.told {
		c.watch.told = true
		reason := whySilent(st.Received, st.Strangers, st.Forged, params.Remote)
		p.log.Warn("one-way sound", "call", c.id, "reason", reason)
		p.send(control.Event{Type: control.EventError, Call: string(c.id), Reason: reason})
	}
	if p.cfg.RTPTimeout > 0 && c.watch.silent >= p.cfg.RTPTimeout {
		p.log.Warn("a call without sound from the other side is ended", "call", c.id, "after", c.watch.silent)
		c.watch.silent = 0
		p.send(control.Event{Type: control.EventError, Call: string(c.id),
			Reason: fmt.Sprintf("the call is ended: nothing was heard of the other side for %v (rtp_timeout)", p.cfg.RTPTimeout)})
		p.feed(desk.CmdHangUp{Call: c.id})
	}
}

// whySilent says why the other side is not heard, as far as can be known here.
func whySilent(received, strangers, forged uint64, remote netip.AddrPort) string {
	switch {
	case forged > 0:
		return "one-way sound: what the other side sends cannot be decrypted; the keys of the two do not agree"
	case strangers > 0:
		return fmt.Sprintf("one-way sound: packets come, but not from %v, where the other side said it sends from", remote)
	case received > 0:
		return "the other side is not heard any more: no sound comes from it"
	case remote.Addr().IsPrivate():
		return fmt.Sprintf("one-way sound: nothing comes from the other side, whose address for sound, %v, is a private one; "+
			"its router (NAT) is in the way, or a firewall here drops UDP to the ports of rtp_ports", remote)
	}
	return "one-way sound: nothing comes from the other side; a firewall or router (NAT) between drops UDP to the ports of rtp_ports"
}
