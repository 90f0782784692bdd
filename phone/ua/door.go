package ua

import (
	"bytes"
	"net/netip"
	"sync"
	"time"
)

// door stands between the network and sipgo, which keeps state for each
// message and each sender. What carries something only our peers can know
// (the tag of a dialog, the user part of our Contact, a branch of ours) comes
// in, up to a rate no honest peer reaches. Strangers come in slowly: together,
// and each address for itself, so that one of them does not use up what the
// others need. Everybody else is left outside without an answer; who means it
// repeats himself, as SIP over UDP does.
type door struct {
	// knows says whether a request carries a word of ours. nil: never.
	knows func(data []byte) bool
	// mark begins the branches of this process.
	mark []byte
	now  func() time.Time

	mu        sync.Mutex // guards the rest
	peers     allowance
	strangers allowance
	each      map[netip.Addr]*allowance
}

// What may come in: units in a second; twice that at once. A message costs one
// unit and one more for each full kilobyte, since it is kept for up to 32 s.
const (
	peerRate     = 200
	strangerRate = 60
	eachRate     = 30
	maxStrangers = 256 // addresses that are told apart
)

func newDoor(knows func([]byte) bool) *door {
	return &door{knows: knows, mark: []byte("z9hG4bK." + token()), now: time.Now, each: map[netip.Addr]*allowance{}}
}

// branch is a branch for a request of ours.
func (d *door) branch() string { return string(d.mark) + token() }

// known says whether data carries a word of ours.
func (d *door) known(data []byte) bool {
	return bytes.Contains(data, d.mark) || d.knows != nil && d.knows(data)
}

// admit says whether data, a message, may come in; known is what the door's
// known said of it.
func (d *door) admit(data []byte, known bool, from netip.Addr) bool {
	cost := float64(1 + len(data)/1024)
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if known {
		return d.peers.take(cost, peerRate, now)
	}
	e := d.each[from]
	if e == nil {
		if len(d.each) >= maxStrangers {
			d.forget(now)
		}
		if len(d.each) >= maxStrangers {
			return false
		}
		e = &allowance{}
		d.each[from] = e
	}
	return e.take(cost, eachRate, now) && d.strangers.take(cost, strangerRate, now)
}

// forget drops the addresses whose allowance is whole again; it requires d.mu.
func (d *door) forget(now time.Time) {
	for a, e := range d.each {
		if now.Sub(e.last) > 2*time.Second {
			delete(d.each, a)
		}
	}
}

// allowance is a token bucket.
type allowance struct {
	units float64
	last  time.Time // zero: it is full
}

func (a *allowance) take(cost, rate float64, now time.Time) bool {
	if a.last.IsZero() {
		a.units = 2 * rate
	} else {
		a.units = min(2*rate, a.units+now.Sub(a.last).Seconds()*rate)
	}
	a.last = now
	if a.units < cost {
		return false
	}
	a.units -= cost
	return true
}

// knows says whether data carries a word that only our peers can have from
// us.
func (a *Agent) knows(data []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, acc := range a.accounts {
		if bytes.Contains(data, []byte(acc.contact)) {
			return true
		}
	}
	for k := range a.dialogs {
		if bytes.Contains(data, []byte(k.localTag)) {
			return true
		}
	}
	return false
}
