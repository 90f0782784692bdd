package devices

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"offhook/hid"
)

// joint is a phone of several HID interfaces as one hid.Device: reports that are
// read begin with the number of their interface, from 0 on. What is written or
// asked goes to one of the nodes.
type joint struct {
	nodes   []hid.Device
	reports chan []byte
	failed  chan error // of size len(nodes)
	closing chan struct{}
	once    sync.Once
	readers sync.WaitGroup
	err     error // of closing
}

func newJoint(nodes []hid.Device) *joint {
	return &joint{nodes: nodes, reports: make(chan []byte), failed: make(chan error, len(nodes)), closing: make(chan struct{})}
}

// begin starts reading reports of up to a size.
func (j *joint) begin(size int) {
	for i, node := range j.nodes {
		j.readers.Go(func() { j.read(byte(i), node, size) })
	}
}

func (j *joint) read(number byte, node hid.Device, size int) {
	for {
		buf := make([]byte, 1+size)
		buf[0] = number
		n, err := node.Read(buf[1:])
		if err != nil {
			j.failed <- err
			return
		}
		select {
		case j.reports <- buf[:1+n]:
		case <-j.closing:
			return
		}
	}
}

func (j *joint) Info() hid.Info     { return j.nodes[0].Info() }
func (j *joint) Descriptor() []byte { return j.nodes[0].Descriptor() }

// Read ends with the first node that does: a phone is unplugged as a whole.
func (j *joint) Read(buf []byte) (int, error) {
	select {
	case <-j.closing:
		return 0, hid.ErrClosed
	default:
	}
	select {
	case report := <-j.reports:
		return copy(buf, report), nil
	case err := <-j.failed:
		return 0, err
	case <-j.closing:
		return 0, hid.ErrClosed
	}
}

// Write and GetInput are those of the first interface; see nodeOf.
func (j *joint) Write(rep []byte) error                     { return j.nodes[0].Write(rep) }
func (j *joint) GetInput(id uint8, buf []byte) (int, error) { return j.nodes[0].GetInput(id, buf) }

func (j *joint) Close() error {
	j.once.Do(func() {
		close(j.closing)
		for _, node := range j.nodes {
			j.err = errors.Join(j.err, node.Close())
		}
		j.readers.Wait()
	})
	return j.err
}

// nodeOf is where reports with a number of an interface go.
func nodeOf(dev hid.Device, number int) hid.Device {
	if j, ok := dev.(*joint); ok {
		return j.nodes[number]
	}
	return dev
}

// guardAll guards each interface.
func guardAll(dev hid.Device) hid.Device {
	j, ok := dev.(*joint)
	if !ok {
		return Guard(dev)
	}
	for i, node := range j.nodes {
		j.nodes[i] = Guard(node)
	}
	return j
}

// jointDriver drives each interface of a joint by its own driver: those of
// telephony descriptors, which have no ability of talk.go but that of a finisher.
type jointDriver struct {
	parts   []driver
	current int // interface that is written to, between writing and wrote
}

func newJointDriver(nodes []hid.Device, opt Options) (*jointDriver, error) {
	d := &jointDriver{}
	for _, node := range nodes {
		part, err := driverFor(node, opt)
		if err != nil {
			return nil, err
		}
		d.parts = append(d.parts, part)
	}
	return d, nil
}

func (d *jointDriver) about() about {
	a := d.parts[0].about()
	a.controls, a.lights = slices.Clone(a.controls), slices.Clone(a.lights)
	for _, part := range d.parts[1:] {
		b := part.about()
		if !a.kind.Cradled() && b.kind.Cradled() {
			a.kind = b.kind
		}
		if a.name == "" {
			a.name = b.name
		}
		a.controls, a.lights = union(a.controls, b.controls), union(a.lights, b.lights)
		a.streams = a.streams && b.streams
	}
	return a
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

func (d *jointDriver) longest() int {
	n := 0
	for _, part := range d.parts {
		n = max(n, part.longest())
	}
	return 1 + n
}

func (d *jointDriver) questions() []question {
	var all []question
	for i, part := range d.parts {
		for _, q := range part.questions() {
			q.node = i
			all = append(all, q)
		}
	}
	return all
}

func (d *jointDriver) answer(q question, raw []byte, now time.Time) error {
	return d.parts[q.node].answer(q, raw, now)
}

func (d *jointDriver) opened() (bool, error) {
	lifted := false
	for _, part := range d.parts {
		l, err := part.opened()
		if err != nil {
			return false, err
		}
		lifted = lifted || l
	}
	return lifted, nil
}

func (d *jointDriver) take(raw []byte, now time.Time, opening bool) ([]Event, error) {
	if len(raw) == 0 || int(raw[0]) >= len(d.parts) {
		return nil, fmt.Errorf("a report of no interface: % x", raw[:min(len(raw), 8)])
	}
	return d.parts[raw[0]].take(raw[1:], now, opening)
}

func (d *jointDriver) show(i Indicators, now time.Time) {
	for _, part := range d.parts {
		part.show(i, now)
	}
}

func (d *jointDriver) shown(i Indicators) bool {
	for _, part := range d.parts {
		if !part.shown(i) {
			return false
		}
	}
	return true
}

func (d *jointDriver) astray() bool {
	astray := false
	for _, part := range d.parts {
		astray = part.astray() || astray // all are asked: each tells it once
	}
	return astray
}

func (d *jointDriver) render(i Indicators) []message {
	return d.messages(func(part driver) []message { return part.render(i) })
}

// finish makes it a finisher, whose parts may be some.
func (d *jointDriver) finish() []message {
	return d.messages(func(part driver) []message {
		if f, ok := part.(finisher); ok {
			return f.finish()
		}
		return nil
	})
}

func (d *jointDriver) messages(of func(driver) []message) []message {
	var all []message
	for n, part := range d.parts {
		for _, m := range of(part) {
			m.node = n
			all = append(all, m)
		}
	}
	return all
}

func (d *jointDriver) writing(m message, i Indicators, now time.Time) {
	d.current = m.node
	d.parts[m.node].writing(m, i, now)
}

func (d *jointDriver) wrote(now time.Time) { d.parts[d.current].wrote(now) }
