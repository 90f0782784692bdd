package devices_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

// rig is an emulated phone with a driver on it, inside a synctest bubble.
type rig struct {
	t     *testing.T
	phone *virtual.Phone
	dev   *devices.Device
	wait  time.Duration // how long things take to settle: some phones have to be asked for their keys
}

func profile(t *testing.T, name string) virtual.Profile {
	t.Helper()
	p, err := virtual.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plug(t *testing.T, p virtual.Profile) *rig {
	t.Helper()
	return open(t, virtual.New(p))
}

func open(t *testing.T, phone *virtual.Phone) *rig {
	t.Helper()
	node, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	dev, err := devices.Open(node, devices.Options{Models: []devices.Model{phone.Profile().Model}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	r := &rig{t: t, phone: phone, dev: dev}
	synctest.Wait()
	return r
}

// do runs something at the phone that must not fail, and lets it settle.
func (r *rig) do(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(r.wait)
	synctest.Wait()
}

// show wants something shown, and lets it settle.
func (r *rig) show(i devices.Indicators) {
	r.dev.Show(i)
	time.Sleep(r.wait)
	synctest.Wait()
}

// events takes what has come so far, as words: "off-hook", "key-down 5".
func (r *rig) events() []string {
	synctest.Wait()
	got := []string{}
	for {
		select {
		case e, ok := <-r.dev.Events():
			if !ok {
				return append(got, "closed")
			}
			got = append(got, word(e))
		default:
			return got
		}
	}
}

func word(e devices.Event) string {
	switch {
	case e.Key >= ' ':
		return fmt.Sprintf("%s %c", e.Kind, e.Key)
	case e.Key > 0:
		return fmt.Sprintf("%s %d", e.Kind, e.Key)
	}
	return e.Kind.String()
}

func (r *rig) wantEvents(what string, want ...string) {
	r.t.Helper()
	if got := r.events(); !slices.Equal(got, append([]string{}, want...)) {
		r.t.Fatalf("%s: events %q, want %q", what, got, want)
	}
}

func (r *rig) wantLit(what string, want ...string) {
	r.t.Helper()
	synctest.Wait()
	slices.Sort(want)
	if got := r.phone.State().Lit(); !slices.Equal(got, append([]string{}, want...)) {
		r.t.Fatalf("%s: lit %q, want %q", what, got, want)
	}
}

// node is a hid.Device made of channels, for devices that no profile is.
type node struct {
	info       hid.Info
	descriptor []byte
	in         chan []byte
	closed     chan struct{}
	onWrite    func([]byte)
	getInput   func(id uint8) []byte
}

func newNode(descriptor []byte) *node {
	return &node{
		info:       hid.Info{Path: "test:1", Name: "Test Phone", VendorID: 0x1234, ProductID: 0x5678, Serial: "S1"},
		descriptor: descriptor, in: make(chan []byte, 64), closed: make(chan struct{}),
	}
}

func (n *node) Info() hid.Info     { return n.info }
func (n *node) Descriptor() []byte { return n.descriptor }

func (n *node) Read(buf []byte) (int, error) {
	select {
	case rep, ok := <-n.in:
		if !ok {
			return 0, hid.ErrGone
		}
		return copy(buf, rep), nil
	case <-n.closed:
		return 0, hid.ErrClosed
	}
}

func (n *node) Write(rep []byte) error {
	if n.onWrite != nil {
		n.onWrite(rep)
	}
	return nil
}

func (n *node) GetInput(id uint8, buf []byte) (int, error) {
	if n.getInput == nil {
		return 0, hid.ErrUnsupported
	}
	return copy(buf, n.getInput(id)), nil
}

func (n *node) Close() error {
	select {
	case <-n.closed:
	default:
		close(n.closed)
	}
	return nil
}

// isClosed tells whether the driver let go of the node.
func (n *node) isClosed() bool {
	select {
	case <-n.closed:
		return true
	default:
		return false
	}
}

// at runs a test in a bubble with its own clock.
func at(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
