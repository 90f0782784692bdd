package ua

import (
	"net/netip"
	"time"

	"offhook/phone/ua/locate"
)

// spares is what a call we make knows of other servers to go through (RFC 3263
// section 4.3).
type spares struct {
	tried  map[netip.AddrPort]bool // servers the INVITE went to
	moving bool                    // to the next one: the old transaction is nothing any more
	doubt  *time.Timer             // ends the wait for a first word
}

// doubtful begins to wait for the first word of the server that the INVITE
// goes to, when there is another one.
func (c *call) doubtful() {
	stop(&c.doubt)
	if c.tried == nil {
		c.tried = map[netip.AddrPort]bool{}
	}
	c.tried[c.to.remote] = true
	if _, ok := c.spare(); !ok {
		return
	}
	sent := c.sent
	c.doubt = c.after(sparePatience, func() {
		if c.sent == sent && !c.proceeding {
			c.elsewhere()
		}
	})
}

// spare gives the next server of the account that the INVITE has not been to.
func (c *call) spare() (locate.Target, bool) {
	if c.acc == nil || !c.throughServer() {
		return locate.Target{}, false
	}
	c.acc.mu.Lock()
	defer c.acc.mu.Unlock()
	for _, t := range c.acc.seen.targets {
		if !c.tried[t.Addr] {
			return t, true
		}
	}
	return locate.Target{}, false
}

// throughServer says whether the INVITE goes by the account's server.
func (c *call) throughServer() bool {
	own, err := c.acc.hop()
	first, err2 := c.firstHop(&c.dialled)
	return err == nil && err2 == nil && own == first
}

// elsewhere sends the INVITE to the next server; false when there is none, or
// the call is past that.
func (c *call) elsewhere() bool {
	t, ok := c.spare()
	if !ok || c.moving || !c.is(calling) || c.cancelling || len(c.legs) > 0 || c.sent == nil {
		return false
	}
	h, err := c.acc.hop()
	if err != nil {
		return false
	}
	stop(&c.doubt)
	c.a.log.Warn("a SIP server does not take a call; the next one is tried", "call", c.id, "server", c.to.remote, "next", t.Addr)
	c.acc.suspect(c.to.remote)
	c.tried[t.Addr] = true
	target := *c.sent.Recipient.Clone()
	c.moving = true
	c.settle()
	c.giveUp()
	c.owed++
	go func() {
		f, err := c.a.stack.flowTo(c.a.ctx, h.endpoint(t))
		c.serial.post(func() {
			c.owed--
			c.moving = false
			switch {
			case !c.is(calling):
				c.release()
			case err == nil:
				c.sendInvite(target, c.acc.dress(f))
			case !c.elsewhere():
				c.end(Ended{Code: 503, Reason: "the other side cannot be reached: " + err.Error()})
			}
		})
	}()
	return true
}

// suspect has the registration look for another server, when it is with the
// one at addr, which does not do its work.
func (acc *account) suspect(addr netip.AddrPort) {
	acc.serial.post(func() {
		if acc.closing || !acc.cfg.Register || acc.flow.remote != addr || acc.state.State != Registered {
			return
		}
		acc.servers.failed(acc.target, time.Now())
		acc.register()
	})
}
