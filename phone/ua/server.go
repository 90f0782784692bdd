package ua

import (
	"net/netip"
	"slices"
	"time"

	"offhook/phone/ua/locate"
)

// servers is the choice among the places where an account's server is (RFC
// 3263 section 4.3). Owned by the account's serial.
//
// An attempt to register goes through all of them, best first; those that
// failed a short while ago come last. The one in use is kept as long as it
// answers and none of a better rank is due to be tried again: so phones come
// back to a primary server within minutes of its return, and do not hop among
// equals.
type servers struct {
	targets []locate.Target
	until   time.Time               // when they are looked up again; zero: never
	using   netip.AddrPort          // of the target that is registered with
	down    map[serverKey]time.Time // when one that failed is tried first again
	tried   map[serverKey]bool      // in the present attempt
}

type serverKey struct {
	transport string
	addr      netip.AddrPort
}

func keyOf(t locate.Target) serverKey { return serverKey{t.Transport, t.Addr} }

// downFor is how long a server that failed comes last.
const downFor = 5 * time.Minute

// stale says whether the targets must be looked up (again).
func (s *servers) stale(now time.Time) bool {
	return len(s.targets) == 0 || !s.until.IsZero() && now.After(s.until)
}

// found takes what a search gave.
func (s *servers) found(r locate.Result) {
	s.targets, s.until = r.Targets, r.Until
	for k := range s.down {
		if !slices.ContainsFunc(s.targets, func(t locate.Target) bool { return keyOf(t) == k }) {
			delete(s.down, k)
		}
	}
}

// begin begins an attempt.
func (s *servers) begin() { s.tried = map[serverKey]bool{} }

// next gives the target to be tried next in this attempt, and whether there is
// another one after it; ok is false when all have been tried.
func (s *servers) next(now time.Time) (t locate.Target, more, ok bool) {
	order := make([]locate.Target, 0, len(s.targets))
	for _, t := range s.targets {
		if !s.tried[keyOf(t)] {
			order = append(order, t)
		}
	}
	if len(order) == 0 {
		return locate.Target{}, false, false
	}
	late := func(t locate.Target) int { // 1: failed a short while ago
		if now.Before(s.down[keyOf(t)]) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(order, func(a, b locate.Target) int {
		if d := late(a) - late(b); d != 0 {
			return d
		}
		if d := a.Rank - b.Rank; d != 0 {
			return d
		}
		switch s.using {
		case a.Addr:
			return -1
		case b.Addr:
			return 1
		}
		return 0
	})
	s.tried[keyOf(order[0])] = true
	return order[0], len(order) > 1, true
}

// failed notes that a target did not answer, or not as a server that works.
func (s *servers) failed(t locate.Target, now time.Time) {
	if s.down == nil {
		s.down = map[serverKey]time.Time{}
	}
	s.down[keyOf(t)] = now.Add(downFor)
	if s.using == t.Addr {
		s.using = netip.AddrPort{}
	}
}

// works notes that a target is registered with.
func (s *servers) works(t locate.Target) {
	delete(s.down, keyOf(t))
	s.using = t.Addr
}

// forget has everything looked up and tried afresh: the machine is in another
// network, or wakes from sleep.
func (s *servers) forget() { *s = servers{targets: s.targets, until: time.Unix(1, 0)} }
