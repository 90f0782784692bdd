package devices

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/devices/profile"
	"offhook/hid"
)

// ErrNotTelephony is wrapped by the error of Open for a device without a
// telephony control.
var ErrNotTelephony = errors.New("not a telephone: its report descriptor has no telephony control")

const (
	// baselineWait is how long after opening a report is still a description
	// of the state and not news. It is also the longest that Open takes.
	baselineWait = 150 * time.Millisecond
	// introductionWait is how long Open waits for a phone that has to be asked
	// which model it is.
	introductionWait = time.Second
	// closeWait is how long Close waits for the lights to go out.
	closeWait = time.Second
	// eventQueue is how many events may wait for a slow consumer; with more, the
	// reader waits, and the kernel queues reports.
	eventQueue = 64
)

// Options of Open; the zero value is usable.
type Options struct {
	Logger *slog.Logger // nil: nothing is logged
	// Profiles is what is known of devices; nil: what this program knows.
	Profiles *profile.Table
	// Listen only: nothing is written to the device, so that another program may
	// drive it. Show and Refresh do nothing then.
	Listen bool
	Now    func() time.Time // clock of events and echoes; nil: time.Now
	// Models is what the user says of devices whose numbers do not tell.
	Models []Model
	// ByPort identifies the device by where it is plugged in, though it has a
	// serial number: another one with the same is there.
	ByPort bool
}

// Device is an open phone. Its methods may be called from any goroutine.
type Device struct {
	dev   hid.Device
	info  hid.Info
	id    string
	about about
	log   *slog.Logger
	now   func() time.Time

	events  chan Event
	wake    chan struct{} // of size 1: the writer has something to do
	settled chan struct{} // closed when the asked-for state has come
	stopped chan struct{} // closed when the reader ends: no event is sent any more
	closing chan struct{} // closed by Close
	read    chan struct{} // closed when the reader has ended
	written chan struct{} // closed when the writer has ended
	once    sync.Once
	closed  chan struct{} // closed when Close is done

	settling sync.Once  // closes settled
	sending  sync.Mutex // held while events are sent, which reader and writer do
	failing  bool       // the writer's own: what a talker said last went wrong

	mu      sync.Mutex // guards everything below; never held over I/O
	driver  driver
	flood   flood
	opening bool // until the baseline is settled
	wanted  Indicators
	alarm   time.Time // when the writer wakes up by itself, zero for never
	dirty   bool      // wanted has not been written yet
	final   bool      // wanted is the last; the writer ends after it
	lifted  bool
	err     error
}

// Open starts driving a device, and owns it from now on. It writes the idle
// state to all lights, finds the state of the hook, and returns after 150 ms at
// the latest, after 1 s with a phone that has to be asked which model it is. The error wraps ErrNotTelephony, a *report.ParseError or
// hid.ErrGone; the device is closed then.
func Open(dev hid.Device, opt Options) (*Device, error) {
	info := dev.Info()
	fail := func(err error) (*Device, error) {
		_ = dev.Close() // the reason for giving up matters more
		return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, err)
	}
	drv, err := driverFor(dev, opt)
	if err != nil {
		return fail(err)
	}
	d := newDevice(dev, drv, opt)
	if j, ok := dev.(*joint); ok {
		j.begin(drv.longest() + readSlack)
	}
	go d.routineReader()
	if opt.Listen {
		d.final = true
		close(d.written)
	} else {
		go d.routineWriter()
	}
	go d.routineAsk(d.about.streams)

	wait := baselineWait
	if _, ok := drv.(introduced); ok {
		wait = introductionWait
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-d.settled:
	case <-timeout.C:
	case <-d.read:
		err := d.Err()
		_ = d.Close() // nothing is left to be closed but channels
		return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, err)
	}
	d.mu.Lock()
	d.opening = false
	d.lifted, err = drv.opened()
	d.about = drv.about() // may be known better now
	d.mu.Unlock()
	if err != nil {
		_ = d.Close() // the reason for giving up matters more
		return nil, fmt.Errorf("open %s (%s): %w", nameOf(info), info.Path, err)
	}
	d.log.Debug("device open", "driver", d.about.driver, "controls", d.about.controls, "lights", d.about.lights, "lifted", d.lifted)
	return d, nil
}

func newDevice(dev hid.Device, drv driver, opt Options) *Device {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Device{
		dev: guardAll(dev), info: dev.Info(), id: Identify(dev.Info(), opt.ByPort), about: drv.about(), driver: drv, now: opt.Now,
		events: make(chan Event, eventQueue), wake: make(chan struct{}, 1),
		settled: make(chan struct{}), stopped: make(chan struct{}), closing: make(chan struct{}),
		read: make(chan struct{}), written: make(chan struct{}), closed: make(chan struct{}),
		opening: true,
	}
	d.log = opt.Logger.With("device", d.ID())
	return d
}

