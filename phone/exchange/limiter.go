package exchange

import (
	"net/netip"
	"time"
)

// limiter admits requests at a bounded rate per source and in all, before
// anything is stored for them. Owned by the loop.
type limiter struct {
	all     bucket
	sources map[netip.AddrPort]*bucket
}

type bucket struct {
	tokens float64
	last   time.Time
}

func newLimiter() *limiter { return &limiter{sources: map[netip.AddrPort]*bucket{}} }

func (l *limiter) allow(from netip.AddrPort, now time.Time) bool {
	b := l.sources[from]
	if b == nil {
		if len(l.sources) >= maxSources {
			l.forget(now)
		}
		if len(l.sources) >= maxSources {
			return false
		}
		b = &bucket{}
		l.sources[from] = b
	}
	return b.take(maxRequests, now) && l.all.take(maxRequestsAll, now)
}

// forget drops the sources whose bucket is full again: they cost nothing to
// learn anew.
func (l *limiter) forget(now time.Time) {
	for a, b := range l.sources {
		if now.Sub(b.last) > 2*time.Second {
			delete(l.sources, a)
		}
	}
}

func (b *bucket) take(rate float64, now time.Time) bool {
	if b.last.IsZero() {
		b.tokens = 2 * rate
	} else {
		b.tokens = min(2*rate, b.tokens+now.Sub(b.last).Seconds()*rate)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
