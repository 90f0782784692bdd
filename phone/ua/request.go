package ua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// toward calls f with the way to the next hop of d: at once when it is known
// or needs no waiting, later otherwise.
func (c *call) toward(d *dialog, f func(flow, error)) {
	h, err := d.next()
	if err != nil {
		f(flow{}, err)
		return
	}
	c.secure(&h)
	if at, ok := h.literal(); ok && h.guessed && h.transport == "tcp" && c.a.stack.stream("tcp", at) == nil {
		// The dialog came over TCP, but this address says nothing of TCP and
		// has no connection with us: RFC 3263 section 4.1 makes it UDP.
		h.transport = "udp"
	}
	if c.way.valid() && c.wayTo == h {
		f(c.way, nil)
		return
	}
	found := func(w flow, err error) {
		if err == nil {
			c.way, c.wayTo = w, h
		}
		f(w, err)
	}
	if at, ok := h.literal(); ok && h.transport == "udp" {
		w, err := c.a.stack.flowTo(c.a.ctx, endpoint{transport: "udp", addr: at})
		found(c.acc.dress(w), err)
		return
	}
	c.owed++
	go func() {
		w, err := c.a.reach(c.a.ctx, c.acc, h)
		c.serial.post(func() {
			c.owed--
			found(w, err)
			c.release()
		})
	}()
}

// secure gives h the TLS settings of the call's account.
func (c *call) secure(h *hop) {
	if c.acc != nil {
		h.tls = c.acc.tls
	}
}

// transact sends a request of dialog d and calls done with the final response
// or the error that stands for it. Challenges are answered on the way.
func (c *call) transact(d *dialog, req *sip.Request, done func(*sip.Response, error)) {
	c.a.decorate(req)
	c.owed++
	c.toward(d, func(f flow, err error) {
		if err != nil {
			c.owed--
			done(nil, err)
			c.release()
			return
		}
		c.exchange(d, req, f, c.auth(), done)
	})
}

func (c *call) auth() *auth {
	if c.acc == nil {
		return &auth{}
	}
	return &auth{user: c.acc.user, password: c.acc.cfg.Password}
}

// exchange is transact once the way is known; it owes c.owed one.
func (c *call) exchange(d *dialog, req *sip.Request, f flow, au *auth, done func(*sip.Response, error)) {
	answered := false // guarded by the serial
	finish := func(res *sip.Response, err error) {
		answered = true
		c.owed--
		done(res, err)
		c.release()
	}
	// Requests of a dialog leave in the order of their CSeq: one that was
	// overtaken would be refused (RFC 3261 section 12.2.2).
	before, out := c.lastOut, make(chan struct{})
	c.lastOut = out
	var once sync.Once
	sent := func() { once.Do(func() { close(out) }) }
	on := func(res *sip.Response) {
		if res.IsProvisional() {
			return
		}
		c.serial.post(func() {
			if answered {
				if res.IsSuccess() && req.IsInvite() {
					c.ack(d, req) // repeated: our ACK was lost
				}
				return
			}
			if challenged(res) {
				if next, err := au.again(req, res); err == nil {
					answered = true
					// Other requests may have gone out meanwhile.
					d.localSeq++
					next.CSeq().SeqNo = d.localSeq
					c.exchange(d, next, f, au, done)
					return
				}
			}
			if req.IsInvite() && res.IsSuccess() {
				c.ack(d, req)
			}
			finish(res, nil)
		})
	}
	go func() {
		defer sent() // whatever came of it
		if before != nil {
			<-before
		}
		c.a.stack.request(c.a.ctx, req, f, sent, on, func(err error) {
			c.serial.post(func() {
				if !answered {
					finish(nil, err)
				}
			})
		})
	}()
}

// decorate adds what our requests carry.
func (a *Agent) decorate(req *sip.Request) {
	req.AppendHeader(sip.NewHeader("User-Agent", a.cfg.UserAgent))
	if req.Method == sip.INVITE {
		req.AppendHeader(sip.NewHeader("Allow", allow))
		req.AppendHeader(sip.NewHeader("Supported", strings.Join(extensions, ", ")))
	}
}

// bye ends dialog d.
func (c *call) bye(d *dialog) {
	c.transact(d, d.request(sip.BYE, 0), func(res *sip.Response, err error) {
		if err != nil {
			c.a.log.Debug("BYE was not answered", "call", c.id, "error", err)
		}
	})
}

// unreachable says in words why a request could not be sent or got no answer.
func unreachable(err error) (code int, reason string) {
	switch {
	case errors.Is(err, sip.ErrTransactionTimeout):
		return 408, "no answer from the other side"
	case errors.Is(err, context.Canceled):
		return 503, "the phone is shutting down"
	}
	return 503, fmt.Sprintf("the other side cannot be reached: %v", err)
}
