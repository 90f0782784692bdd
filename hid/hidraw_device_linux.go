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

// GetInput runs the ioctl in a goroutine: the kernel may take 5 s over it, and
// the caller can be freed by Close. The goroutine has a buffer of its own and
// ends with the ioctl.
func (d *rawDevice) GetInput(id uint8, buf []byte) (int, error) {
	type answer struct {
		report []byte
		err    error
	}
	answers := make(chan answer, 1)
	d.busy.Add(1)
	go func() {
		defer d.busy.Add(-1)
		report, err := d.askInput(id, len(buf))
		answers <- answer{report, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return 0, a.err
		}
		return copy(buf, a.report), nil
	case <-d.closing:
		return 0, fmt.Errorf("ask %s for input report %d: %w", d.info.Path, id, ErrClosed)
	}
}

// askInput does HIDIOCGINPUT (Linux 5.11). The kernel wants the report ID in
// the first byte and leaves it there, also when the device has no IDs: Read
// would not give that one.
func (d *rawDevice) askInput(id uint8, size int) ([]byte, error) {
	size = min(size, maxReport)
	if id == 0 {
		size++
	}
	buf := make([]byte, max(size, 2)) // the kernel asks for two at least
	buf[0] = id
	var n int
	conn, err := d.f.SyscallConn()
	if err == nil {
		var errIoctl error
		err = conn.Control(func(fd uintptr) { n, errIoctl = d.getInput(fd, buf) })
		err = errors.Join(err, errIoctl)
	}
	switch {
	case err == nil:
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return nil, fmt.Errorf("ask %s for input report %d: %w before Linux 5.11", d.info.Path, id, ErrUnsupported)
	case errors.Is(err, unix.EPIPE):
		return nil, fmt.Errorf("ask %s for input report %d: %w, the device refuses", d.info.Path, id, ErrUnsupported)
	default:
		return nil, d.failed(fmt.Sprintf("ask for input report %d of", id), err, false)
	}
	report := buf[:max(0, min(n, len(buf)))]
	if id == 0 && len(report) > 0 {
		report = report[1:]
	}
	return report, nil
}

// ioctlGetInput is HIDIOCGINPUT(len): _IOC(read|write, 'H', 0x0A, len).
func ioctlGetInput(fd uintptr, buf []byte) (int, error) {
	request := uintptr(0xC000_0000 | len(buf)<<16 | 'H'<<8 | 0x0A)
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
