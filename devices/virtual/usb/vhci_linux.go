package usb

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// vhci is the kernel's emulated bus (tools/usb/usbip in the kernel's source uses
// it for devices of other machines; here the other machine is this process).
const vhci = "/sys/devices/platform/vhci_hcd.0/"

// speedFull is USB_SPEED_FULL, 12 Mbit/s.
const speedFull = 2

// busyTime is how long a port may be busy with the device that left it.
const busyTime = 2 * time.Second

func readStatus() (string, error) {
	status, err := os.ReadFile(vhci + "status")
	if err != nil {
		return "", fmt.Errorf("%w: %w; as root: modprobe vhci_hcd", ErrNoBus, err)
	}
	return string(status), nil
}

// link is a connection between the kernel and us.
type link struct {
	ours   net.Conn
	theirs *os.File
}

func connect(port int) (*link, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("connection for port %d: %w", port, err)
	}
	f := os.NewFile(uintptr(fds[0]), "usbip")
	defer f.Close()
	theirs := os.NewFile(uintptr(fds[1]), "usbip-kernel")
	ours, err := net.FileConn(f)
	if err != nil {
		theirs.Close()
		return nil, fmt.Errorf("connection for port %d: %w", port, err)
	}
	return &link{ours, theirs}, nil
}

// attach gives the kernel its end. A port that is busy with letting go of the
// last device is asked again: nothing tells when it is free.
func (l *link) attach(port int) error {
	const id = 1<<16 | 2 // bus 1, device 2, of a machine that is not
	order := fmt.Sprintf("%d %d %d %d", port, l.theirs.Fd(), id+port, speedFull)
	for end := time.Now().Add(busyTime); ; time.Sleep(5 * time.Millisecond) {
		err := writeOrder("attach", order)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.EAGAIN) || time.Now().After(end) {
			return err
		}
	}
}

func detachPort(port int) error { return writeOrder("detach", strconv.Itoa(port)) }

func writeOrder(file, order string) error {
	f, err := os.OpenFile(vhci+file, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%w: %w; run this as root", ErrNoBus, err)
	}
	defer f.Close()
	if _, err := f.WriteString(order); err != nil {
		return fmt.Errorf("%s %q: %w", file, order, err)
	}
	return nil
}
