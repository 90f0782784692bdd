package locate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Query is what a SIP address says of where it leads.
type Query struct {
	Host      string // a name, or an IP address without brackets
	Port      uint16 // 0: the address names none
	Transport string // "udp", "tcp", "tls"; empty: whatever the server prefers
}

// Target is one place to send to.
type Target struct {
	Transport string
	Addr      netip.AddrPort
	Host      string // the name that Addr was found under; for messages
	// Rank is the same for targets that are equally good; those of a lower
	// rank are spares.
	Rank int
}

func (t Target) String() string { return t.Transport + ":" + t.Addr.String() }

// Result is where a server is.
type Result struct {
	Targets []Target  // at least one, best first; at most maxTargets
	Until   time.Time // when the answers it was made from run out; zero: never
}

// Bounds of what is believed.
const (
	maxTargets = 32
	maxSRV     = 16
	minTTL     = 5 * time.Second
	maxTTL     = 24 * time.Hour
)

// services are the NAPTR services of SIP (RFC 3263 section 4.1) and the SRV names that stand for them, in the order
// in which we like them when the domain has no say.
var services = []struct{ naptr, srv, transport string }{
	{"SIP+D2U", "_sip._udp.", "udp"},
	{"SIP+D2T", "_sip._tcp.", "tcp"},
	{"SIPS+D2T", "_sips._tcp.", "tls"},
}

func defaultPort(transport string) uint16 {
	if transport == "tls" {
		return 5061
	}
	return 5060
}

// Locator finds servers by asking R. The zero value of the rest is fit for use. Safe for concurrent use.
type Locator struct {
	R Resolver
	// Rand gives a number from 0 to n-1 for the choice among SRV records of one priority. Nil: math/rand.
	Rand func(n int) int
}

// search is one Locate under way.
type search struct {
	*Locator
	ctx   context.Context
	until time.Time
	trail []error // what was found wanting on the way
	rank  int     // of the targets that are found next
}

// Locate finds the targets of q. The error says which names were asked for in vain, and wraps ErrNotFound or
// ErrNoAnswer.
func (l *Locator) Locate(ctx context.Context, q Query) (Result, error) {
	host := strings.TrimSuffix(q.Host, ".")
	s := &search{Locator: l, ctx: ctx}
	if ip, err := netip.ParseAddr(host); err == nil {
		t := first(q.Transport, "udp")
		return Result{Targets: []Target{{Transport: t, Addr: netip.AddrPortFrom(ip.Unmap(), port(q.Port, t)), Host: host}}}, nil
	}
	var targets []Target
	if q.Port == 0 {
		targets = s.byService(host, q.Transport)
	}
	if len(targets) == 0 && s.ctx.Err() == nil {
		t := first(q.Transport, "udp")
		targets = s.addresses(host, t, port(q.Port, t))
	}
	if len(targets) == 0 {
		return Result{}, s.failure(host)
	}
	return Result{Targets: targets[:min(len(targets), maxTargets)], Until: s.until}, nil
}

func first(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

func port(p uint16, transport string) uint16 {
	if p != 0 {
		return p
	}
	return defaultPort(transport)
}

// failure is the error of a search that found nothing. That a name server is silent outweighs that another says no.
func (s *search) failure(host string) error {
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("find %s: %w: %w", host, ErrNoAnswer, err)
	}
	for _, err := range s.trail {
		if !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("find %s: %w", host, err)
		}
	}
	return fmt.Errorf("find %s: %w", host, ErrNotFound)
}

// optional is how long NAPTR and SRV records are waited for: some routers drop
// questions for what they do not know, and the addresses are still to be asked
// for.
const optional = 3 * time.Second

// query asks for records that there need not be.
func (s *search) query(name string, t Type) []Record {
	if s.ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, optional)
	defer cancel()
	return s.take(s.R.Query(ctx, name, t))
}

// take remembers how long an answer holds and what went wrong.
func (s *search) take(rs []Record, err error) []Record {
	if err != nil {
		s.trail = append(s.trail, err)
		return nil
	}
	for _, r := range rs {
		end := time.Now().Add(min(max(r.TTL, minTTL), maxTTL))
		if s.until.IsZero() || end.Before(s.until) {
			s.until = end
		}
	}
	return rs
}

