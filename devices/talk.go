package devices

import "time"

// What follows are abilities that few drivers have, beside those of driver. All are
// called with Device.mu held.

// talker is a driver whose phone has to be talked to though nothing changes: asked
// for its keys, kept awake, or rung in a cadence. Only the writer calls talk.
type talker interface {
	// due is when talk is to be called; the zero time is never. It may change with
	// every report and every state.
	due() time.Time
	// talk gives what is to be said at now, and what a person turns out to have
	// done, and moves due on.
	talk(now time.Time) ([]message, []Event)
}

// hearer is a talker that reads feature reports.
type hearer interface {
	// heard takes what was read for m, nil when that failed, and gives what a
	// person did.
	heard(m message, raw []byte, now time.Time) []Event
}

// introduced is a driver that has to learn which model it talks to before it is of
// any use. Opening waits for it, longer than for a baseline.
type introduced interface{ ready() bool }

// finisher is a driver of a device that is told when no program uses it any more.
// finish is called by the writer, after the last render.
type finisher interface{ finish() []message }

// cadence is a ringer that the host turns on and off.
type cadence struct {
	on, off time.Duration
	ringing bool
	sounds  bool      // what the ringer is to do now
	next    time.Time // when that changes
}

// ring starts or ends ringing.
func (c *cadence) ring(ringing bool, now time.Time) {
	if c.ringing == ringing {
		return
	}
	c.ringing, c.sounds = ringing, ringing
	c.next = time.Time{}
	if ringing {
		c.next = now.Add(c.on)
	}
}

// step changes between sound and pause when it is time to, and tells whether it
// did.
func (c *cadence) step(now time.Time) bool {
	if !c.ringing || now.Before(c.next) {
		return false
	}
	c.sounds = !c.sounds
	c.next = now.Add(c.off)
	if c.sounds {
		c.next = now.Add(c.on)
	}
	return true
}

// earliest is the earlier of two times, of which the zero time is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
