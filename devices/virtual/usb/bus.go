package usb

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"offhook/devices/virtual"
)

// maxPending bounds the transfers that a host has queued at once.
const maxPending = 1024

// Device is a phone with power, on one connection to a host. Its methods may be
// called from any goroutine.
type Device struct{ bus *bus }

// bus is a Device's own; one goroutine, run, has all of it but what mu guards.
type bus struct {
	*model
	conn  io.ReadWriteCloser
	start time.Time // of frame 0

	messages chan any
	events   chan func()   // to be done by run
	done     chan struct{} // closed when run ends
	running  sync.WaitGroup

	unplugged sync.Once
	lost      chan struct{} // closed by unplugged, when the phone's own cable was seen to go

	configuration uint8
	pending       map[uint32]*transfer

	control, output pipe
	slow            int // requests that the firmware has

	cut   bool          // the cable was pulled
	quiet chan struct{} // closed and nil when the host has been quiet since
	asked time.Time     // when the host last asked for something in vain

	streams map[uint8]*stream // by endpoint address

	mu      sync.Mutex // guards what follows, and the stats of streams
	mixer   Mixer
	stalled int
	err     error
}

// Serve gives a phone power on a connection that carries USB/IP messages of an
// attached device, until the connection or the Device is closed. It owns conn.
func Serve(conn io.ReadWriteCloser, phone *virtual.Phone, cfg Config) (*Device, error) {
	m, err := cfg.model(phone)
	if err != nil {
		return nil, err
	}
	b := &bus{
		model: m, conn: conn, start: time.Now(), mixer: m.Mixer,
		control: pipe{slot: 1}, output: pipe{slot: int64(m.Interval)},
		messages: make(chan any, 64), events: make(chan func()), done: make(chan struct{}), lost: make(chan struct{}),
		pending: map[uint32]*transfer{}, streams: map[uint8]*stream{},
	}
	if !m.NoSound {
		b.streams[endpointEarpiece] = &stream{rate: m.Rates[0]}
		b.streams[endpointMicrophone] = &stream{in: true, rate: m.Rates[0]}
	}
	b.running.Go(b.read)
	go b.run()
	return &Device{b}, nil
}

// Close takes the power away and waits until all that served the device has
// ended. It may be called more than once.
func (d *Device) Close() error {
	d.bus.conn.Close()
	<-d.bus.done
	d.bus.running.Wait()
	return nil
}

// Done is closed when the host has gone.
func (d *Device) Done() <-chan struct{} { return d.bus.done }

// Cut pulls the cable: what is asked of the device from now on fails as it does
// when nobody answers on the bus. It returns when the host has stopped asking, or
// goes on for cutLimit; then the connection may end, from which the host learns
// of the unplug.
//
// A real hub also takes a while to tell. And vhci_hcd forgets what is on its way
// on endpoint 0 when a device is detached: the host then waits for its own time
// limit of 5 s.
func (d *Device) Cut() {
	b := d.bus
	quiet := make(chan struct{})
	b.post(func() {
		b.cut, b.quiet, b.asked = true, quiet, time.Now()
		for _, p := range []*pipe{&b.control, &b.output} {
			for len(p.queue) > 0 {
				b.finish(p.queue[0], statusGone, nil)
			}
		}
	})
	select {
	case <-quiet:
	case <-b.done:
	case <-time.After(cutLimit):
	}
}

// quietTime is how long a host that has lost a device is silent before it is
// taken to have understood; cutLimit how long it may take for that.
const (
	quietTime = 10 * time.Millisecond
	cutLimit  = 250 * time.Millisecond
)

// Err says why the device stopped, nil while it runs and when the connection was
// closed in order.
func (d *Device) Err() error {
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	return d.bus.err
}

// Mixer is how the host has set volumes and mutes.
func (d *Device) Mixer() Mixer {
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	return d.bus.mixer
}

// Stats of the transfers so far.
func (d *Device) Stats() Stats {
	b := d.bus
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{Stalled: b.stalled}
	if !b.NoSound {
		s.Earpiece = b.streams[endpointEarpiece].stats
		s.Microphone = b.streams[endpointMicrophone].stats
	}
	return s
}

// read hands messages to run, and ends with the connection.
func (b *bus) read() {
	defer close(b.messages)
	for {
		message, err := readMessage(b.conn)
		if err != nil {
			b.failed(err)
			return
		}
		select {
		case b.messages <- message:
		case <-b.done:
			return
		}
	}
}

