package devices

import (
	"errors"
	"fmt"
	"time"

	"offhook/hid"
)

// readSlack is how much longer than declared a report may be: some devices pad
// to the size of their endpoint.
const readSlack = 64

// routineReader turns reports into events until the device is closed or gone.
func (d *Device) routineReader() {
	defer d.finish()
	buf := make([]byte, d.driver.longest()+readSlack)
	for {
		n, err := d.dev.Read(buf)
		if err != nil {
			d.ended(err)
			return
		}
		at := d.now()
		if !d.deliver(d.take(buf[:n]), at) {
			d.ended(hid.ErrClosed)
			return
		}
	}
}

// deliver hands events to the consumer, in the order of the calls. It gives false
// when the device is being closed or its reader has ended.
func (d *Device) deliver(events []Event, at time.Time) bool {
	if len(events) == 0 {
		return true
	}
	d.sending.Lock()
	defer d.sending.Unlock()
	select {
	case <-d.stopped:
		return false // events is closed, or is about to be
	default:
	}
	for _, e := range events {
		e.At = at
		select {
		case d.events <- e:
		case <-d.closing:
			return false
		case <-d.stopped:
			return false
		}
	}
	return true
}

// finish ends the stream of events, after those that are being delivered.
func (d *Device) finish() {
	d.calm()
	close(d.stopped)
	d.sending.Lock()
	close(d.events)
	d.sending.Unlock()
	close(d.read)
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

// take hands a report to the driver and gives what a person did. Reports that make
// no sense are dropped.
func (d *Device) take(raw []byte) []Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.flood.admits(raw, time.Now()) {
		d.postpone()
		return nil
	}
	return d.interpret(raw)
}

// interpret is take without a limit. d.mu is held.
func (d *Device) interpret(raw []byte) []Event {
	events, err := d.driver.take(raw, d.now(), d.opening)
	if err != nil {
		d.log.Debug("report dropped", "error", err)
	}
	d.flood.spend(len(events), d.learn())
	return events
}

// learn does what the driver's new knowledge asks for, and tells whether that is
// writing. d.mu is held.
func (d *Device) learn() bool {
	wrote := d.correct()
	d.urge()
	if i, ok := d.driver.(introduced); ok && i.ready() && d.opening {
		d.settle()
	}
	return wrote
}

// settle ends the wait for what the device says at opening. It may be called
// again.
func (d *Device) settle() { d.settling.Do(func() { close(d.settled) }) }

// correct writes the wanted state again to a device that may have gone another
// way, and tells whether it does. d.mu is held.
func (d *Device) correct() bool {
	if !d.driver.astray() || d.final {
		return false
	}
	d.dirty = true
	d.notify()
	return true
}

// routineAsk asks for the reports that hold a state, until the time for a
// baseline is over. It has a goroutine of its own, since a device may leave the
// request unanswered for seconds while it already sends reports.
func (d *Device) routineAsk(streams bool) {
	_, waits := d.driver.(introduced)
	answered := !streams && !waits
	for _, q := range d.driver.questions() {
		d.mu.Lock()
		late := !d.opening
		d.mu.Unlock()
		if late {
			return
		}
		buf := make([]byte, q.size+readSlack)
		n, err := d.ask(q, buf)
		if err == nil {
			err = d.answer(q, buf[:n])
		}
		if err != nil {
			d.log.Debug("the device cannot be asked for its state", "report", q.id, "feature", q.feature, "error", err)
			answered = false
		}
	}
	if answered {
		d.settle()
	}
}

func (d *Device) ask(q question, buf []byte) (int, error) {
	dev := nodeOf(d.dev, q.node)
	if !q.feature {
		return dev.GetInput(q.id, buf)
	}
	f, ok := dev.(hid.FeatureDevice)
	if !ok {
		return 0, errNoFeatures
	}
	return f.GetFeature(q.id, buf[:q.size])
}

var errNoFeatures = fmt.Errorf("feature reports are %w here", hid.ErrUnsupported)

// answer hands an answer to the driver, unless it comes too late.
func (d *Device) answer(q question, raw []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opening {
		return nil
	}
	err := d.driver.answer(q, raw, d.now())
	d.correct()
	return err
}
