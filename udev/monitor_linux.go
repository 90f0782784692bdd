package udev

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// control is udev's own socket, which exists as long as it runs.
const control = "/run/udev/control"

// Running tells whether udev runs on this machine.
func Running() bool { return exists(control) }

// receiveBuffer is room for the events of a hub full of devices, in bytes.
// Without privilege the kernel gives less.
const receiveBuffer = 1 << 20

// Monitor hears events. One goroutine calls Receive; Close may be called from
// any.
type Monitor struct {
	f     *os.File
	conn  syscall.RawConn
	group uint32
	log   *slog.Logger
	buf   []byte
	oob   []byte

	closed atomic.Bool
}

// Listen begins to hear events: udev's, which come when its rules have been
// applied, or the kernel's where no udev runs. It needs no privilege. Nothing
// is missed from its return on. log may be nil.
func Listen(log *slog.Logger) (*Monitor, error) {
	if Running() {
		return listen(groupUdev, log)
	}
	return ListenKernel(log)
}

// ListenKernel hears the kernel's events, which come before udev's rules.
func ListenKernel(log *slog.Logger) (*Monitor, error) { return listen(groupKernel, log) }

func listen(group uint32, log *slog.Logger) (*Monitor, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	fail := func(what string, err error) (*Monitor, error) {
		return nil, fmt.Errorf("listen to the kernel's events of devices: %s: %w", what, err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return fail("socket", err)
	}
	f := os.NewFile(uintptr(fd), "netlink") // owns fd from now on
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		f.Close()
		return fail("credentials", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // the default does mostly
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: group}); err != nil {
		f.Close()
		return fail("bind", err)
	}
	conn, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return fail("poll", err)
	}
	return &Monitor{
		f: f, conn: conn, group: group, log: log,
		buf: make([]byte, maxMessage+1), oob: make([]byte, unix.CmsgSpace(unix.SizeofUcred)),
	}, nil
}

// Receive waits for the next event. After ErrOverrun it can go on; any other
// error is final, ErrClosed after Close.
func (m *Monitor) Receive() (Event, error) {
	for {
		raw, sender, err := m.receive()
		switch {
		case err != nil && m.closed.Load():
			return Event{}, fmt.Errorf("receive events of devices: %w", ErrClosed)
		case errors.Is(err, unix.ENOBUFS):
			return Event{}, ErrOverrun
		case err != nil:
			return Event{}, fmt.Errorf("receive events of devices: %w", err)
		}
		if err := sender.check(m.group); err != nil {
			m.log.Debug("device event", "error", err)
			continue
		}
		e, err := parseMessage(raw)
		if err != nil {
			m.log.Debug("device event", "error", err)
			continue
		}
		return e, nil
	}
}

// receive takes one message; the bytes are valid until the next call.
func (m *Monitor) receive() ([]byte, from, error) {
	var n, oobn int
	var addr unix.Sockaddr
	var err error
	if cerr := m.conn.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, addr, err = unix.Recvmsg(int(fd), m.buf, m.oob, 0)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	}); cerr != nil {
		return nil, from{}, cerr
	}
	if err != nil {
		return nil, from{}, err
	}
	var sender from
	if nl, ok := addr.(*unix.SockaddrNetlink); ok {
		sender.port, sender.group = nl.Pid, nl.Groups
	}
	messages, err := unix.ParseSocketControlMessage(m.oob[:oobn])
	if err != nil {
		messages = nil // no credentials, and so not believed
	}
	for i := range messages {
		if cred, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			sender.uid, sender.hasUID = cred.Uid, true
		}
	}
	return m.buf[:n], sender, nil
}

// Close ends listening and wakes Receive.
func (m *Monitor) Close() error {
	m.closed.Store(true)
	return m.f.Close()
}
