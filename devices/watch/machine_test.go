package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/udev"
)

// machine is a computer with ports: what is plugged in, who may open it, and
// what the kernel tells of it. A real Run works on it.
type machine struct {
	t       *testing.T
	events  chan any // udev.Event or error
	present chan bool
	nodes   chan string
	over    chan struct{}

	mu       sync.Mutex
	plugged  []hid.Info
	phones   map[string]*virtual.Phone // by path
	locked   map[string]bool           // nodes that may not be opened
	silent   map[string]bool           // their sound is still to come
	watched  map[string]bool
	empty    bool // the seat is, at the start
	opens    []string
	together []int // interfaces of each phone that was opened
	attached []*devices.Device
	skipped  []devices.Skipped
}

func newMachine(t *testing.T) *machine {
	return &machine{
		t: t, events: make(chan any, 100), present: make(chan bool, 10), nodes: make(chan string, 100), over: make(chan struct{}),
		phones: map[string]*virtual.Phone{}, locked: map[string]bool{}, silent: map[string]bool{}, watched: map[string]bool{},
	}
}

// Receive, and below Next, are what Run hears.
func (m *machine) Receive() (udev.Event, error) {
	select {
	case e := <-m.events:
		if err, ok := e.(error); ok {
			return udev.Event{}, err
		}
		return e.(udev.Event), nil
	case <-m.over:
		return udev.Event{}, udev.ErrClosed
	}
}

func (m *machine) Close() error {
	close(m.over)
	return nil
}

type machineNodes struct{ *machine }

func (m machineNodes) Next() (string, error) {
	select {
	case path := <-m.nodes:
		return path, nil
	case <-m.over:
		return "", udev.ErrClosed
	}
}

func (m machineNodes) Add(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if path == "" {
		return os.ErrNotExist
	}
	m.watched[path] = true
	return nil
}

func (m machineNodes) Remove(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watched, path)
}

func (m machineNodes) Close() error { return nil }

func (m *machine) enumerate() ([]hid.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.plugged), nil
}

func (m *machine) open(infos []hid.Info, byPort bool) (*devices.Device, error) {
	info := infos[0]
	m.mu.Lock()
	m.opens = append(m.opens, info.Path)
	locked, phone := m.locked[info.Path], m.phones[info.Path]
	gone := !slices.ContainsFunc(m.plugged, func(i hid.Info) bool { return i == info })
	m.mu.Unlock()
	switch {
	case gone:
		return nil, hid.ErrGone
	case locked:
		return nil, fmt.Errorf("open: %w", hid.ErrPermission)
	case phone == nil:
		return nil, devices.ErrNotTelephony
	}
	d, err := phone.Plug()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.together = append(m.together, len(infos))
	m.mu.Unlock()
	if info.Serial != "" {
		d = named{d, info}
	}
	return devices.Open(d, devices.Options{ByPort: byPort})
}

// named is a device by another name.
type named struct {
	hid.Device
	info hid.Info
}

func (n named) Info() hid.Info { return n.info }

// usbDevice is what comes before an interface of a USB device, "/sys/devices/1-2".
// It is complete with as many interfaces as its name says: "…/1-2x3".
func (m *machine) usbDevice(info hid.Info) (string, bool) {
	device := filepath.Dir(info.Sysfs)
	_, n, ok := strings.Cut(device, "x")
	if !ok {
		return "", true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	there := 0
	for _, i := range m.plugged {
		if filepath.Dir(i.Sysfs) == device {
			there++
		}
	}
	return device, fmt.Sprint(there) == n
}

// Machine as a Seat.
type machineSeat struct {
	present chan bool
	over    chan struct{}
}

func (s machineSeat) Next() (bool, error) {
	select {
	case p := <-s.present:
		return p, nil
	case <-s.over:
		return true, udev.ErrClosed
	}
}

func (s machineSeat) Close() error {
	close(s.over)
	return nil
}

func (m *machine) sound(info hid.Info) udev.SoundState {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.silent[info.Path] {
		return udev.SoundComing
	}
	return udev.SoundReady
}

// run starts Run; it ends with the test.
func (m *machine) run() (stop func() error) {
	ctx, cancel := context.WithCancel(m.t.Context())
	m.present <- !m.empty
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Events: m, Nodes: machineNodes{m}, Enumerate: m.enumerate, Open: m.open, Sound: m.sound,
			Seat: machineSeat{m.present, make(chan struct{})}, USBDevice: m.usbDevice,
			Attach: m.attach,
			Skipped: func(s devices.Skipped) {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.skipped = append(m.skipped, s)
			},
		})
	}()
	return func() error {
		cancel()
		err := <-ended
		for _, d := range m.attached {
			d.Close()
		}
		return err
	}
}

func (m *machine) attach(d *devices.Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attached = append(m.attached, d)
}

func hidraw(n int, generation string) hid.Info {
	return hid.Info{Path: fmt.Sprintf("/dev/hidraw%d", n), Backend: hid.BackendHidraw, Sysfs: "/sys/devices/1-2/" + generation}
}

// plug plugs an interface in without a word of it.
func (m *machine) plug(info hid.Info, profile, serial string) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plugged = append(m.plugged, info)
	if profile == "" {
		return
	}
	p, err := virtual.ByName(profile)
	if err != nil {
		m.t.Fatal(err)
	}
	m.phones[info.Path] = virtual.New(p, virtual.WithSerial(serial))
}

func (m *machine) unplug(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plugged = slices.DeleteFunc(m.plugged, func(i hid.Info) bool { return i.Path == path })
	if p := m.phones[path]; p != nil {
		p.Unplug()
	}
	delete(m.phones, path)
}

func (m *machine) set(of map[string]bool, path string, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of[path] = on
}

func (m *machine) tell(action, subsystem, name string) {
	m.events <- udev.Event{Action: action, Subsystem: subsystem, Devpath: "/devices/x", Devname: name}
}

// ids are those of the devices handed over so far.
func (m *machine) ids() string {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, d := range m.attached {
		ids = append(ids, d.ID()[strings.LastIndexByte(d.ID(), ':')+1:])
	}
	return strings.Join(ids, " ")
}

// settle gives devices the time to open, which those that can't be asked for their state need.
func settle() { time.Sleep(time.Second) }

func (m *machine) want(when, ids string) {
	m.t.Helper()
	if got := m.ids(); got != ids {
		m.t.Errorf("%s: handed over %q, want %q", when, got, ids)
	}
}
