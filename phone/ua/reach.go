package ua

import (
	"context"
	"fmt"
	"time"

	"offhook/phone/ua/locate"
)

// resolvePatience bounds the search for a server.
const resolvePatience = 15 * time.Second

// reach finds the way to a hop of a call of acc (nil: none). It may wait for
// the name service and for a connection. Where the account is registered there
// is nothing to find: calls go the way that is known to work.
func (a *Agent) reach(ctx context.Context, acc *account, h hop) (flow, error) {
	if acc != nil {
		if own, err := acc.hop(); err == nil && own == h {
			if f, ok := acc.live(); ok {
				// The same place, but not the old flow: its connection may be gone.
				f, err := a.stack.flowTo(ctx, f.endpoint())
				return acc.dress(f), err
			}
		}
	}
	r, err := a.locate(ctx, h)
	if err != nil {
		return flow{}, err
	}
	for _, t := range r.Targets {
		var f flow
		if f, err = a.stack.flowTo(ctx, h.endpoint(t)); err == nil {
			return acc.dress(f), nil
		}
	}
	return flow{}, fmt.Errorf("%s cannot be reached: %w", h, err)
}

// endpoint is where t, found for h, is.
func (h hop) endpoint(t locate.Target) endpoint {
	return endpoint{transport: t.Transport, addr: t.Addr, host: h.host, tls: h.tls}
}

// locate finds the targets of a hop.
func (a *Agent) locate(ctx context.Context, h hop) (locate.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, resolvePatience)
	defer cancel()
	l := locate.Locator{R: a.cfg.Network}
	return l.Locate(ctx, locate.Query{Host: h.host, Port: uint16(h.port), Transport: h.transport})
}
