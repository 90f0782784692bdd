package devices

import (
	"errors"

	"offhook/hid"
	"offhook/hid/report"
)

// routineWriter writes each wanted state as whole output reports, one transition
// after the other. A newer state cuts a transition short between two reports, as
// it writes all of them again.
func (d *Device) routineWriter() {
	defer close(d.written)
	enc := report.NewEncoder(d.layout.d)
	clear := d.layout.display != nil
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
			reports := d.layout.render(enc, want, clear)
			clear = false
			if !d.write(reports, want) {
				return
			}
			continue
		case final:
			return
		}
		select {
		case <-d.wake:
		case <-d.read:
			return
		}
	}
}

// render gives the reports of one transition: those with lights, each once, then
// the display.
func (l *layout) render(enc *report.Encoder, want Indicators, clear bool) [][]byte {
	var reports [][]byte
	for _, li := range l.lights {
		v := li.off
		if li.lit(want) {
			v = li.on
		}
		// On and off are chosen to fit; a field that can hold neither has no light.
		_ = enc.Set(li.row, v)
	}
	for _, id := range l.lightIDs {
		reports = append(reports, enc.Report(id))
	}
	if l.display != nil {
		if clear {
			reports = l.display.blank(enc, reports)
		}
		reports = l.display.render(enc, [2]string{want.Line1, want.Line2}, reports)
	}
	return reports
}

// write writes the reports of one transition, until a newer state is wanted. It
// gives false when the device is gone.
func (d *Device) write(reports [][]byte, want Indicators) bool {
	complained := false
	for _, rep := range reports {
		if !d.before(rep[0], want) {
			return true
		}
		err := d.dev.Write(rep)
		d.after()
		switch {
		case err == nil:
		case errors.Is(err, hid.ErrGone), errors.Is(err, hid.ErrClosed):
			return false // the reader says so
		case !complained:
			complained = true
			d.log.Warn("writing lights to the device failed", "error", err)
		}
	}
	return true
}

// before prepares for the device's answer to a report, or gives false when a
// newer state is wanted.
func (d *Device) before(id uint8, want Indicators) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirty {
		return false
	}
	now := d.now()
	for _, li := range d.layout.lights {
		if li.id != id {
			continue
		}
		switch li.name {
		case "off-hook":
			d.hook.writing(want.OffHook, now)
		case "mute":
			for i := range d.mute {
				d.mute[i].writing(want.Mute, now)
			}
		}
	}
	return true
}

// after starts the time in which the device may answer.
func (d *Device) after() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.hook.wrote(now)
	for i := range d.mute {
		d.mute[i].wrote(now)
	}
}
