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
	"offhook/udev"
)

// ErrAway is why telephones are let go while the user's session is not the one
// at the seat.
var ErrAway = errors.New("let go: another user sits at the computer")

// gatherWait is how long a phone of several HID interfaces waits for all of their
// nodes; they are made one right after the other.
const gatherWait = time.Second

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

// Seat tells whether the user is at the seat of the computer; *seat.Watch does.
type Seat interface {
	Next() (present bool, err error)
	Close() error
}

// Config is what Run works with. Events, Nodes and Seat are closed by Run; where
// they are nil, what is there at the start is all that is found, permissions that
// come later are not noticed, and the user is always at the seat.
type Config struct {
	Events Events
	Nodes  Nodes
	Seat   Seat
	// Enumerate and Open are those of hid and devices. Open is given the HID
	// interfaces of one phone, and whether it is to be identified by its port; it
	// is called by a goroutine for each phone, the others by Run's.
	Enumerate func() ([]hid.Info, error)
	Open      func(infos []hid.Info, byPort bool) (*devices.Device, error)
	// USBDevice names the USB device of an interface, "" when there is none, and
	// tells whether all HID interfaces of it have their nodes. May be nil.
	USBDevice func(hid.Info) (device string, complete bool)
	// Sound tells how far the sound card of an interface's device is.
	Sound func(hid.Info) udev.SoundState
	// Attach is given each opened telephone, to own it.
	Attach func(*devices.Device)
	// Skipped is told once of each interface that is or may be a telephone and
	// can't be used. May be nil.
	Skipped func(devices.Skipped)
	Logger  *slog.Logger // may be nil
}

// phase is a state of a phone, see the package comment.
type phase uint8

const (
	gathering phase = iota
	opening
	alone
	denied
	waiting
	handedOver
	away
)

// entry is a USB device, or an interface of something else, that is plugged in.
type entry struct {
	usb     string     // the USB device, "" for others
	infos   []hid.Info // its HID interfaces that were announced, at least one
	phase   phase
	byPort  bool            // another one has its serial number
	told    bool            // Skipped was told
	watched []string        // nodes whose permissions Nodes watches
	again   bool            // opening: permissions have changed meanwhile
	device  *devices.Device // from waiting on
	timeout *time.Timer     // while gathering or waiting
}

// opened is what came of opening an entry.
type opened struct {
	entry  *entry
	device *devices.Device
	err    error
}

// watcher is Run's state; its goroutine owns all of it.
type watcher struct {
	Config
	ctx      context.Context
	entries  map[string]*entry // by hid.Info.Path of each interface
	away     bool              // the user is not at the seat
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
	events, nodes, seat := make(chan received), make(chan string), make(chan bool)
	var listeners sync.WaitGroup
	defer func() {
		cancel()
		if w.Events != nil {
			w.Events.Close()
		}
		if w.Nodes != nil {
			w.Nodes.Close()
		}
		if w.Seat != nil {
			w.Seat.Close()
		}
		listeners.Wait()
		for _, e := range w.entries {
			w.forget(e)
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
	if w.Seat != nil {
		listeners.Go(func() { w.follow(seat) })
		select {
		case present := <-seat:
			w.away = !present
		case <-ctx.Done():
			return ctx.Err()
		}
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
		case present := <-seat:
			w.seated(present)
		case o := <-w.opened:
			w.result(o)
		case e := <-w.timedOut:
			w.late(e)
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

// follow ends with a last true when no more is known.
func (w *watcher) follow(to chan<- bool) {
	for {
		present, err := w.Seat.Next()
		if err != nil {
			if w.ctx.Err() != nil {
				return
			}
			w.Logger.Warn("other users at this computer are not noticed any more", "error", err)
			present = true
		}
		select {
		case to <- present:
		case <-w.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// all are the entries, each once.
func (w *watcher) all() []*entry {
	var all []*entry
	for path, e := range w.entries {
		if e.infos[0].Path == path {
			all = append(all, e)
		}
	}
	return all
}

// list is what is plugged in.
func (w *watcher) list() []hid.Info {
	infos, err := w.Enumerate()
	if err != nil {
		w.Logger.Error("looking for phones", "error", err) // a part may be there all the same
	}
	return infos
}
