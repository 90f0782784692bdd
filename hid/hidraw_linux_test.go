package hid

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// plugged is a headset whose node is one end of a socket pair that keeps
// reports apart, and the other end: the device.
func plugged(t *testing.T) (Device, *os.File, *hidraws) {
	t.Helper()
	_, h := headset(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.open = func(path string) (int, error) {
		if path != "/dev/hidraw3" {
			t.Errorf("opened %s", path)
		}
		return fds[0], nil
	}
	far := os.NewFile(uintptr(fds[1]), "device")
	t.Cleanup(func() { far.Close() })
	infos, err := h.enumerate()
	if err != nil {
		t.Fatal(err)
	}
	dev, err := h.openDevice(infos[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev, far, &h
}

func TestHidrawReadsAndWritesWholeReports(t *testing.T) {
	dev, far, _ := plugged(t)
	if got := dev.Info().ProductID; got != 0xB02B {
		t.Errorf("product %04x", got)
	}
	if !bytes.Equal(dev.Descriptor(), phoneDescriptor) {
		t.Errorf("descriptor % x", dev.Descriptor())
	}
	for _, rep := range [][]byte{{2, 1, 0}, {2, 0, 0}, {1, 7}} {
		if _, err := far.Write(rep); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 64)
	for _, want := range [][]byte{{2, 1, 0}, {2, 0, 0}, {1, 7}} {
		n, err := dev.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], want) {
			t.Errorf("read % x, %v; want % x", buf[:n], err, want)
		}
	}
	if err := dev.Write([]byte{2, 5, 0}); err != nil {
		t.Fatal(err)
	}
	n, err := far.Read(buf)
	if err != nil || !bytes.Equal(buf[:n], []byte{2, 5, 0}) {
		t.Errorf("the device got % x, %v", buf[:n], err)
	}
}

func TestHidrawCloseWakesRead(t *testing.T) {
	dev, _, _ := plugged(t)
	started, result := make(chan struct{}), make(chan error, 1)
	go func() {
		close(started)
		_, err := dev.Read(make([]byte, 64))
		result <- err
	}()
	<-started
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; !errors.Is(err, ErrClosed) || errors.Is(err, ErrGone) {
		t.Errorf("read: %v", err)
	}
	if err := dev.Write([]byte{0}); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if _, err := dev.GetInput(2, make([]byte, 3)); !errors.Is(err, ErrClosed) {
		t.Errorf("GetInput: %v", err)
	}
	if err := dev.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestHidrawUnplugEndsRead(t *testing.T) {
	dev, far, _ := plugged(t)
	result := make(chan error, 1)
	go func() {
		_, err := dev.Read(make([]byte, 64))
		result <- err
	}()
	if err := far.Close(); err != nil { // hangs up, as the kernel does
		t.Fatal(err)
	}
	if err := <-result; !errors.Is(err, ErrGone) || !strings.Contains(err.Error(), "/dev/hidraw3") {
		t.Errorf("read: %v", err)
	}
}

func TestErrorsOfTheNodeGetTheirMeaning(t *testing.T) {
	d := &rawDevice{info: Info{Path: "/dev/hidraw3"}}
	for _, tt := range []struct {
		err       error
		unplugged bool
		want      error
	}{
		{&os.PathError{Op: "read", Err: unix.ENODEV}, false, ErrGone},
		{&os.PathError{Op: "read", Err: unix.ESHUTDOWN}, false, ErrGone},
		{unix.ENXIO, false, ErrGone},
		{io.EOF, true, ErrGone},
		{unix.EIO, true, ErrGone},
		{unix.EIO, false, unix.EIO}, // of a write
		{unix.ETIMEDOUT, false, unix.ETIMEDOUT},
		{&os.PathError{Op: "read", Err: os.ErrClosed}, false, ErrClosed},
	} {
		if got := d.failed("read", tt.err, tt.unplugged); !errors.Is(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}

func TestOpenSaysWhyAndWhatToDo(t *testing.T) {
	s, h := headset(t)
	infos, err := h.enumerate()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		errno unix.Errno
		want  error
		says  []string
	}{
		{unix.EACCES, ErrPermission, []string{"/dev/hidraw3", "offhook udev install", "plugdev"}},
		{unix.EPERM, ErrPermission, []string{"/dev/hidraw3"}},
		{unix.ENOENT, ErrGone, []string{"/dev/hidraw3"}},
		{unix.ENODEV, ErrGone, []string{"/dev/hidraw3"}},
		{unix.EMFILE, unix.EMFILE, []string{"/dev/hidraw3"}},
	} {
		h.open = func(string) (int, error) { return -1, tt.errno }
		_, err := h.openDevice(infos[0])
		if !errors.Is(err, tt.want) {
			t.Errorf("%v: %v", tt.errno, err)
			continue
		}
		for _, word := range tt.says {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v: %q does not say %q", tt.errno, err, word)
			}
		}
	}

	// The node has another device by now, or its device has left.
	null := func(string) (int, error) { return unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0) }
	h.open = null
	if err := os.Rename(filepath.Join(infos[0].Sysfs, "hidraw", "hidraw3"), filepath.Join(infos[0].Sysfs, "hidraw", "hidraw9")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.openDevice(infos[0]); !errors.Is(err, ErrGone) {
		t.Errorf("node of another device: %v", err)
	}
	if err := os.RemoveAll(s.root + "/devices"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.openDevice(infos[0]); !errors.Is(err, ErrGone) {
		t.Errorf("device left: %v", err)
	}
}

func TestGetInputGivesWhatReadWould(t *testing.T) {
	for _, tt := range []struct {
		name   string
		id     uint8
		size   int
		asked  int // length that the kernel is asked for
		answer []byte
		want   []byte
	}{
		{"numbered", 2, 3, 3, []byte{2, 1, 0}, []byte{2, 1, 0}},
		{"unnumbered: the kernel's leading 0 goes", 0, 2, 3, []byte{0, 1, 5}, []byte{1, 5}},
		{"short answer", 0, 2, 3, []byte{0, 1}, []byte{1}},
		{"no answer", 0, 2, 3, nil, nil},
		{"a buffer beyond reason", 2, 1 << 20, 4096, []byte{2, 1}, []byte{2, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dev, _, _ := plugged(t)
			dev.(*rawDevice).getInput = func(_ uintptr, buf []byte) (int, error) {
				if buf[0] != tt.id || len(buf) != tt.asked {
					t.Errorf("asked for report %d in %d bytes", buf[0], len(buf))
				}
				return copy(buf, tt.answer), nil
			}
			buf := make([]byte, tt.size)
			n, err := dev.GetInput(tt.id, buf)
			if err != nil || !bytes.Equal(buf[:n], tt.want) {
				t.Errorf("% x, %v", buf[:n], err)
			}
		})
	}
}

func TestGetInputThatCannotBeAsked(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.EINVAL: ErrUnsupported, unix.ENOTTY: ErrUnsupported, // an old kernel
		unix.EPIPE:     ErrUnsupported, // the device refuses
		unix.ENODEV:    ErrGone,
		unix.ETIMEDOUT: unix.ETIMEDOUT, // the device stalls
	} {
		dev, _, _ := plugged(t)
		dev.(*rawDevice).getInput = func(uintptr, []byte) (int, error) { return 0, errno }
		if _, err := dev.GetInput(1, make([]byte, 3)); !errors.Is(err, want) {
			t.Errorf("%v: %v", errno, err)
		}
	}
	// A socket takes no ioctl of HID: the real call, as far as it goes here.
	dev, _, _ := plugged(t)
	if _, err := dev.GetInput(1, make([]byte, 3)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a socket: %v", err)
	}
}

func TestCloseDoesNotWaitForADeviceThatStalls(t *testing.T) {
	dev, _, _ := plugged(t)
	asked, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	dev.(*rawDevice).getInput = func(uintptr, []byte) (int, error) {
		close(asked)
		<-release
		close(done)
		return 0, unix.ETIMEDOUT
	}
	result := make(chan error, 1)
	go func() {
		_, err := dev.GetInput(1, make([]byte, 3))
		result <- err
	}()
	<-asked
	read := make(chan error, 1)
	go func() {
		_, err := dev.Read(make([]byte, 3))
		read <- err
	}()
	dev.Close() // would not return
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("GetInput: %v", err)
	}
	if err := <-read; !errors.Is(err, ErrClosed) {
		t.Errorf("Read: %v", err)
	}
	close(release)
	<-done
}
