package locate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// System asks the hosts file and the name servers of this machine. The zero value does so; its fields are for tests.
// Safe for concurrent use.
type System struct {
	Hosts  string // the hosts file; empty: /etc/hosts
	Resolv string // names the servers; empty: /etc/resolv.conf
	// Dial opens a connection to a name server; nil: package net.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Fallback asks for addresses that no name server can be asked about: names without dots, names of multicast
	// DNS, and all names of machines without Resolv. Nil: package net.
	Fallback func(ctx context.Context, host string) ([]netip.Addr, error)

	mu     sync.Mutex // guards the rest
	files  files
	cached map[question]answer
}

// question is what a name server is asked.
type question struct {
	name string // lower case, without the last dot
	t    Type
}

// answer is what came of a question: records or ErrNotFound.
type answer struct {
	records []Record
	err     error
	until   time.Time
}

const (
	maxCached   = 256              // answers kept
	fallbackTTL = time.Minute      // of what package net says
	hostsTTL    = 10 * time.Second // of what the hosts file says
	missingTTL  = 30 * time.Second // of a name that does not exist, at most
)

func (s *System) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if s.Fallback != nil {
		return s.Fallback(ctx, host)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Query answers from the hosts file, from what is remembered, or asks.
func (s *System) Query(ctx context.Context, name string, t Type) ([]Record, error) {
	q := question{strings.ToLower(strings.TrimSuffix(name, ".")), t}
	if q.name == "" || len(q.name) > 253 {
		return nil, fmt.Errorf("%q: %w", clip(name), ErrNotFound)
	}
	now := time.Now()
	s.mu.Lock()
	s.files.reload(or(s.Hosts, "/etc/hosts"), or(s.Resolv, "/etc/resolv.conf"), now)
	listed, servers := s.files.hosts[q.name], s.files.servers
	kept, ok := s.cached[q]
	s.mu.Unlock()
	if len(listed) > 0 {
		return ofType(listed, t, hostsTTL, name)
	}
	if ok && now.Before(kept.until) {
		left := kept.until.Sub(now)
		rs := slices.Clone(kept.records)
		for i := range rs {
			rs[i].TTL = min(rs[i].TTL, left)
		}
		return rs, kept.err
	}
	a, err := s.ask(ctx, servers, q)
	if err != nil {
		return nil, err
	}
	s.keep(q, a)
	return slices.Clone(a.records), a.err
}

// ask puts q to the name servers, or to package net.
func (s *System) ask(ctx context.Context, servers []netip.AddrPort, q question) (answer, error) {
	address := q.t == A || q.t == AAAA
	if len(servers) == 0 || address && (!strings.Contains(q.name, ".") || strings.HasSuffix(q.name, ".local")) {
		if !address {
			// Without name servers of our own to ask there are only addresses.
			return answer{err: fmt.Errorf("%s %v: %w", clip(q.name), q.t, ErrNotFound), until: time.Now().Add(missingTTL)}, nil
		}
		addrs, err := s.lookup(ctx, q.name)
		var missing *net.DNSError
		switch {
		case errors.As(err, &missing) && missing.IsNotFound:
		case err != nil:
			return answer{}, fmt.Errorf("%s: %w: %w", clip(q.name), ErrNoAnswer, err)
		}
		rs, err := ofType(addrs, q.t, fallbackTTL, q.name)
		return answer{rs, err, time.Now().Add(fallbackTTL)}, nil
	}
	return s.askServers(ctx, servers, q)
}

// keep remembers an answer, and forgets others when there are too many.
func (s *System) keep(q question, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cached == nil {
		s.cached = map[question]answer{}
	}
	if len(s.cached) >= maxCached {
		now := time.Now()
		for k, v := range s.cached {
			if now.After(v.until) {
				delete(s.cached, k)
			}
		}
		for k := range s.cached {
			if len(s.cached) < maxCached {
				break
			}
			delete(s.cached, k)
		}
	}
	s.cached[q] = a
}

// Forget drops what is remembered: the machine is in another network now.
func (s *System) Forget() {
	s.mu.Lock()
	s.cached = nil
	s.mu.Unlock()
}

// ofType makes records of the addresses that are of type t.
func ofType(addrs []netip.Addr, t Type, ttl time.Duration, name string) ([]Record, error) {
	var out []Record
	for _, a := range addrs {
		a = a.Unmap()
		if a.Is4() == (t == A) && (t == A || t == AAAA) && len(out) < maxTargets {
			out = append(out, Record{TTL: ttl, Addr: a})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s %v: %w", clip(name), t, ErrNotFound)
	}
	return out, nil
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// clip keeps a message readable whatever the name.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
