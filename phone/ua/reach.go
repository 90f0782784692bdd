package ua

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// resolvePatience bounds a name lookup.
const resolvePatience = 10 * time.Second

// reach finds the way to a hop and every address the hop's name has. It may
// wait for the name service and for a TCP connection.
func (a *Agent) reach(ctx context.Context, h hop) (flow, []netip.Addr, error) {
	addrs, err := a.lookup(ctx, h.host)
	if err != nil {
		return flow{}, nil, err
	}
	for _, ip := range addrs {
		var f flow
		if f, err = a.stack.flowTo(ctx, h.transport, netip.AddrPortFrom(ip, uint16(h.port))); err == nil {
			return f, addrs, nil
		}
	}
	return flow{}, nil, fmt.Errorf("%s cannot be reached: %w", h, err)
}

func (a *Agent) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolvePatience)
	defer cancel()
	addrs, err := a.cfg.Network.Resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("find the address of %s: %w", host, err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("find the address of %s: it has none", host)
	}
	addrs = slices.Clone(addrs[:min(len(addrs), 16)]) // it is the resolver's
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}
