package virtual

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"offhook/hid"
)

const (
	// queueLength is how many input reports wait for a host that does not
	// read; more are lost, as in the kernel.
	queueLength = 256
	// controlTimeout is how long a host waits for an answer on the control pipe.
	controlTimeout = 5 * time.Second
)

// handle is a Phone as one host has it open; it implements hid.FeatureDevice.
type handle struct {
	phone  *Phone
	queue  chan []byte
	gone   chan struct{} // closed by Phone.Unplug
	closed chan struct{}
	once   sync.Once
}

func newHandle(p *Phone) *handle {
	return &handle{
		phone: p, queue: make(chan []byte, queueLength),
		gone: make(chan struct{}), closed: make(chan struct{}),
	}
}

// put queues an input report, or loses it.
func (h *handle) put(rep []byte) {
	select {
	case h.queue <- append([]byte(nil), rep...):
	default:
	}
}

func (h *handle) Info() hid.Info     { return h.phone.Info() }
func (h *handle) Descriptor() []byte { return h.phone.profile.Descriptor }

// Read gives queued reports first, also after the cable was pulled.
func (h *handle) Read(buf []byte) (int, error) {
	select {
	case <-h.closed:
		return 0, h.fail("read", hid.ErrClosed)
	default:
	}
	select {
	case rep := <-h.queue:
		return copy(buf, rep), nil
	default:
	}
	select {
	case rep := <-h.queue:
		return copy(buf, rep), nil
	case <-h.gone:
		return 0, h.fail("read", hid.ErrGone)
	case <-h.closed:
		return 0, h.fail("read", hid.ErrClosed)
	}
}

func (h *handle) Write(rep []byte) error {
	if len(rep) == 0 {
		return h.fail("write", errors.New("empty report"))
	}
	if err := h.wait(h.phone.profile.WriteStall); err != nil {
		return h.fail("write", err)
	}
	h.phone.take(rep)
	return nil
}

func (h *handle) GetInput(id uint8, buf []byte) (int, error) {
	if err := h.wait(0); err != nil {
		return 0, h.fail("get input report", err)
	}
	p := h.phone
	if p.maker != nil {
		return h.answer("get input report", buf, func() []byte { return p.maker.getInput(id) })
	}
	switch p.profile.GetReport {
	case Refuses:
		return 0, h.fail("get input report", errors.New("request stalled by the device"))
	case Stalls:
		err := h.wait(controlTimeout)
		if err == nil {
			err = errors.New("the device did not answer in time")
		}
		return 0, h.fail("get input report", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch id {
	case p.layout.input:
		return copy(buf, p.inputReport()), nil
	case p.layout.volumeInput:
		if p.layout.volumeUp == none {
			break
		}
		return copy(buf, p.volumeReport()), nil
	}
	return 0, h.fail("get input report", errors.New("request stalled by the device"))
}

// GetFeature gives a feature report of a phone that has any.
func (h *handle) GetFeature(id uint8, buf []byte) (int, error) {
	const op = "get feature report"
	if err := h.wait(0); err != nil {
		return 0, h.fail(op, err)
	}
	return h.answer(op, buf, func() []byte {
		if h.phone.maker == nil {
			return nil
		}
		return h.phone.maker.getFeature(id)
	})
}

// SetFeature takes a feature report, if the phone has any.
func (h *handle) SetFeature(rep []byte) error {
	if err := h.wait(h.phone.profile.WriteStall); err != nil {
		return h.fail("set feature report", err)
	}
	if h.phone.takeFeature(rep) {
		return nil
	}
	return h.fail("set feature report", errors.New("request stalled by the device"))
}

// answer copies what the firmware says to buf; nothing is a stall.
func (h *handle) answer(op string, buf []byte, ask func() []byte) (int, error) {
	h.phone.mu.Lock()
	defer h.phone.mu.Unlock()
	rep := ask()
	if rep == nil {
		return 0, h.fail(op, errors.New("request stalled by the device"))
	}
	return copy(buf, rep), nil
}

func (h *handle) Close() error {
	h.once.Do(func() {
		close(h.closed)
		h.phone.forget(h)
	})
	return nil
}

// wait lets d pass, unless the device is closed or unplugged before.
func (h *handle) wait(d time.Duration) error {
	var done <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		done = t.C
	}
	select {
	case <-h.closed:
		return hid.ErrClosed
	case <-h.gone:
		return hid.ErrGone
	default:
	}
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-h.closed:
		return hid.ErrClosed
	case <-h.gone:
		return hid.ErrGone
	}
}

func (h *handle) fail(op string, err error) error {
	return fmt.Errorf("%s %s: %w", op, h.phone.Info().Path, err)
}
