package hid

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawDevice is an open hidraw node. The file is non-blocking and known to the
// runtime's poller, so that Read sleeps without a thread and Close wakes it.
// Writes and ioctls, which hidraw has no non-blocking form of, hold a thread
// for as long as the device stalls.
type rawDevice struct {
	info     Info
	desc     []byte
	f        *os.File
	getInput func(fd uintptr, buf []byte) (int, error)
	// feature does HIDIOCGFEATURE or, with set, HIDIOCSFEATURE.
	feature func(fd uintptr, buf []byte, set bool) (int, error)

	busy      atomic.Int32 // system calls under way that may stall
	closeOnce sync.Once
	closing   chan struct{}
}

func (d *rawDevice) Info() Info         { return d.info }
func (d *rawDevice) Descriptor() []byte { return d.desc }

func (d *rawDevice) Read(buf []byte) (int, error) {
	n, err := d.f.Read(buf)
	if err != nil {
		return 0, d.failed("read", err, errors.Is(err, io.EOF) || errors.Is(err, unix.EIO))
	}
	return n, nil
}

func (d *rawDevice) Write(rep []byte) error {
	d.busy.Add(1)
	defer d.busy.Add(-1)
	if _, err := d.f.Write(rep); err != nil {
		return d.failed("write to", err, false)
	}
	return nil
}

// GetInput does HIDIOCGINPUT (Linux 5.11).
func (d *rawDevice) GetInput(id uint8, buf []byte) (int, error) {
	return d.get(fmt.Sprintf("ask %s for input report %d", d.info.Path, id), d.getInput, id, buf)
}

// GetFeature does HIDIOCGFEATURE.
func (d *rawDevice) GetFeature(id uint8, buf []byte) (int, error) {
	get := func(fd uintptr, buf []byte) (int, error) { return d.feature(fd, buf, false) }
	return d.get(fmt.Sprintf("ask %s for feature report %d", d.info.Path, id), get, id, buf)
}

// SetFeature does HIDIOCSFEATURE. The kernel sends the ID, and leaves it out when
// it is 0.
func (d *rawDevice) SetFeature(rep []byte) error {
	op := fmt.Sprintf("send a feature report to %s", d.info.Path)
	if len(rep) < 2 || len(rep) > maxReport {
		return fmt.Errorf("%s: %d bytes; a report has an ID and 1 to %d bytes", op, len(rep), maxReport-1)
	}
	d.busy.Add(1)
	defer d.busy.Add(-1)
	_, err := d.control(func(fd uintptr) (int, error) { return d.feature(fd, append([]byte(nil), rep...), true) })
	return d.asked(op, err)
}

// get runs a GET_REPORT ioctl in a goroutine: the kernel may take 5 s over it,
// and the caller can be freed by Close. The goroutine has a buffer of its own and
// ends with the ioctl.
func (d *rawDevice) get(op string, ioctl func(uintptr, []byte) (int, error), id uint8, buf []byte) (int, error) {
	type answer struct {
		report []byte
		err    error
	}
	answers := make(chan answer, 1)
	d.busy.Add(1)
	size := len(buf)
	go func() {
		defer d.busy.Add(-1)
		report, err := d.exchange(op, ioctl, id, size)
		answers <- answer{report, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return 0, a.err
		}
		return copy(buf, a.report), nil
	case <-d.closing:
		return 0, fmt.Errorf("%s: %w", op, ErrClosed)
	}
}

// exchange does the ioctl. The kernel wants the report ID in the first byte and
// leaves it there, also when the device has no IDs: Read would not give that one.
func (d *rawDevice) exchange(op string, ioctl func(uintptr, []byte) (int, error), id uint8, size int) ([]byte, error) {
	size = min(size, maxReport)
	if id == 0 {
		size++
	}
	buf := make([]byte, max(size, 2)) // the kernel asks for two at least
	buf[0] = id
	n, err := d.control(func(fd uintptr) (int, error) { return ioctl(fd, buf) })
	if err := d.asked(op, err); err != nil {
		return nil, err
	}
	report := buf[:max(0, min(n, len(buf)))]
	if id == 0 && len(report) > 0 {
		report = report[1:]
	}
	return report, nil
}

// control runs an ioctl on the open file.
func (d *rawDevice) control(ioctl func(fd uintptr) (int, error)) (n int, err error) {
	conn, err := d.f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var errIoctl error
	err = conn.Control(func(fd uintptr) { n, errIoctl = ioctl(fd) })
	return n, errors.Join(err, errIoctl)
}

// asked gives the error of an ioctl its meaning.
func (d *rawDevice) asked(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case d.isClosing():
		err = ErrClosed
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("%s: %w by this kernel (input reports: before Linux 5.11)", op, ErrUnsupported)
	case errors.Is(err, unix.EPIPE):
		return fmt.Errorf("%s: %w, the device refuses", op, ErrUnsupported)
	case isGone(err):
		err = ErrGone
	}
	return fmt.Errorf("%s: %w", op, err)
}

// isClosing tells whether Close was called; what a system call says of a closed
// file is not always os.ErrClosed.
func (d *rawDevice) isClosing() bool {
	select {
	case <-d.closing:
		return true
	default:
		return false
	}
}

// ioctlFeature is HIDIOCSFEATURE(len) or HIDIOCGFEATURE(len):
// _IOC(read|write, 'H', 0x06 or 0x07, len).
func ioctlFeature(fd uintptr, buf []byte, set bool) (int, error) {
	number := 0x07
	if set {
		number = 0x06
	}
	return ioctlReport(fd, buf, number)
}

// ioctlGetInput is HIDIOCGINPUT(len): _IOC(read|write, 'H', 0x0A, len).
func ioctlGetInput(fd uintptr, buf []byte) (int, error) {
	return ioctlReport(fd, buf, 0x0A)
}

func ioctlReport(fd uintptr, buf []byte, number int) (int, error) {
	request := uintptr(0xC000_0000 | len(buf)<<16 | 'H'<<8 | number)
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&buf[0])))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// Close wakes Read and GetInput. It does not wait for a write that stalls: the
// file is closed when that ends.
func (d *rawDevice) Close() error {
	var err error
	d.closeOnce.Do(func() {
		close(d.closing)
		if d.busy.Load() > 0 {
			go d.f.Close() // os.File waits for its system calls, up to the 5 s
			return
		}
		err = d.f.Close()
	})
	return err
}

// failed gives an error of the node its meaning.
func (d *rawDevice) failed(op string, err error, unplugged bool) error {
	switch {
	case errors.Is(err, os.ErrClosed):
		err = ErrClosed
	case unplugged || isGone(err):
		err = ErrGone
	}
	return fmt.Errorf("%s %s: %w", op, d.info.Path, err)
}

// isGone knows the errors of a device that is no more. EIO is not among them:
// it is how hidraw reads tell of the unplug, but a write has it for a report
// that a device at the far end of Bluetooth did not take.
func isGone(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ESHUTDOWN)
}
