package devices

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"offhook/hid"
	"offhook/hid/report"
)

// readSlack is how much longer than declared a report may be: some devices pad
// to the size of their endpoint.
const readSlack = 64

// routineReader turns reports into events until the device is closed or gone.
func (d *Device) routineReader() {
	defer close(d.read)
	defer close(d.events)
	longest := 0
	for _, id := range d.layout.d.IDs(report.Input) {
		longest = max(longest, d.layout.d.Size(report.Input, id))
	}
	buf := make([]byte, 1+longest+readSlack)
	for {
		n, err := d.dev.Read(buf)
		if err != nil {
			d.ended(err)
			return
		}
		at := d.now()
		for _, e := range d.take(buf[:n]) {
			e.At = at
			select {
			case d.events <- e:
			case <-d.closing:
				d.ended(hid.ErrClosed)
				return
			}
		}
	}
}

// ended remembers why reading ended and stops the writer.
func (d *Device) ended(err error) {
	select {
	case <-d.closing:
		return // our own doing
	default:
	}
	if !errors.Is(err, hid.ErrGone) {
		d.log.Warn("reading from the device failed", "error", err)
	}
	d.mu.Lock()
	d.err = fmt.Errorf("%s: %w", d.Name(), err)
	d.mu.Unlock()
	// The node stays busy, or a new device gets its name, while we hold it.
	_ = d.dev.Close() // it is gone: nothing to be learned from a failure
}

// routineAsk asks for the input reports that hold a state, until the time for a
// baseline is over. It has a goroutine of its own, since a device may leave the
// request unanswered for seconds while it already sends reports.
func (d *Device) routineAsk() {
	answered := true
	for _, id := range d.layout.stateIDs() {
		d.mu.Lock()
		late := !d.opening
		d.mu.Unlock()
		if late {
			return
		}
		buf := make([]byte, 1+d.layout.d.Size(report.Input, id)+readSlack)
		n, err := d.dev.GetInput(id, buf)
		if err == nil {
			err = d.baseline(id, buf[:n])
		}
		if err != nil {
			d.log.Debug("the device cannot be asked for its state", "report", id, "error", err)
			answered = false
		}
	}
	if answered {
		close(d.settled)
	}
}

// stateIDs lists the input reports that hold a level, at most a few.
func (l *layout) stateIDs() []uint8 {
	const most = 4
	var ids []uint8
	add := func(row int) {
		id := l.d.Fields[row].ReportID
		if len(ids) < most && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if l.hook != nil {
		add(l.hook.row)
	}
	for _, m := range l.mute {
		if m.form == level {
			add(m.row)
		}
	}
	return ids
}

// baseline takes an answer to GET_REPORT, unless it comes too late or the device
// has sent that report by itself meanwhile.
func (d *Device) baseline(id uint8, raw []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opening || d.seen[id] {
		return nil
	}
	if got := d.reportID(raw); got != id {
		return fmt.Errorf("asked for input report %d, got %d", id, got)
	}
	changes, err := d.decoder.Decode(raw)
	if err != nil {
		return err
	}
	d.apply(id, raw, changes, true)
	return nil
}

// reportID is the ID at the front of an input report, 0 where there is none.
func (d *Device) reportID(raw []byte) uint8 {
	if len(raw) == 0 || !d.layout.numbered {
		return 0
	}
	return raw[0]
}

// take decodes a report and gives what a person did. Reports that do not fit the
// descriptor are dropped.
func (d *Device) take(raw []byte) []Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	changes, err := d.decoder.Decode(raw)
	if err != nil {
		d.log.Debug("report dropped", "error", err)
		return nil
	}
	id := d.reportID(raw)
	return d.apply(id, raw, changes, d.opening && !d.seen[id])
}