// failed keeps the first error, but not that of a connection closed in order.
func (b *bus) failed(err error) {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = fmt.Errorf("emulated USB phone: %w", err)
		b.log.Warn("emulated USB phone stops", "error", err)
	}
}

// post has run do something, unless it has ended.
func (b *bus) post(f func()) {
	select {
	case b.events <- f:
	case <-b.done:
	}
}

// run is the bus.
func (b *bus) run() {
	defer close(b.done)
	defer b.conn.Close()
	defer b.shutAll()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var second *function // nil: there is none
	if len(b.functions) > 1 {
		second = b.functions[1]
	}
	for {
		now := time.Now()
		if due := b.work(now); !due.IsZero() {
			timer.Reset(due.Sub(now))
		} else {
			timer.Stop()
		}
		select {
		case message, ok := <-b.messages:
			if !ok {
				return
			}
			if err := b.handle(message); err != nil {
				b.failed(err)
				return
			}
		case f := <-b.events:
			f()
		case rep := <-b.functions[0].reports():
			b.take(b.functions[0], rep)
		case rep := <-second.reports():
			b.take(second, rep)
		case <-timer.C:
		}
	}
}

// work does what is due and says when the next is; zero: nothing waits.
func (b *bus) work(now time.Time) (next time.Time) {
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, f := range b.functions {
		if f.input == nil || len(f.polls) == 0 {
			continue
		}
		if now.Before(f.inputDue) {
			earlier(f.inputDue)
		} else {
			b.deliver(f)
		}
	}
	if b.quiet != nil {
		if due := b.asked.Add(quietTime); now.Before(due) {
			earlier(due)
		} else {
			close(b.quiet)
			b.quiet = nil
		}
	}
	earlier(b.begin(&b.control, now))
	earlier(b.begin(&b.output, now))
	for _, st := range b.streams {
		b.carry(st, now)
		if len(st.queue) > 0 {
			earlier(b.due(st))
		}
	}
	return next
}

// handle takes one message of the host.
func (b *bus) handle(message any) error {
	switch m := message.(type) {
	case unlink:
		b.unlink(m)
	case *transfer:
		if _, twice := b.pending[m.seq]; twice || len(b.pending) >= maxPending {
			return fmt.Errorf("USB/IP transfer %d is one too many, or was there before", m.seq)
		}
		b.pending[m.seq] = m
		b.submit(m)
	}
	return nil
}

// submit begins a transfer.
func (b *bus) submit(t *transfer) {
	address := t.endpoint
	if t.in {
		address |= 0x80
	}
	st, f := b.streams[address], b.functionAt(address)
	switch {
	case b.pipeOf(t) != nil && b.cut:
		b.asked = time.Now()
		b.complete(t, statusGone, nil, 0)
	case b.pipeOf(t) != nil:
		b.pipeOf(t).add(t, b.frame(time.Now()))
	case st != nil && len(t.packets) > 0:
		b.enqueue(st, t, time.Now())
	case f != nil && len(t.packets) == 0:
		f.polls = append(f.polls, t)
		if f.opener == nil {
			b.open(f)
		}
	default:
		b.complete(t, statusStall, nil, 0)
	}
}

// complete answers a transfer.
func (b *bus) complete(t *transfer, status int32, data []byte, frame uint32) {
	delete(b.pending, t.seq)
	b.send(t.result(status, data, frame))
}

func (b *bus) send(message []byte) {
	if _, err := b.conn.Write(message); err != nil {
		b.failed(err)
		b.conn.Close() // ends read, and that run
	}
}

// unlink gives a transfer back.
func (b *bus) unlink(u unlink) {
	t := b.pending[u.victim]
	delete(b.pending, u.victim)
	b.send(u.result(t != nil))
	if t == nil {
		return
	}
	without := func(q []*transfer) []*transfer {
		return slices.DeleteFunc(q, func(o *transfer) bool { return o == t })
	}
	if p := b.pipeOf(t); p != nil {
		p.done(t)
	}
	if f := b.functionAt(t.endpoint | 0x80); f != nil && t.in {
		if f.polls = without(f.polls); len(f.polls) == 0 {
			f.shut() // the last program closed the device
		}
	}
	for _, st := range b.streams {
		n := len(st.queue)
		if st.queue = without(st.queue); n > 0 && len(st.queue) == 0 {
			st.stop()
		}
	}
}
