package ua

import (
	"time"
)

// succession is how a call goes on in another dialog: that of whom the peer
// referred us to (refer_in.go), or of somebody who replaces the peer
// (replaces.go).
//
//	c ──── heir ───► n      the new dialog is a call of its own, with the id
//	  ◄─── from ────        and the serial of the old one, and tells nothing
//	                        to the Handler by itself
//
//	n is answered ─► n has the id: Replaced, MediaChanged; c gets its BYE
//	n fails       ─► c goes on as it was
//	c gets a BYE while n is under way ─► n has the id already (bequeath)
//	c is ended by the user            ─► so is n
type succession struct {
	heir    *call // what is to take our place
	from    *call // whose place we are to take
	sponsor *call // whose place we have, and who still reports about us
	silent  bool  // we tell the Handler nothing any more
	lapsed  bool  // the peer has ended our dialog after it was succeeded
}

// emit tells the Handler, or the call whose place this one is to take.
func (c *call) emit(e Event) {
	switch {
	case c.silent:
	case c.from != nil:
		c.from.heard(e)
	default:
		c.a.emit(e)
	}
	if c.sponsor == nil {
		return
	}
	switch e := e.(type) {
	case Progress:
		c.sponsor.referralProgress(e.Code, e.Reason)
	case Answered:
		c.sponsor.referralOver(200, reasonPhrase(200))
	case Ended:
		c.sponsor.referralOver(e.Code, e.Reason)
	}
}

// heard takes what the heir would have told.
func (c *call) heard(e Event) {
	switch e := e.(type) {
	case Progress:
		c.referralProgress(e.Code, e.Reason)
	case Ended:
		c.heir.from, c.heir.silent = nil, true
		c.heir = nil
		c.referralOver(e.Code, e.Reason)
	}
}

// adopt makes n the heir of c. Nothing is told of n before it is answered.
func (c *call) adopt(n *call) {
	n.serial, n.from, n.lm = c.serial, c, c.lm
	c.heir = n
	c.a.mu.Lock()
	c.a.busy[n] = true
	c.a.mu.Unlock()
}

// inherit gives the heir the id; the old call tells nothing any more.
func (c *call) inherit() (old *call) {
	old = c.from
	old.heir, c.from = nil, nil
	old.silent = true
	c.wantHold = old.wantHold
	c.a.mu.Lock()
	if c.a.calls[c.id] == old {
		c.a.calls[c.id] = c
	}
	c.a.mu.Unlock()
	return old
}

// byePatience is how long whoever referred us has to end the old call itself
// (RFC 5589 section 6.1).
const byePatience = 3 * time.Second

// succeed: the heir is answered, its media agreed; the old call has had its
// day.
func (c *call) succeed() {
	old := c.inherit()
	wasUp := old.is(up)
	c.emit(Replaced{Call: c.id, Peer: c.peer(), PeerName: c.peerName})
	if wasUp {
		c.tellMedia()
	} else {
		c.emit(Answered{Call: c.id, Media: c.media})
		if c.remoteHold {
			c.tellMedia()
		}
	}
	old.lapse()
	c.pursue()
}

// lapse ends a call that was succeeded.
func (c *call) lapse() {
	referral := c.referral != nil
	c.referralOver(200, reasonPhrase(200))
	switch phase(c.phase.Load()) {
	case calling:
		c.cancel()
		c.end(Ended{})
		return
	case up:
	default:
		return
	}
	if !referral {
		c.hangUp()
		return
	}
	// Who referred us hangs up, as a rule.
	c.owed++
	c.setPhase(over)
	stop(&c.again)
	stop(&c.referTimer)
	stop(&c.refreshing)
	stop(&c.lapsing)
	c.after(byePatience, func() {
		c.owed--
		if !c.lapsed {
			c.bye(c.d)
		}
		c.release()
	})
}

// bequeath: the peer hung up while the call with whom it referred us to is
// being set up; that one is the call now.
func (c *call) bequeath() bool {
	if c.heir == nil {
		return false
	}
	n := c.heir
	n.inherit()
	n.sponsor = c
	c.a.emit(Replaced{Call: n.id, Peer: n.peer(), PeerName: n.peerName})
	c.end(Ended{}) // which nobody hears
	return true
}

// peer is the URI of the other side as far as it is known.
func (c *call) peer() string {
	switch {
	case c.out && c.sent != nil:
		return c.sent.Recipient.String()
	case c.out && c.d == nil:
		return c.dialled.String() // the way there is still looked for
	case c.d != nil:
		return c.d.remote.String()
	}
	return ""
}

// abortAll ends a call whose handling failed, and what was to take its place.
func (c *call) abortAll() {
	c.a.mu.Lock()
	now := c.a.calls[c.id]
	c.a.mu.Unlock()
	if now != nil && now.serial == c.serial {
		now.abort()
	}
	c.abort()
}