// apply brings the state up to a decoded report. A baseline makes no events. A
// lift comes before what else the report says, and putting down after it.
// d.mu is held.
func (d *Device) apply(id uint8, raw []byte, changes []report.Change, baseline bool) []Event {
	now := d.now()
	// Whether anything but the levels changed: a report is sent for a reason.
	explained := !sameReport(raw, d.raw[id], d.layout.numbered)
	d.seen[id] = true
	d.raw[id] = append(d.raw[id][:0], raw...)

	var hook EventKind
	var events []Event
	add := func(kind EventKind, key byte) {
		if kind != 0 && !baseline {
			events = append(events, Event{Kind: kind, Key: key})
		}
	}
	if h := d.layout.hook; h != nil && d.layout.d.Fields[h.row].ReportID == id {
		v := d.hookValue(changes)
		if baseline {
			d.hook.baseline(v)
		} else if hook = d.hook.report(v, explained, now); hook == OffHook {
			add(OffHook, 0)
		}
	}
	for i, f := range d.layout.mute {
		if d.layout.d.Fields[f.row].ReportID != id {
			continue
		}
		v := d.decoder.Value(f.row)
		if baseline {
			d.mute[i].baseline(v)
		} else {
			add(d.mute[i].report(v, explained, now), 0)
		}
	}
	for i, k := range d.layout.keys {
		if d.layout.d.Fields[k.row].ReportID != id {
			continue
		}
		v, was := d.decoder.Value(k.row), d.keys[i]
		d.keys[i] = v
		switch {
		case k.form == dial && v > 0:
			add(VolumeUp, 0)
		case k.form == dial && v < 0:
			add(VolumeDown, 0)
		case k.form == press && v != 0 && was == 0:
			add(k.event, k.key)
		}
	}
	for _, c := range changes {
		if c.New == 0 {
			continue
		}
		if f := &d.layout.d.Fields[c.Field]; !f.IsArray() {
			continue
		}
		for _, k := range d.layout.arrays {
			if k.usage == c.Usage && d.sameArray(k.row, c.Field) {
				add(k.event, k.key)
				break
			}
		}
	}
	up, down := d.keypad.update(d.decoder.Value)
	up.each(func(key byte) { add(KeyUp, key) })
	down.each(func(key byte) { add(KeyDown, key) })
	if hook == OnHook {
		add(OnHook, 0)
	}
	d.correct()
	return events
}

// correct writes the wanted state again to a device that may have gone another
// way. d.mu is held.
func (d *Device) correct() {
	astray := d.hook.astray
	d.hook.astray = false
	for i := range d.mute {
		astray = astray || d.mute[i].astray
		d.mute[i].astray = false
	}
	if astray && !d.final {
		d.dirty = true
		d.notify()
	}
}

// hookValue is the value of the hook field; of an array, whether the hook is
// among its usages now.
func (d *Device) hookValue(changes []report.Change) int32 {
	h := d.layout.hook
	if h.usage == 0 {
		return d.decoder.Value(h.row)
	}
	for _, c := range changes {
		if c.Usage == h.usage && d.sameArray(h.row, c.Field) {
			d.hookWas = c.New
		}
	}
	return d.hookWas
}

// sameArray tells whether two rows are elements of one array: such rows share
// their usages.
func (d *Device) sameArray(a, b int) bool {
	fa, fb := &d.layout.d.Fields[a], &d.layout.d.Fields[b]
	return fa.ReportID == fb.ReportID && len(fa.Usages) > 0 && len(fb.Usages) > 0 && &fa.Usages[0] == &fb.Usages[0]
}

// sameReport tells whether a report repeats the one before. It is how a level
// that the device only happens to repeat is told from one that it wants to say.
// Before the first report everything was 0.
func sameReport(rep, before []byte, numbered bool) bool {
	if before != nil {
		return bytes.Equal(rep, before)
	}
	if numbered && len(rep) > 0 {
		rep = rep[1:]
	}
	return !slices.ContainsFunc(rep, func(b byte) bool { return b != 0 })
}
