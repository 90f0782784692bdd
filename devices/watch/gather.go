package watch

import (
	"slices"
	"time"

	"offhook/hid"
)

// look compares all that is plugged in with what is known.
func (w *watcher) look() {
	infos := w.list()
	there := map[string]bool{}
	for _, info := range infos {
		there[info.Path] = true
		w.found(info, infos)
	}
	for path, e := range w.entries {
		if !there[path] {
			w.forget(e)
		}
	}
}

// found begins with an interface, unless it is known; all is what is plugged in.
func (w *watcher) found(info hid.Info, all []hid.Info) {
	if e := w.entries[info.Path]; e != nil {
		if slices.ContainsFunc(e.infos, func(i hid.Info) bool { return i.Path == info.Path && i.Sysfs == info.Sysfs }) {
			return
		}
		w.forget(e) // another one has the node now
	}
	usb := w.usbDevice(info)
	var e *entry
	for _, other := range w.entries {
		if usb != "" && other.usb == usb {
			e = other
		}
	}
	if e == nil {
		e = &entry{usb: usb}
	}
	e.infos = append(e.infos, info)
	w.entries[info.Path] = e
	switch e.phase {
	case alone: // its other interfaces are no telephone's
		e.phase = gathering
		fallthrough
	case gathering:
		w.gather(e, all)
	case opening:
		e.again = true
	}
}

func (w *watcher) usbDevice(info hid.Info) string {
	if w.USBDevice == nil {
		return ""
	}
	device, _ := w.USBDevice(info)
	return device
}

// gather opens an entry when all of its interfaces have been announced.
func (w *watcher) gather(e *entry, all []hid.Info) {
	if e.usb != "" {
		_, complete := w.USBDevice(e.infos[0])
		for _, info := range all {
			complete = complete && (w.entries[info.Path] == e || w.usbDevice(info) != e.usb)
		}
		if !complete {
			if e.timeout == nil {
				e.timeout = w.after(e, gatherWait)
			}
			return
		}
	}
	w.open(e)
}

// after has late called for an entry.
func (w *watcher) after(e *entry, wait time.Duration) *time.Timer {
	return time.AfterFunc(wait, func() {
		select {
		case w.timedOut <- e:
		case <-w.ctx.Done():
		}
	})
}

// late goes on with what has waited long enough.
func (w *watcher) late(e *entry) {
	if w.entries[e.infos[0].Path] != e || e.timeout == nil {
		return
	}
	switch e.phase {
	case gathering:
		w.open(e)
	case waiting:
		w.Logger.Warn("a phone's sound card does not come", "phone", e.infos[0].String())
		w.handOver(e)
	}
}