// ID is stable over replugging: vendor and product in hexadecimal and the serial
// number, or the port where a device has none or not one of its own.
func (d *Device) ID() string { return d.id }

// Identify gives the ID that a device has when it is opened. Devices that are
// plugged in at the same time and have one ID are told apart by their ports.
func Identify(info hid.Info, byPort bool) string {
	return fmt.Sprintf("%04x:%04x:%s", info.VendorID, info.ProductID, place(info, byPort))
}

// place is what tells a device from others of its model. Makers without serial
// numbers often give all devices the same placeholder.
func place(info hid.Info, byPort bool) string {
	serial := strings.TrimSpace(info.Serial)
	if !byPort && strings.Trim(serial, serial[:min(1, len(serial))]) != "" {
		return serial
	}
	if info.Phys != "" {
		return info.Phys
	}
	return info.Path
}

func nameOf(info hid.Info) string {
	switch {
	case info.Name != "":
		return info.Name
	case info.Manufacturer != "":
		return info.Manufacturer + " device"
	}
	return fmt.Sprintf("device %04x:%04x", info.VendorID, info.ProductID)
}

// Name is the device's own name for people, or what it is known as where it has
// none.
func (d *Device) Name() string {
	if d.info.Name == "" && d.about.name != "" {
		return d.about.name
	}
	return nameOf(d.info)
}

// Kind says whether it is a phone, a handset or a headset.
func (d *Device) Kind() Kind { return d.about.kind }

// Driver names the driver in use.
func (d *Device) Driver() string { return d.about.driver }

// Info says how the device is reached.
func (d *Device) Info() hid.Info { return d.info }

// Controls lists what a person can do at the device: "hook", "mute", "keypad"…
func (d *Device) Controls() []string { return slices.Clone(d.about.controls) }

// Lights lists what the device can show: "off-hook", "ring", "display"…
func (d *Device) Lights() []string { return slices.Clone(d.about.lights) }

// Lifted tells whether a handset was off its cradle when it was opened; later
// changes come as events. A headset's button has no such state: it begins idle.
func (d *Device) Lifted() bool { return d.lifted }

// Events gives what a person does, in order. The channel is closed when the
// device is closed or gone. The consumer must keep up: while 64 events wait,
// nothing more is read from the device.
func (d *Device) Events() <-chan Event { return d.events }

// Err tells why Events was closed: nil after Close, the reason after Release, an
// error that wraps hid.ErrGone after unplugging, or what reading failed with.
func (d *Device) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Show sets what the device should show, and returns at once; the latest state
// wins. On a headset OffHook also is the state of the hook: the device's
// acknowledgement of it is not an event. Showing the same again does nothing,
// unless the button of a headset was pressed in between and the headset must be
// told that it had no effect.
func (d *Device) Show(i Indicators) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.final || i == d.wanted && d.driver.shown(i) {
		return
	}
	d.show(i)
}

// Refresh writes the wanted state once more, as after a resume: what was last
// written is no proof of what the device shows.
func (d *Device) Refresh() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.final {
		d.show(d.wanted)
	}
}

// show hands a state to the writer. d.mu is held.
func (d *Device) show(i Indicators) {
	d.wanted, d.dirty = i, true
	d.driver.show(i, d.now())
	d.notify() // also for what a talker has to say of it
}

// notify wakes the writer.
func (d *Device) notify() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Release closes the device for a reason that Err is to tell.
func (d *Device) Release(reason error) error {
	d.mu.Lock()
	if d.err == nil && !d.final {
		d.err = fmt.Errorf("%s: %w", d.Name(), reason)
	}
	d.mu.Unlock()
	return d.Close()
}

// Close puts the lights out, waiting at most a second for it, and lets go of the
// device. It may be called again, and then waits for the first call.
func (d *Device) Close() error {
	var err error
	d.once.Do(func() {
		defer close(d.closed)
		close(d.closing)
		d.mu.Lock()
		d.show(Indicators{})
		d.final = true
		d.mu.Unlock()
		timeout := time.NewTimer(closeWait)
		defer timeout.Stop()
		select {
		case <-d.written:
		case <-d.read: // gone already
		case <-timeout.C:
			d.log.Warn("closing without the lights put out: the device does not take reports")
		}
		err = d.dev.Close()
		<-d.read
	})
	<-d.closed
	return err
}
