// Package monitor watches a device while it is used: every report as it comes, the
// controls in it by name, and the events that the driver makes of it. It writes
// nothing to the device, so a phone that runs may go on driving it.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"offhook/devices"
	"offhook/devices/record"
	"offhook/hid"
	"offhook/hid/report"
)

// Line is one thing that was seen: a report, or an event that was made of it.
type Line struct {
	At      float64        `json:"at"` // seconds since the beginning
	Dir     string         `json:"direction,omitempty"`
	Report  string         `json:"report,omitempty"`  // hexadecimal, as it crossed the cable
	Changes []string       `json:"changes,omitempty"` // controls that have another value now, and which
	Event   *devices.Event `json:"event,omitempty"`
}

// maxChanges bounds the controls that are named for one report.
const maxChanges = 16

// Run watches dev, which it closes, until ctx ends or the device goes. heard is
// called by one goroutine at a time, rec is told of every report and may be nil. A
// device that is no telephone is watched without events, and known tells. The error
// is what reading failed with, nil when ctx ended.
func Run(ctx context.Context, dev hid.Device, opt devices.Options, rec *record.Recording, known func(*devices.Device, error), heard func(Line)) error {
	w := &watcher{heard: heard, rec: rec}
	if d, err := report.Parse(dev.Descriptor()); err == nil {
		w.decoder, w.fields = report.NewDecoder(d), d
	}
	tap := record.NewTap(dev, opt.Now, w.entry)
	w.begun = time.Now()
	if opt.Now != nil {
		w.begun = opt.Now()
	}
	// Devices closes what it will not drive; the raw reports are of use all the same.
	opt.Listen = true
	held := &keepOpen{Device: tap}
	d, err := devices.Open(held, opt)
	known(d, err)
	end := dev.Close
	if err == nil {
		held.release()
		end = d.Close
	}
	stop := context.AfterFunc(ctx, func() { _ = end() }) // Run says what went wrong
	defer stop()
	if err != nil {
		return w.raw(ctx, tap)
	}
	for e := range d.Events() {
		w.mu.Lock()
		w.heard(Line{At: e.At.Sub(w.begun).Seconds(), Event: &e})
		w.mu.Unlock()
	}
	err = d.Err()
	_ = d.Close() // it has ended
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type watcher struct {
	mu      sync.Mutex // one call of heard at a time
	heard   func(Line)
	rec     *record.Recording
	begun   time.Time
	fields  *report.Descriptor
	decoder *report.Decoder // nil: the descriptor is not known
}

func (w *watcher) entry(e record.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rec != nil {
		w.rec.Add(e)
	}
	l := Line{At: e.At.Seconds(), Dir: e.Dir.String(), Report: fmt.Sprintf("% X", e.Report)}
	if w.decoder != nil && e.Dir == record.In {
		if changes, err := w.decoder.Decode(e.Report); err == nil {
			for _, c := range changes {
				if len(l.Changes) == maxChanges {
					break
				}
				l.Changes = append(l.Changes, fmt.Sprintf("%s %d", c.Usage, c.New))
			}
		}
	}
	w.heard(l)
}

func (w *watcher) raw(ctx context.Context, tap *record.Tap) error {
	defer tap.Close()
	buf := make([]byte, 4096)
	for {
		if _, err := tap.Read(buf); err != nil {
			if ctx.Err() != nil || errors.Is(err, hid.ErrClosed) {
				return nil
			}
			return fmt.Errorf("read from the device: %w", err)
		}
	}
}

// keepOpen is a device that is not closed before release.
type keepOpen struct {
	hid.Device
	mu       sync.Mutex
	released bool
}

func (k *keepOpen) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.released = true
}

func (k *keepOpen) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.released {
		return nil
	}
	return k.Device.Close()
}
