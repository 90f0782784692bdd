package hid

import (
	"fmt"
	"sync"
)

// handle is what the library gives for an open device (karalabe/hid.Device).
// Its calls must not overlap with Close: Close frees what they use.
type handle interface {
	// ReadTimeout waits so many milliseconds for a report; 0, nil is none.
	ReadTimeout(buf []byte, milliseconds int) (int, error)
	Write(rep []byte) (int, error)
	Close() error
}

const (
	// wakeUp is how often the reader looks whether it is to close.
	wakeUp = 250 // ms
	// backlog is how many reports wait for Read, as many as in hidraw; when
	// they are more the oldest are lost.
	backlog = 64
)

// usbDevice is a device opened with libusb. The goroutine in loop owns reading
// and closing. Nothing else calls the handle but Write, under writing.
type usbDevice struct {
	info    Info
	desc    []byte
	reports chan []byte

	closeOnce sync.Once
	closing   chan struct{} // closed by Close: the loop is to end
	ended     chan struct{} // closed by the loop after the handle is closed
	failure   error         // why the loop ended by itself; set before ended is closed

	// writing is a lock (it has room for its one holder): one writer, and none
	// while the handle is being closed. It guards h outside of loop.
	writing chan struct{}
	h       handle // nil after it was closed
}

func newUSBDevice(info Info, desc []byte, h handle) *usbDevice {
	d := &usbDevice{
		info: info, desc: desc, h: h,
		reports: make(chan []byte, backlog), writing: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go d.loop(h)
	return d
}

func (d *usbDevice) Info() Info         { return d.info }
func (d *usbDevice) Descriptor() []byte { return d.desc }

// loop reads until Close or an error. The library cannot cancel a read, and
// closing during one uses memory after it was freed: hence the short waits.
func (d *usbDevice) loop(h handle) {
	defer close(d.ended)
	defer func() {
		d.writing <- struct{}{}
		d.h = nil
		h.Close()
		<-d.writing
	}()
	buf := make([]byte, maxReport+1)
	for {
		select {
		case <-d.closing:
			return
		default:
		}
		n, err := h.ReadTimeout(buf, wakeUp)
		if err != nil {
			// The library has no error numbers, and hardly a reason other than
			// the unplug.
			d.failure = fmt.Errorf("read %s: %w (%v)", d.info.Path, ErrGone, err)
			return
		}
		if n > 0 {
			d.queue(append([]byte(nil), buf[:n]...))
		}
	}
}

func (d *usbDevice) queue(report []byte) {
	for {
		select {
		case d.reports <- report:
			return
		default:
		}
		select {
		case <-d.reports:
		default:
		}
	}
}

func (d *usbDevice) Read(buf []byte) (int, error) {
	select {
	case <-d.closing:
		return 0, d.closed("read")
	default:
	}
	select {
	case <-d.closing:
		return 0, d.closed("read")
	case report := <-d.reports:
		return copy(buf, report), nil
	case <-d.ended:
	}
	select {
	case report := <-d.reports: // came before the unplug
		return copy(buf, report), nil
	default:
	}
	if d.failure == nil {
		return 0, d.closed("read")
	}
	return 0, d.failure
}

func (d *usbDevice) Write(rep []byte) error {
	d.writing <- struct{}{}
	defer func() { <-d.writing }()
	select {
	case <-d.closing:
		return d.closed("write to")
	default:
	}
	if d.h == nil {
		return fmt.Errorf("write to %s: %w", d.info.Path, ErrGone)
	}
	if _, err := d.h.Write(rep); err != nil {
		return fmt.Errorf("write to %s: %w", d.info.Path, err)
	}
	return nil
}

// GetInput cannot be asked: the library exports no such call.
func (d *usbDevice) GetInput(id uint8, _ []byte) (int, error) {
	return 0, fmt.Errorf("ask %s for input report %d: %w by libusb", d.info.Path, id, ErrUnsupported)
}

// Close wakes Read at once, and returns when the device is let go and the
// kernel's driver is back: in up to 250 ms, longer if a write is under way
// (the library gives it 1 s).
func (d *usbDevice) Close() error {
	d.closeOnce.Do(func() { close(d.closing) })
	<-d.ended
	return nil
}

func (d *usbDevice) closed(op string) error {
	return fmt.Errorf("%s %s: %w", op, d.info.Path, ErrClosed)
}

// unprefixed is a handle whose Write puts 00 before what it is given, as the
// library does on Windows. That is the prefix of reports without ID; before a
// numbered one it makes nonsense, which is better not sent.
type unprefixed struct{ handle }

func (u unprefixed) Write(rep []byte) (int, error) {
	if len(rep) == 0 || rep[0] != 0 {
		return 0, errNumberedOnWindows
	}
	n, err := u.handle.Write(rep[1:])
	return n + 1, err
}

var errNumberedOnWindows = fmt.Errorf("reports with an ID are %w on Windows", ErrUnsupported)

// ignoredByKernel are the phones to which Linux gives no hidraw node, though
// their interface is of the class HID (hid_ignore_list of drivers/hid).
func ignoredByKernel(vendor, product uint16) bool {
	switch [2]uint16{vendor, product} {
	case [2]uint16{0x6993, 0xB001}, // Yealink USB-P1K, P4K, B2K, P1KH
		[2]uint16{0x0D8C, 0x000E}: // C-Media CM109
		return true
	}
	return false
}
