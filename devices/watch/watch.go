package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"offhook/devices"
	"offhook/hid"
	"offhook/hid/report"
	"offhook/udev"
)

// soundWait is how long a device waits for its sound card. Loading the card's
// driver for the first time takes the better part of a second.
const soundWait = 2 * time.Second

// Events tells of devices; *udev.Monitor does.
type Events interface {
	Receive() (udev.Event, error)
	Close() error
}

// Nodes tells of permissions; *udev.NodeWatch does.
type Nodes interface {
	Add(path string) error
	Remove(path string)
	Next() (string, error)
	Close() error
}

// Config is what Run works with. Events and Nodes are closed by Run; where they
// are nil, what is there at the start is all that is found, and permissions that
// come later are not noticed.
type Config struct {
	Events Events
	Nodes  Nodes
	// Enumerate and Open are those of hid and devices. Open is called by a
	// goroutine for each device, the others by Run's.
	Enumerate func() ([]hid.Info, error)
	Open      func(hid.Info) (*devices.Device, error)
	// Sound tells how far the sound card of an interface's device is.
	Sound func(hid.Info) udev.SoundState
	// Attach is given each opened telephone, to own it.
	Attach func(*devices.Device)
	// Skipped is told once of each interface that is or may be a telephone and
	// can't be used. May be nil.
	Skipped func(devices.Skipped)
	Logger  *slog.Logger // may be nil
}

// phase is a state of an interface, see the package comment.
type phase uint8

const (
	opening phase = iota
	alone
	denied
	waiting
	handedOver
)

// entry is an interface that is plugged in.
type entry struct {
	info    hid.Info
	phase   phase
	told    bool            // Skipped was told
	watched bool            // Nodes tells when its permissions change
	again   bool            // opening: permissions have changed meanwhile
	device  *devices.Device // while waiting
	timeout *time.Timer     // while waiting
}

// opened is what came of opening an entry's interface.
type opened struct {
	entry  *entry
	device *devices.Device
	err    error
}

// watcher is Run's state; its goroutine owns all of it.
type watcher struct {
	Config
	ctx      context.Context
	entries  map[string]*entry // by hid.Info.Path
	opened   chan opened
	timedOut chan *entry
	running  sync.WaitGroup // goroutines that open
}

