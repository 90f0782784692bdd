package watch

import (
	"context"
	"errors"
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
	t      *testing.T
	events chan any // udev.Event or error
	nodes  chan string
	over   chan struct{}

	mu       sync.Mutex
	plugged  []hid.Info
	phones   map[string]*virtual.Phone // by path
	locked   map[string]bool           // nodes that may not be opened
	silent   map[string]bool           // their sound is still to come
	watched  map[string]bool
	opens    []string
	attached []*devices.Device
	skipped  []devices.Skipped
}

func newMachine(t *testing.T) *machine {
	return &machine{
		t: t, events: make(chan any, 100), nodes: make(chan string, 100), over: make(chan struct{}),
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

func (m *machine) open(info hid.Info) (*devices.Device, error) {
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
	return devices.Open(d, devices.Options{})
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
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Events: m, Nodes: machineNodes{m}, Enumerate: m.enumerate, Open: m.open, Sound: m.sound,
			Attach: func(d *devices.Device) {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.attached = append(m.attached, d)
			},
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

func TestPhonesAreFoundAtTheStartAndWhenPluggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(0, "a"), "", "") // a mouse
		m.plug(hidraw(1, "b"), "handset", "one")
		stop := m.run()
		settle()
		m.want("at the start", "one")

		m.plug(hidraw(2, "c"), "headset", "two")
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("plugged in", "one two")

		// What is known is not opened again, whatever is said of it.
		m.tell("change", "hidraw", "/dev/hidraw1")
		m.tell("add", "hidraw", "/dev/hidraw2")
		m.tell("change", "hidraw", "/dev/hidraw0")
		settle()
		m.want("after repetitions", "one two")
		if got := strings.Join(m.opens, " "); strings.Count(got, "hidraw") != 3 {
			t.Errorf("opened: %s", got)
		}
		if len(m.skipped) > 0 {
			t.Errorf("a mouse is nothing to be told of: %v", m.skipped)
		}
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestAPhonePluggedInAgainIsTheSamePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "first"), "handset", "one")
		stop := m.run()
		settle()
		for i := range 3 {
			m.unplug("/dev/hidraw1")
			m.tell("remove", "hidraw", "/dev/hidraw1")
			m.plug(hidraw(1, fmt.Sprint("again", i)), "handset", "one")
			m.tell("add", "hidraw", "/dev/hidraw1")
			settle()
		}
		m.want("plugged in four times", "one one one one")
		for i, d := range m.attached {
			if d.ID() != m.attached[0].ID() {
				t.Errorf("another ID: %s", d.ID())
			}
			if i < 3 && !errors.Is(d.Err(), hid.ErrGone) {
				t.Errorf("device %d: %v", i, d.Err())
			}
		}
		stop()
	})
}

func TestANodeThatIsNotPermittedIsOpenedWhenItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.locked, "/dev/hidraw1", true)
		stop := m.run()
		settle()
		m.want("not permitted", "")
		if len(m.skipped) != 1 || !errors.Is(m.skipped[0].Reason, hid.ErrPermission) || m.skipped[0].Remedy == "" {
			t.Fatalf("told: %+v", m.skipped)
		}
		if !m.watched["/dev/hidraw1"] {
			t.Fatal("its node is not watched")
		}
		m.nodes <- "/dev/hidraw1" // something changed, but not enough
		settle()
		if len(m.skipped) != 1 {
			t.Errorf("told again: %+v", m.skipped)
		}
		m.set(m.locked, "/dev/hidraw1", false)
		m.nodes <- "/dev/hidraw1"
		settle()
		m.want("permitted", "one")
		if m.watched["/dev/hidraw1"] {
			t.Error("its node is still watched")
		}
		stop()
	})
}

// Between the attempt and the watching, permission comes and no one is told of it.
func TestAPermissionThatComesBeforeItIsWatchedForIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.locked, "/dev/hidraw1", true)
		nodes := unlockingNodes{machineNodes{m}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		attached := make(chan *devices.Device, 1)
		go func() {
			ended <- Run(ctx, Config{Events: m, Nodes: nodes, Enumerate: m.enumerate, Open: m.open, Attach: func(d *devices.Device) { attached <- d }})
		}()
		(<-attached).Close()
		cancel()
		<-ended
	})
}

type unlockingNodes struct{ machineNodes }

func (u unlockingNodes) Add(path string) error {
	u.set(u.locked, path, false)
	return u.machineNodes.Add(path)
}

func TestAHandsetWaitsForItsSoundCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stop := m.run()
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		m.tell("add", "hidraw", "/dev/hidraw1")
		settle()
		m.tell("add", "sound", "") // of a card that is not ready, or another one
		m.want("before its card", "")
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("its card is ready", "one")
		time.Sleep(2 * soundWait)
		m.want("later", "one")
		stop()
	})
}

func TestAHandsetWhoseCardDoesNotComeIsUsedWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		stop := m.run()
		time.Sleep(soundWait - 100*time.Millisecond)
		m.want("while waiting", "")
		time.Sleep(time.Second)
		m.want("after waiting", "one")
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("its card comes late", "one")
		stop()
	})
}

func TestAHandsetUnpluggedBeforeItsCardCameIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		stop := m.run()
		settle()
		m.unplug("/dev/hidraw1")
		m.tell("remove", "hidraw", "/dev/hidraw1")
		time.Sleep(2 * soundWait)
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("unplugged", "")
		stop()
	})
}

func TestLostEventsAreMadeUpForByLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.plug(hidraw(2, "b"), "handset", "two")
		stop := m.run()
		settle()
		m.unplug("/dev/hidraw1")
		m.unplug("/dev/hidraw2")
		m.plug(hidraw(1, "c"), "headset", "three") // another device has the node now
		m.plug(hidraw(4, "d"), "handset", "four")
		m.events <- fmt.Errorf("receive: %w", udev.ErrOverrun)
		settle()
		got := strings.Fields(m.ids())
		slices.Sort(got)
		if want := []string{"four", "one", "three", "two"}; !slices.Equal(got, want) {
			t.Errorf("handed over %q, want %q", got, want)
		}
		stop()
	})
}

func TestNoMoreEventsEndsTheWatchAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		broken := errors.New("no such socket")
		m.events <- broken
		if err := Run(t.Context(), Config{Events: m, Enumerate: m.enumerate, Open: m.open}); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}

func TestWithoutEventsThePhonesAreThoseOfTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		ctx, cancel := context.WithCancel(t.Context())
		ended, attached := make(chan error, 1), make(chan *devices.Device, 1)
		go func() {
			ended <- Run(ctx, Config{Enumerate: m.enumerate, Open: m.open, Attach: func(d *devices.Device) { attached <- d }})
		}()
		(<-attached).Close()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestPhonesOfLibusbAreFoundByTheirUSBInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stop := m.run()
		settle()
		yealink := hid.Info{Path: "1-2:1.3", Backend: hid.BackendLibusb, Sysfs: "/sys/devices/1-2/1-2:1.3"}
		usb := func(action, product, class, devtype string) {
			m.events <- udev.Event{Action: action, Subsystem: "usb", Devpath: "/devices/usb1/1-2/1-2:1.3", Properties: map[string]string{
				"DEVTYPE": devtype, "PRODUCT": product, "INTERFACE": class,
			}}
		}
		m.plug(yealink, "handset", "one")
		// A device that will have a hidraw node in a moment must not be taken by libusb.
		usb("add", "1209/7e1e/100", "3/0/0", "usb_interface")
		usb("add", "6993/b001/100", "1/1/0", "usb_interface")
		usb("add", "6993/b001/100", "", "usb_device")
		usb("add", "nonsense", "3/0/0", "usb_interface")
		usb("unbind", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("other interfaces", "")
		usb("add", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("its HID interface", "one")
		// libusb takes the kernel's driver off and puts it back: nothing new.
		usb("unbind", "6993/b001/100", "3/0/0", "usb_interface")
		usb("bind", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("bound anew", "one")
		m.unplug(yealink.Path)
		usb("remove", "6993/b001/100", "3/0/0", "usb_interface")
		m.plug(yealink, "handset", "one")
		usb("add", "6993/b001/100", "3/0/0", "usb_interface")
		settle()
		m.want("plugged in again", "one one")
		stop()
	})
}

func TestTheNodeOfAUSBDeviceIsMadeOfBusAndNumber(t *testing.T) {
	dir := t.TempDir()
	if got := USBNode(dir); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	for name, text := range map[string]string{"busnum": "1\n", "devnum": "9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := USBNode(dir); got != "/dev/bus/usb/001/009" {
		t.Error(got)
	}
	if got := node(hid.Info{Backend: hid.BackendLibusb, Sysfs: filepath.Join(dir, "1-2:1.3")}); got != "/dev/bus/usb/001/009" {
		t.Error(got)
	}
	if got := node(hidraw(3, "x")); got != "/dev/hidraw3" {
		t.Error(got)
	}
}
