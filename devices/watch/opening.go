package watch

import (
	"errors"
	"slices"

	"offhook/devices"
	"offhook/hid"
	"offhook/hid/report"
	"offhook/udev"
)

// open opens an entry without holding up others.
func (w *watcher) open(e *entry) {
	e.stop()
	if w.away {
		e.phase = away
		return
	}
	e.phase, e.again = opening, false
	e.byPort = w.shared(e)
	infos, byPort := slices.Clone(e.infos), e.byPort
	w.running.Go(func() {
		d, err := w.Open(infos, byPort)
		select {
		case w.opened <- opened{e, d, err}:
		case <-w.ctx.Done():
			if err == nil {
				d.Close()
			}
		}
	})
}

// shared tells whether another phone already goes by the serial number of this one.
func (w *watcher) shared(e *entry) bool {
	for _, other := range w.entries {
		if other != e && other.phase != alone && other.phase != gathering && !other.byPort &&
			devices.Identify(other.infos[0], false) == devices.Identify(e.infos[0], false) {
			return true
		}
	}
	return false
}

func (w *watcher) result(o opened) {
	e := o.entry
	if w.entries[e.infos[0].Path] != e { // removed meanwhile
		if o.err == nil {
			w.close(o.device)
		}
		return
	}
	switch {
	case o.err == nil:
		w.unwatch(e)
		e.device, e.phase = o.device, waiting
		if w.away {
			w.letGo(e)
			return
		}
		if w.Sound == nil || w.Sound(e.infos[0]) != udev.SoundComing {
			w.handOver(e)
			return
		}
		e.timeout = w.after(e, soundWait)
	case w.away:
		w.letGo(e)
	case errors.Is(o.err, hid.ErrGone):
		w.forget(e)
	case notPermitted(e.infos[0], o.err):
		w.denied(e, o.err)
	case e.again: // one more of its interfaces has come
		w.open(e)
	default:
		e.phase = alone
		w.unwatch(e)
		if !errors.Is(o.err, devices.ErrNotTelephony) {
			w.tell(e, o.err)
		}
	}
}

// notPermitted tells whether other permissions could help. libusb does not say
// why it can't open a device.
func notPermitted(info hid.Info, err error) bool {
	var parse *report.ParseError
	if errors.Is(err, devices.ErrNotTelephony) || errors.Is(err, devices.ErrUndecided) || errors.As(err, &parse) {
		return false // it was open, or need not be
	}
	return errors.Is(err, hid.ErrPermission) || info.Backend == hid.BackendLibusb
}

// denied watches the nodes of what may not be opened, and opens it again if its
// permissions may have come between the attempt and the watching.
func (w *watcher) denied(e *entry, err error) {
	if w.Nodes != nil {
		for _, info := range e.infos {
			n := node(info)
			if slices.Contains(e.watched, n) {
				continue
			}
			if werr := w.Nodes.Add(n); werr != nil {
				w.Logger.Debug("a phone's node can't be watched", "error", werr)
				continue
			}
			e.watched, e.again = append(e.watched, n), true
		}
	}
	if e.again {
		w.open(e)
		return
	}
	e.phase = denied
	w.tell(e, err)
}

// permitted is told when the permissions of a node have changed.
func (w *watcher) permitted(path string) {
	for _, e := range w.all() {
		if !slices.Contains(e.watched, path) {
			continue
		}
		switch e.phase {
		case denied:
			w.open(e)
		case opening:
			e.again = true
		}
	}
}

func (w *watcher) unwatch(e *entry) {
	for _, n := range e.watched {
		w.Nodes.Remove(n)
	}
	e.watched = nil
}

// tell says once why a phone is not used.
func (w *watcher) tell(e *entry, err error) {
	if e.told || w.Skipped == nil {
		return
	}
	e.told = true
	w.Skipped(devices.Skipped{Info: e.infos[0], Reason: err, Remedy: devices.Remedy(err)})
}

// handOver gives a device away.
func (w *watcher) handOver(e *entry) {
	e.stop()
	e.phase = handedOver
	w.Attach(e.device)
}

// stop ends a wait.
func (e *entry) stop() {
	if e.timeout != nil {
		e.timeout.Stop()
		e.timeout = nil
	}
}

// forget ends with a phone that is gone; what was handed over is the receiver's.
func (w *watcher) forget(e *entry) {
	for _, info := range e.infos {
		if w.entries[info.Path] == e {
			delete(w.entries, info.Path)
		}
	}
	w.unwatch(e)
	e.stop()
	if e.device != nil && e.phase != handedOver {
		w.close(e.device)
	}
}

// close closes a device that was not handed over; it may take a second.
func (w *watcher) close(d *devices.Device) {
	w.running.Go(func() {
		if err := d.Close(); err != nil {
			w.Logger.Debug("closing a phone", "error", err)
		}
	})
}
