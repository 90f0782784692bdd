package usb

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"offhook/devices/virtual"
)

// ErrNoBus means that this kernel has no emulated USB bus to plug into, or that
// we may not: vhci_hcd is not loaded, we are not root, or this is not Linux.
var ErrNoBus = errors.New("no emulated USB bus")

// Bus tells why no phone can be plugged in here, nil when one can. The error
// wraps ErrNoBus.
func Bus() error {
	_, err := readStatus()
	return err
}

// Attached is a phone plugged into the kernel of this machine. The USB device is
// there while the phone is plugged in: it follows virtual.Phone.Unplug and
// Replug, and comes back on the same port. (An unplug may be too short to be
// seen when no program has the phone open.) Methods may be called from any
// goroutine.
type Attached struct {
	phone *virtual.Phone
	cfg   Config
	log   *slog.Logger
	quit  chan struct{}
	once  sync.Once
	ended chan struct{}

	mu     sync.Mutex // guards what follows
	port   int        // of the bus, -1 before the first time
	device *Device    // nil while unplugged
	err    error
}

// Plug plugs a phone into the kernel of this machine. It returns when the kernel
// has the device, which is before it knows what it is. The error wraps ErrNoBus
// when there is no bus.
func Plug(phone *virtual.Phone, cfg Config) (*Attached, error) {
	a := &Attached{
		phone: phone, cfg: cfg, log: cfg.Logger, port: -1,
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	changed := phone.Changed()
	if phone.State().Plugged {
		if err := a.attach(); err != nil {
			return nil, err
		}
	}
	go a.follow(changed)
	return a, nil
}

// Port is the port of the emulated bus, -1 before the phone was plugged in.
func (a *Attached) Port() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.port
}

// Device is the powered device; nil while the phone is unplugged.
func (a *Attached) Device() *Device {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.device
}

// Err says why the phone could not be plugged in again.
func (a *Attached) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Close unplugs the device and waits until the kernel has let go of it. The
// phone itself stays as it is.
func (a *Attached) Close() error {
	a.once.Do(func() { close(a.quit) })
	<-a.ended
	return nil
}

// follow does with the USB device what is done with the phone's cable.
func (a *Attached) follow(changed <-chan struct{}) {
	defer close(a.ended)
	defer a.detach()
	for {
		plugged := a.phone.State().Plugged
		switch there := a.Device() != nil; {
		case plugged && !there:
			if err := a.attach(); err != nil {
				a.log.Warn("emulated phone cannot be plugged in again", "error", err)
				a.mu.Lock()
				a.err = err
				a.mu.Unlock()
			}
		case !plugged && there:
			a.detach()
		}
		var lost <-chan struct{}
		if d := a.Device(); d != nil {
			lost = d.bus.lost
		}
		select {
		case <-changed:
			changed = a.phone.Changed()
		case <-lost: // perhaps it is plugged in again already
			a.detach()
		case <-a.quit:
			return
		}
	}
}

// attach takes the port of last time, or a free one.
func (a *Attached) attach() error {
	ports := []int{a.Port()}
	if ports[0] < 0 {
		status, err := readStatus()
		if err != nil {
			return err
		}
		if ports = freePorts(status); len(ports) == 0 {
			return fmt.Errorf("plug the emulated phone into the kernel: %w with a free port; unplug another emulated phone", ErrNoBus)
		}
	}
	var errs error
	for _, port := range ports {
		conn, err := connect(port)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		d, err := Serve(conn.ours, a.phone, a.cfg)
		if err == nil {
			err = conn.attach(port)
			if err != nil {
				d.Close()
			}
		} else {
			conn.ours.Close()
		}
		conn.theirs.Close() // the kernel has its own reference
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		a.mu.Lock()
		a.port, a.device, a.err = port, d, nil
		a.mu.Unlock()
		return nil
	}
	return fmt.Errorf("plug the emulated phone into the kernel: %w", errs)
}

// detach unplugs the device.
func (a *Attached) detach() {
	a.mu.Lock()
	d, port := a.device, a.port
	a.device = nil
	a.mu.Unlock()
	if d == nil {
		return
	}
	d.Cut()
	if err := detachPort(port); err != nil {
		a.log.Debug("detach", "port", port, "error", err) // it went by itself
	}
	select {
	case <-d.Done(): // the kernel has closed its end
	case <-time.After(detachTime):
	}
	d.Close()
}

// detachTime is how long the kernel may take to let go of a device.
const detachTime = 5 * time.Second

// freePorts are the free full-speed ports in vhci_hcd's status, whose lines are
//
//	hub port sta spd dev      sockfd local_busid
//	hs  0000 004 000 00000000 000000 0-0
func freePorts(status string) []int {
	var free []int
	for line := range strings.Lines(status) {
		var hub string
		var port, state int
		if n, _ := fmt.Sscanf(line, "%s %d %d", &hub, &port, &state); n == 3 && hub == "hs" && state == 4 {
			free = append(free, port)
		}
	}
	return free
}
