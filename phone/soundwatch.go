package phone

import (
	"fmt"
	"net/netip"
	"time"

	"offhook/media"
	"offhook/phone/control"
	"offhook/phone/desk"
)

const (
	// soundCheck is how often it is looked whether sound comes.
	soundCheck = 5 * time.Second
	// keepAliveEvery is how many checks there are to a keep-alive: 15 s (RFC 6263 section 4).
	keepAliveEvery = 3
)

// soundWatch follows whether the other side is heard, and whether it hears us. It belongs to the call.
type soundWatch struct {
	timer   *time.Timer
	checks  int
	before  media.Stats   // at the last check
	silent  time.Duration // since then nothing came though something should
	told    bool          // the user knows
	reports int           // checks of this silence in which a report of the other side had come
	toldAll bool          // the user knows what those say, too
	unheard int           // reports of the other side, in a row, by which nothing new of ours arrives there
	trouble string        // what the user is told of the sound; "": nothing is wrong
}

// manyReports is how many reports (one comes in 5 s, RFC 3550 section 6.2) make it sure that the other side hears nothing.
const manyReports = 3

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
	before := c.watch.before
	c.watch.before = st
	d, ok := p.state.Call(c.id)
	talking := ok && d.Phase == desk.Active && !d.Held && !d.RemoteHeld
	p.checkHeard(c, before, st, params, talking)
	if !talking || !params.Receive || st.Received > before.Received {
		c.watch.silent, c.watch.reports = 0, 0
		if st.Received > before.Received && c.watch.unheard < manyReports {
			p.soundTrouble(c, "", false)
		}
		return
	}
	c.watch.silent += soundCheck
	// Who leaves out silence is silent often: that is told once.
	if c.watch.silent == soundCheck {
		p.soundTrouble(c, whySilent(st, before, params.Remote, ""), !c.watch.told)
		c.watch.told = true
	}
	if st.PeerReports > before.PeerReports {
		// The first report may still count what was sent before the silence.
		if c.watch.reports++; c.watch.reports == 2 {
			p.soundTrouble(c, whySilent(st, before, params.Remote, whatItSends(st, before)), !c.watch.toldAll)
			c.watch.toldAll = true
		}
	}
	if p.cfg.RTPTimeout > 0 && c.watch.silent >= p.cfg.RTPTimeout {
		p.log.Warn("a call without sound from the other side is ended", "call", c.id, "after", c.watch.silent)
		c.watch.silent = 0
		p.send(control.Event{Type: control.EventError, Call: string(c.id),
			Reason: fmt.Sprintf("the call is ended: nothing was heard of the other side for %v (rtp_timeout)", p.cfg.RTPTimeout)})
		p.feed(desk.CmdHangUp{Call: c.id})
	}
}

// checkHeard looks whether the other side hears us, as its reports (RTCP) tell: when nothing new arrives there while we
// send, the user is told, once each time.
func (p *Phone) checkHeard(c *call, before, st media.Stats, params media.Params, talking bool) {
	const few = 25 // packets in a check: silence is suppressed, or the call has just been resumed
	switch {
	case !talking || !params.Send || st.Sent < before.Sent+few:
		c.watch.unheard = 0
	case st.PeerHighest != before.PeerHighest:
		if c.watch.unheard >= manyReports {
			p.log.Info("the other side hears us again", "call", c.id)
			p.soundTrouble(c, "", false)
		}
		c.watch.unheard = 0
	case st.PeerReports > before.PeerReports:
		if c.watch.unheard++; c.watch.unheard == manyReports {
			p.soundTrouble(c, whyUnheard(st, params.Remote), true)
		}
	}
}

// soundTrouble notes what is wrong with a call's sound, "" when nothing is, and says it.
func (p *Phone) soundTrouble(c *call, reason string, say bool) {
	if reason == c.watch.trouble {
		return
	}
	c.watch.trouble = reason
	if say {
		p.log.Warn("one-way sound", "call", c.id, "reason", reason)
		p.send(control.Event{Type: control.EventError, Call: string(c.id), Reason: reason})
	}
	p.send(control.Event{Type: control.EventStatus})
}

// whyUnheard says why the other side does not hear us, which its reports show.
func whyUnheard(st media.Stats, remote netip.AddrPort) string {
	what := "the other side does not hear you: its reports (RTCP) say that nothing of yours arrives there"
	if st.Reports > 0 {
		what = "the other side does not hear you any more: its reports (RTCP) say that nothing of yours arrives there since a while"
	}
	if remote.Addr().IsPrivate() {
		return fmt.Sprintf("one-way sound: %s; the address it gave for sound, %v, is a private one, which nothing may lead to from here: its router (NAT) must pass sound on, or its server relay it", what, remote)
	}
	return fmt.Sprintf("one-way sound: %s; a firewall or router on the way to %v drops UDP", what, remote)
}

// whatItSends is what the latest report of the other side says of that.
func whatItSends(st, before media.Stats) string {
	if st.PeerSent > before.PeerSent {
		return itSends
	}
	return itSendsNothing
}

const (
	itSends        = ", though its reports (RTCP) say that it sends"
	itSendsNothing = ", and its reports (RTCP) say that it sends none: it is muted there, or has no microphone"
)

// whySilent says why the other side is not heard, as far as can be known here. sends is what its reports (RTCP) say,
// where they come.
func whySilent(st, before media.Stats, remote netip.AddrPort, sends string) string {
	switch {
	case st.Forged > before.Forged:
		return "one-way sound: what the other side sends cannot be decrypted; the keys of the two do not agree"
	case st.Strangers > before.Strangers:
		return fmt.Sprintf("one-way sound: packets come, but not from %v, where the other side said it sends from", remote)
	case st.Received > 0:
		return "the other side is not heard any more: no sound comes from it" + sends
	case sends == itSendsNothing:
		return "one-way sound: nothing comes from the other side" + sends
	case remote.Addr().IsPrivate():
		return fmt.Sprintf("one-way sound: nothing comes from the other side, whose address for sound, %v, is a private one%s; "+
			"its router (NAT) is in the way, or a firewall here drops UDP to the ports of rtp_ports", remote, sends)
	}
	return "one-way sound: nothing comes from the other side" + sends + "; a firewall or router (NAT) between drops UDP to the ports of rtp_ports"
}
