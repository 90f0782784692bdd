package record

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"offhook/hid"
)

// Tap is a device whose reports are told to somebody as they pass. It is used as
// the device is; Heard is called by whoever reads or writes, one call at a time.
type Tap struct {
	hid.Device
	now   func() time.Time
	begun time.Time
	mu    sync.Mutex // one call of heard at a time
	heard func(Entry)
}

// NewTap listens to a device. now is the clock; nil: time.Now.
func NewTap(dev hid.Device, now func() time.Time, heard func(Entry)) *Tap {
	if now == nil {
		now = time.Now
	}
	return &Tap{Device: dev, now: now, begun: now(), heard: heard}
}

func (t *Tap) tell(dir Direction, id uint8, rep []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard(Entry{At: t.now().Sub(t.begun), Dir: dir, ID: id, Report: bytes.Clone(rep)})
}

// Read is hid.Device's.
func (t *Tap) Read(buf []byte) (int, error) {
	n, err := t.Device.Read(buf)
	if err == nil {
		t.tell(In, 0, buf[:n])
	}
	return n, err
}

// Write is hid.Device's.
func (t *Tap) Write(rep []byte) error {
	t.tell(Out, 0, rep)
	return t.Device.Write(rep)
}

// GetInput is hid.Device's.
func (t *Tap) GetInput(id uint8, buf []byte) (int, error) {
	n, err := t.Device.GetInput(id, buf)
	if err == nil {
		t.tell(Get, id, buf[:n])
	}
	return n, err
}

// SetFeature is hid.FeatureDevice's.
func (t *Tap) SetFeature(rep []byte) error {
	f, ok := t.Device.(hid.FeatureDevice)
	if !ok {
		return fmt.Errorf("feature reports are %w here", hid.ErrUnsupported)
	}
	t.tell(Feature, 0, rep)
	return f.SetFeature(rep)
}

// GetFeature is hid.FeatureDevice's.
func (t *Tap) GetFeature(id uint8, buf []byte) (int, error) {
	f, ok := t.Device.(hid.FeatureDevice)
	if !ok {
		return 0, fmt.Errorf("feature reports are %w here", hid.ErrUnsupported)
	}
	return f.GetFeature(id, buf)
}