// byService looks for NAPTR and then for SRV records.
func (s *search) byService(host, transport string) []Target {
	var out []Target
	usable := func(t string) bool { return transport == "" || t == transport }
	var naptr []Record
	if transport == "" { // else there is nothing to choose
		naptr = s.query(host, NAPTR)
	}
	slices.SortStableFunc(naptr, func(a, b Record) int {
		if a.Order != b.Order {
			return int(a.Order) - int(b.Order)
		}
		return int(a.Preference) - int(b.Preference)
	})
	for _, n := range naptr[:min(len(naptr), maxSRV)] {
		if !strings.EqualFold(n.Flags, "s") {
			continue
		}
		for _, v := range services {
			if strings.EqualFold(n.Service, v.naptr) && usable(v.transport) && n.Target != "" {
				out = append(out, s.servers(n.Target, v.transport)...)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, v := range services {
		// Without NAPTR a domain that has both tells nothing of TLS: it is for those who ask for it.
		if usable(v.transport) && (v.transport != "tls" || transport == "tls") {
			if out = append(out, s.servers(v.srv+host, v.transport)...); len(out) > 0 && transport == "" {
				// Section 4.1: the first transport that there is.
				break
			}
		}
	}
	return out
}

// servers looks up the SRV records of name and their addresses.
func (s *search) servers(name, transport string) []Target {
	records := s.query(name, SRV)
	var out []Target
	last := -1
	for _, r := range s.order(records[:min(len(records), maxSRV)]) {
		if len(out) > 0 && int(r.Priority) != last {
			s.rank++
		}
		last = int(r.Priority)
		if r.Target == "" || r.Target == "." || r.Port == 0 {
			continue // RFC 2782: the service is decidedly not available
		}
		out = append(out, s.addresses(r.Target, transport, r.Port)...)
	}
	if len(out) > 0 {
		s.rank++ // what another service leads to is a spare for this one
	}
	return out
}

// order puts SRV records in the order of RFC 2782: by priority, and within one priority by a draw in which weights
// are chances. A weight of 0 has a small one.
func (s *search) order(records []Record) []Record {
	draw := s.Rand
	if draw == nil {
		draw = rand.IntN
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b Record) int { return int(a.Priority) - int(b.Priority) })
	for i := range records {
		end, sum := i, 0
		for end < len(records) && records[end].Priority == records[i].Priority {
			sum += max(100*int(records[end].Weight), 1)
			end++
		}
		n := draw(sum)
		for j := i; j < end; j++ {
			if n -= max(100*int(records[j].Weight), 1); n < 0 {
				chosen := records[j]
				copy(records[i+1:j+1], records[i:j])
				records[i] = chosen
				break
			}
		}
	}
	return records
}

// brief is how long IPv6 addresses are waited for when there are others.
const brief = time.Second

// addresses looks up the addresses of host; IPv4 and IPv6 take turns, so that a machine with one of them reaches a
// server soon.
func (s *search) addresses(host, transport string, port uint16) []Target {
	host = strings.TrimSuffix(host, ".")
	var v4, v6, all []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		all = []netip.Addr{ip.Unmap()} // no name, but seen in SRV records
	} else {
		type answer struct {
			rs  []Record
			err error
		}
		second := make(chan answer, 1)
		go func() {
			rs, err := s.R.Query(s.ctx, host, AAAA)
			second <- answer{rs, err}
		}()
		for _, r := range s.take(s.R.Query(s.ctx, host, A)) {
			v4 = append(v4, r.Addr.Unmap())
		}
		var giveUp <-chan time.Time
		if len(v4) > 0 {
			giveUp = time.After(brief)
		}
		var a answer
		select {
		case a = <-second:
		case <-giveUp:
		}
		for _, r := range s.take(a.rs, a.err) {
			v6 = append(v6, r.Addr)
		}
		for len(v4)+len(v6) > 0 && len(all) < maxTargets {
			if len(v4) > 0 {
				all, v4 = append(all, v4[0]), v4[1:]
			}
			if len(v6) > 0 {
				all, v6 = append(all, v6[0]), v6[1:]
			}
		}
	}
	out := make([]Target, 0, len(all))
	for _, ip := range all {
		if ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() {
			out = append(out, Target{transport, netip.AddrPortFrom(ip, port), host, s.rank})
		}
	}
	return out
}
