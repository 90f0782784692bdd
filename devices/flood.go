package devices

import "time"

// What a person can do at a device is bounded, and so is what is made of its reports:
// a burst, and then so many events a second. A device that says more is broken or
// hostile. Of what it says meanwhile only the last report of each ID is kept, to be
// taken when it is time, so that a hook that is a state ends up right.
const (
	floodBurst  = 256 // events
	floodRate   = 64  // events a second
	floodPause  = 100 * time.Millisecond
	maxPostpone = 16 // reports
)

// flood is the measure of one device. It is guarded by Device.mu.
type flood struct {
	budget    float64 // events that may still be made
	at        time.Time
	postponed [][]byte
	timer     *time.Timer // runs while anything is postponed
	told      bool
}

// admits tells whether a report may be taken now; else it is kept for later.
func (f *flood) admits(raw []byte, now time.Time) bool {
	f.refill(now)
	if f.budget >= 1 && len(f.postponed) == 0 {
		return true
	}
	for i, old := range f.postponed {
		if len(old) > 0 && len(raw) > 0 && old[0] == raw[0] {
			f.postponed[i] = append(old[:0], raw...)
			return false
		}
	}
	if len(f.postponed) == maxPostpone {
		f.postponed = f.postponed[1:]
	}
	f.postponed = append(f.postponed, append([]byte(nil), raw...))
	return false
}

func (f *flood) refill(now time.Time) {
	if f.at.IsZero() {
		f.budget = floodBurst
	} else if d := now.Sub(f.at); d > 0 {
		f.budget = min(floodBurst, f.budget+d.Seconds()*floodRate)
	}
	f.at = now
}

// spend counts what came of a report.
func (f *flood) spend(events int, wrote bool) {
	f.budget -= float64(events)
	if wrote {
		f.budget--
	}
}

// postpone sees to it that what is kept is taken. d.mu is held.
func (d *Device) postpone() {
	if d.flood.timer == nil {
		d.flood.timer = time.AfterFunc(floodPause, d.catchUp)
	}
	if !d.flood.told {
		d.flood.told = true
		d.log.Warn("the device reports more than a person can do; most of it is left out")
	}
}

// catchUp takes what was postponed, as far as that is allowed by now.
func (d *Device) catchUp() {
	d.mu.Lock()
	var events []Event
	f := &d.flood
	for f.refill(time.Now()); len(f.postponed) > 0 && f.budget >= 1; {
		raw := f.postponed[0]
		f.postponed = f.postponed[1:]
		events = append(events, d.interpret(raw)...)
	}
	f.timer = nil
	if len(f.postponed) > 0 {
		f.timer = time.AfterFunc(floodPause, d.catchUp)
	}
	d.mu.Unlock()
	d.deliver(events, d.now()) // in vain when closed meanwhile
}

// calm ends it.
func (d *Device) calm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flood.postponed = nil
	if d.flood.timer != nil {
		d.flood.timer.Stop()
	}
}
