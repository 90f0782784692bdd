package udev

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// apart runs a test in a network namespace of its own, so that events which it
// makes up reach nobody else. The goroutine's thread ends with it.
func apart(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("needs root: %v", err)
	}
}

// send sends a message to a group as a program does.
func send(t *testing.T, group uint32, raw []byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, raw, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: group}); err != nil {
		t.Fatal(err)
	}
}

func TestUdevsMessagesAreHeardAndOthersAreNot(t *testing.T) {
	apart(t)
	m, err := listen(groupUdev, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	send(t, groupUdev, []byte("noise"))
	send(t, groupUdev, udevMessage("ACTION=add\x00"))
	send(t, groupUdev, udevMessage("ACTION=add\x00DEVPATH=/devices/a\x00SUBSYSTEM=hidraw\x00DEVNAME=/dev/hidraw9\x00"))
	e, err := m.Receive()
	if err != nil || e.Devname != "/dev/hidraw9" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestAProgramThatPlaysTheKernelIsNotBelieved(t *testing.T) {
	apart(t)
	m, err := ListenKernel(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	send(t, groupKernel, []byte(kernelAdd))
	// A true event of a device that does not mind: the kernel tells all namespaces.
	if err := os.WriteFile("/sys/devices/virtual/mem/null/uevent", []byte("change"), 0); err != nil {
		t.Skipf("the kernel can't be asked for an event: %v", err)
	}
	for {
		e, err := m.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if e.Devname == "/dev/hidraw3" {
			t.Fatal("an invented event was believed")
		}
		if e.Devpath == "/devices/virtual/mem/null" {
			if e.Action != "change" || e.Subsystem != "mem" || e.Devname != "/dev/null" {
				t.Errorf("%+v", e)
			}
			return
		}
	}
}

func TestLostEventsAreToldAndListeningGoesOn(t *testing.T) {
	apart(t)
	m, err := listen(groupUdev, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	message := udevMessage("ACTION=add\x00DEVPATH=/devices/a\x00SUBSYSTEM=usb\x00")
	for range 20000 {
		send(t, groupUdev, message)
	}
	for {
		_, err := m.Receive()
		if errors.Is(err, ErrOverrun) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosingWakesWhoListens(t *testing.T) {
	m, err := Listen(nil)
	if err != nil {
		t.Skipf("no netlink here: %v", err)
	}
	ended := make(chan error)
	go func() {
		for {
			if _, err := m.Receive(); err != nil {
				ended <- err
				return
			}
		}
	}()
	m.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