// Run finds, opens and hands over telephones until ctx ends. The error, never
// nil, is ctx's or says why no more events come; telephones that were handed
// over before are not affected.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{
		Config: cfg, ctx: ctx, entries: map[string]*entry{},
		opened: make(chan opened), timedOut: make(chan *entry),
	}
	events, nodes := make(chan received), make(chan string)
	var listeners sync.WaitGroup
	defer func() {
		cancel()
		if w.Events != nil {
			w.Events.Close()
		}
		if w.Nodes != nil {
			w.Nodes.Close()
		}
		listeners.Wait()
		for path := range w.entries {
			w.forget(path)
		}
		w.running.Wait()
	}()
	// Events wait in the kernel from before the first look on: nothing is missed.
	if w.Events != nil {
		listeners.Go(func() { w.receive(events) })
	}
	if w.Nodes != nil {
		listeners.Go(func() { w.next(nodes) })
	}
	w.look()
	for {
		select {
		case r := <-events:
			if r.err != nil && !errors.Is(r.err, udev.ErrOverrun) {
				return fmt.Errorf("watch for telephones: %w", r.err)
			}
			if r.err != nil {
				w.Logger.Info("events of devices came too fast; looking at all of them")
				w.look()
				w.soundChanged()
				continue
			}
			w.event(r.event)
		case path := <-nodes:
			w.permitted(path)
		case o := <-w.opened:
			w.result(o)
		case e := <-w.timedOut:
			if e.phase == waiting && w.entries[e.info.Path] == e {
				w.Logger.Warn("a phone's sound card does not come", "phone", e.info.String())
				w.handOver(e)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type received struct {
	event udev.Event
	err   error
}

func (w *watcher) receive(to chan<- received) {
	for {
		e, err := w.Events.Receive()
		select {
		case to <- received{e, err}:
		case <-w.ctx.Done():
			return
		}
		if err != nil && !errors.Is(err, udev.ErrOverrun) {
			return
		}
	}
}

func (w *watcher) next(to chan<- string) {
	for {
		path, err := w.Nodes.Next()
		if err != nil {
			if w.ctx.Err() == nil {
				w.Logger.Warn("changes of permissions are not noticed any more", "error", err)
			}
			return
		}
		select {
		case to <- path:
		case <-w.ctx.Done():
			return
		}
	}
}

// list is what is plugged in.
func (w *watcher) list() []hid.Info {
	infos, err := w.Enumerate()
	if err != nil {
		w.Logger.Error("looking for phones", "error", err) // a part may be there all the same
	}
	return infos
}

// look compares all that is plugged in with what is known.
func (w *watcher) look() {
	infos := w.list()
	there := map[string]bool{}
	for _, info := range infos {
		there[info.Path] = true
		w.found(info)
	}
	for path := range w.entries {
		if !there[path] {
			w.forget(path)
		}
	}
}

// found begins with an interface, unless it is known.
func (w *watcher) found(info hid.Info) {
	if e := w.entries[info.Path]; e != nil {
		if e.info.Sysfs == info.Sysfs {
			return
		}
		w.forget(info.Path) // another one has the node now
	}
	e := &entry{info: info}
	w.entries[info.Path] = e
	w.open(e)
}

// open opens an interface without holding up others.
func (w *watcher) open(e *entry) {
	e.phase, e.again = opening, false
	info := e.info
	w.running.Go(func() {
		d, err := w.Open(info)
		select {
		case w.opened <- opened{e, d, err}:
		case <-w.ctx.Done():
			if err == nil {
				d.Close()
			}
		}
	})
}

func (w *watcher) result(o opened) {
	e := o.entry
	if w.entries[e.info.Path] != e { // removed meanwhile
		if o.err == nil {
			w.close(o.device)
		}
		return
	}
	switch {
	case o.err == nil:
		w.unwatch(e)
		e.device, e.phase = o.device, waiting
		if w.Sound == nil || w.Sound(e.info) != udev.SoundComing {
			w.handOver(e)
			return
		}
		e.timeout = time.AfterFunc(soundWait, func() {
			select {
			case w.timedOut <- e:
			case <-w.ctx.Done():
			}
		})
	case errors.Is(o.err, hid.ErrGone):
		w.forget(e.info.Path)
	case notPermitted(e.info, o.err):
		w.denied(e, o.err)
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

// denied watches the node of what may not be opened, and opens it again if its
// permissions may have come between the attempt and the watching.
func (w *watcher) denied(e *entry, err error) {
	if w.Nodes != nil && !e.watched {
		if werr := w.Nodes.Add(node(e.info)); werr == nil {
			e.watched, e.again = true, true
		} else {
			w.Logger.Debug("a phone's node can't be watched", "error", werr)
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
	for _, e := range w.entries {
		if !e.watched || node(e.info) != path {
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
	if e.watched {
		e.watched = false
		w.Nodes.Remove(node(e.info))
	}
}

// tell says once why an interface is not used.
func (w *watcher) tell(e *entry, err error) {
	if e.told || w.Skipped == nil {
		return
	}
	e.told = true
	w.Skipped(devices.Skipped{Info: e.info, Reason: err, Remedy: devices.Remedy(err)})
}

// handOver gives a device away.
func (w *watcher) handOver(e *entry) {
	if e.timeout != nil {
		e.timeout.Stop()
	}
	d := e.device
	e.device, e.phase = nil, handedOver
	w.Attach(d)
}

// forget ends with an interface that is gone.
func (w *watcher) forget(path string) {
	e := w.entries[path]
	if e == nil {
		return
	}
	delete(w.entries, path)
	w.unwatch(e)
	if e.timeout != nil {
		e.timeout.Stop()
	}
	if e.device != nil {
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
