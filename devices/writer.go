package devices

import (
	"errors"
	"time"

	"offhook/hid"
)

// routineWriter writes each wanted state as whole output reports, one transition
// after the other, and in between what a talker has to say. A newer state cuts a
// transition short between two reports, as it writes all of them again.
func (d *Device) routineWriter() {
	defer close(d.written)
	d.mu.Lock()
	d.dirty = true // the idle state
	d.mu.Unlock()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		t, wait := d.next()
		switch {
		case t.messages != nil:
			if !d.deliver(t.events, d.now()) || !d.write(t) {
				return
			}
			continue
		case t.last:
			return
		}
		if wait > 0 {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		select {
		case <-d.wake:
		case <-timer.C:
		case <-d.read:
			return
		}
	}
}

// turn is what the writer does next: messages, which may be none, are of the state
// want or of a talker, who may have events as well; with nil messages, there is
// nothing to do. last: and never will be.
type turn struct {
	messages []message
	events   []Event
	want     Indicators
	talk     bool
	last     bool
}

// next finds what to write now; else wait is how long at most to sleep, 0 for as
// long as nobody wakes the writer.
func (d *Device) next() (t turn, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	some := func(m []message) []message {
		if m == nil {
			return []message{}
		}
		return m
	}
	if d.dirty {
		d.dirty = false
		t = turn{messages: some(d.driver.render(d.wanted)), want: d.wanted}
		if f, ok := d.driver.(finisher); ok && d.final {
			t.messages = append(t.messages, f.finish()...)
		}
		return t, 0
	}
	if d.final {
		return turn{last: true}, 0
	}
	d.alarm = time.Time{}
	if talking, ok := d.driver.(talker); ok {
		now, due := d.now(), talking.due()
		switch {
		case due.IsZero():
		case due.After(now):
			d.alarm, wait = due, due.Sub(now)
		default:
			messages, events := talking.talk(now)
			return turn{messages: some(messages), events: events, want: d.wanted, talk: true}, 0
		}
	}
	return turn{}, wait
}

// urge wakes the writer when a talker has to speak earlier than it meant to. d.mu
// is held.
func (d *Device) urge() {
	talking, ok := d.driver.(talker)
	if !ok {
		return
	}
	if due := talking.due(); !due.IsZero() && (d.alarm.IsZero() || due.Before(d.alarm)) {
		d.notify()
	}
}

// write writes the messages of one transition, until a newer state is wanted. It
// gives false when the device is gone.
func (d *Device) write(t turn) bool {
	complained := false
	for _, m := range t.messages {
		if !d.rest(m.pause) {
			return false
		}
		if !d.before(m, t) {
			return true
		}
		err := d.send(m)
		d.after()
		switch {
		case err == nil:
		case errors.Is(err, hid.ErrGone), errors.Is(err, hid.ErrClosed):
			return false // the reader says so
		case !complained && !d.failing:
			complained = true
			d.log.Warn("writing to the device failed", "error", err)
		}
		if t.talk {
			d.failing = err != nil // said once, not at every poll
		}
		if !d.rest(m.pause) {
			return false
		}
	}
	return true
}

// rest leaves the device alone for a while; false when it is gone.
func (d *Device) rest(pause time.Duration) bool {
	if pause <= 0 {
		return true
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-d.read:
		return false
	}
}

func (d *Device) send(m message) error {
	dev := nodeOf(d.dev, m.node)
	if !m.feature {
		return dev.Write(m.report)
	}
	f, ok := dev.(hid.FeatureDevice)
	switch {
	case !ok:
		return errNoFeatures
	case m.read == 0:
		return f.SetFeature(m.report)
	}
	buf := make([]byte, m.read)
	n, err := f.GetFeature(m.report[0], buf)
	if err != nil {
		n, buf = 0, nil
	}
	d.hear(m, buf[:n])
	return err
}

// hear hands what was read to the driver, and what a person did to the consumer.
func (d *Device) hear(m message, raw []byte) {
	h, ok := d.driver.(hearer)
	if !ok {
		return
	}
	at := d.now()
	d.mu.Lock()
	events := h.heard(m, raw, at)
	d.learn()
	d.mu.Unlock()
	d.deliver(events, at) // in vain when closed meanwhile
}

// before prepares for the device's answer to a report, or gives false when a
// newer state is wanted. What a talker says is said to the end.
func (d *Device) before(m message, t turn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirty && !t.talk {
		return false
	}
	d.driver.writing(m, t.want, d.now())
	return true
}

// after starts the time in which the device may answer.
func (d *Device) after() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.driver.wrote(d.now())
}
