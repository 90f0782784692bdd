package phone

import (
	"offhook/phone/control"
	"offhook/phone/desk"
)

// announce tells those who listen what an event changed: it compares the state before with the state after, so that no
// change can be forgotten where it was made.
func (p *Phone) announce(before, after desk.State) {
	for _, c := range after.Calls() {
		old, known := before.Call(c.ID)
		if k := p.calls[c.ID]; k != nil && c.Handset != "" {
			k.handset = c.Handset
		}
		if known && old.Phase == c.Phase && old.Held == c.Held && old.RemoteHeld == c.RemoteHeld && old.Joined == c.Joined && old.Handset == c.Handset && old.Peer == c.Peer {
			continue
		}
		e := callEvent(c, callWord(c))
		if k := p.calls[c.ID]; k != nil && c.Phase == desk.Incoming {
			e.Diverted, e.Ring = k.diverted, k.ring
		}
		p.send(e)
	}
	for _, c := range before.Calls() {
		if _, still := after.Call(c.ID); !still {
			e := callEvent(c, control.CallEnded)
			if k := p.calls[c.ID]; k != nil {
				e.Code, e.Reason, e.Media = k.code, k.reason, k.sound
			}
			p.send(e)
		}
	}
	for _, h := range after.Handsets() {
		old, known := before.Handset(h.ID)
		if known && old.Muted != h.Muted {
			on := h.Muted
			p.send(control.Event{Type: control.EventMute, Handset: string(h.ID), Call: string(h.Foreground), On: &on})
		}
		if known && old.Phase != h.Phase {
			p.send(control.Event{Type: control.EventHandset, Handset: string(h.ID), State: handsetState(h.Phase)})
		}
	}
	if before.DND() != after.DND() {
		on := after.DND()
		p.send(control.Event{Type: control.EventDND, On: &on})
	}
}

func callEvent(c desk.Call, state string) control.Event {
	return control.Event{
		Type: control.EventCall, Call: string(c.ID), State: state, Direction: direction(c.Outgoing),
		Peer: c.Peer, PeerName: c.PeerName, Account: c.Account, Handset: string(c.Handset),
	}
}

// callWord is the state of a call for an event: holds are said, since nothing else tells of them.
func callWord(c desk.Call) string {
	switch {
	case c.Phase == desk.Active && c.Held:
		return control.StateHeld
	case c.Phase == desk.Active && c.RemoteHeld:
		return "remote-held"
	}
	return callState(c.Phase)
}
