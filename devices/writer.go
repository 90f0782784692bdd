package devices

import (
	"errors"
	"time"

	"offhook/hid"
)

// routineWriter writes each wanted state as whole output reports, one transition
// after the other. A newer state cuts a transition short between two reports, as
// it writes all of them again.
func (d *Device) routineWriter() {
	defer close(d.written)
	d.mu.Lock()
	d.dirty = true // the idle state
	d.mu.Unlock()
	for {
		d.mu.Lock()
		want, dirty, final := d.wanted, d.dirty, d.final
		d.dirty = false
		d.mu.Unlock()
		switch {
		case dirty:
			if !d.write(d.driver.render(want), want) {
				return
			}
			continue
		case final:
			d.write(d.farewell(), want)
			return
		}
		select {
		case <-d.wake:
		case <-d.read:
			return
		}
	}
}

// write writes the messages of one transition, until a newer state is wanted. It
// gives false when the device is gone.
func (d *Device) write(messages []message, want Indicators) bool {
	complained := false
	for _, m := range messages {
		if !d.rest(m.pause) {
			return false
		}
		if !d.before(m, want) {
			return true
		}
		err := d.send(m)
		d.after()
		switch {
		case err == nil:
		case errors.Is(err, hid.ErrGone), errors.Is(err, hid.ErrClosed):
			return false // the reader says so
		case !complained:
			complained = true
			d.log.Warn("writing lights to the device failed", "error", err)
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
	if !m.feature {
		return d.dev.Write(m.report)
	}
	f, ok := d.dev.(hid.FeatureDevice)
	if !ok {
		return errNoFeatures
	}
	return f.SetFeature(m.report)
}

// before prepares for the device's answer to a report, or gives false when a
// newer state is wanted.
func (d *Device) before(m message, want Indicators) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirty {
		return false
	}
	d.driver.writing(m, want, d.now())
	return true
}

// after starts the time in which the device may answer.
func (d *Device) after() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.driver.wrote(d.now())
}

// finisher is a driver of a device that is told when no program uses it any more.
// finish is called by the writer, after the last render.
type finisher interface{ finish() []message }

// farewell is what the device gets last.
func (d *Device) farewell() []message {
	if f, ok := d.driver.(finisher); ok {
		return f.finish()
	}
	return nil
}
