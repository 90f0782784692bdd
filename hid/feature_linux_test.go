package hid

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFeatureReportsCrossTheNodeWhole(t *testing.T) {
	for _, tt := range []struct {
		name          string
		id            uint8
		size, asked   int
		answer, wants []byte
	}{
		{"numbered", 9, 3, 3, []byte{9, 1, 2}, []byte{9, 1, 2}},
		{"without IDs the kernel's 0 is taken off", 0, 64, 65, []byte{0, 7, 8, 9}, []byte{7, 8, 9}},
		{"a buffer beyond reason", 9, 1 << 20, 4096, []byte{9, 1}, []byte{9, 1}},
		{"an answer longer than asked for", 9, 2, 2, []byte{9, 1, 2, 3}, []byte{9, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dev, _, _ := plugged(t)
			dev.(*rawDevice).feature = func(_ uintptr, buf []byte, set bool) (int, error) {
				if set || buf[0] != tt.id || len(buf) != tt.asked {
					t.Errorf("set %v, report %d in %d bytes", set, buf[0], len(buf))
				}
				return copy(buf, tt.answer), nil
			}
			buf := make([]byte, tt.size)
			n, err := dev.(FeatureDevice).GetFeature(tt.id, buf)
			if err != nil || !bytes.Equal(buf[:n], tt.wants) {
				t.Errorf("% x, %v; want % x", buf[:n], err, tt.wants)
			}
		})
	}

	dev, _, _ := plugged(t)
	var sent []byte
	dev.(*rawDevice).feature = func(_ uintptr, buf []byte, set bool) (int, error) {
		if !set {
			t.Error("asked instead of sent")
		}
		sent = buf
		return len(buf), nil
	}
	if err := dev.(FeatureDevice).SetFeature([]byte{0, 0x51}); err != nil || !bytes.Equal(sent, []byte{0, 0x51}) {
		t.Errorf("sent % x, %v", sent, err)
	}
	for _, size := range []int{0, 1, 4097} {
		sent = nil
		if err := dev.(FeatureDevice).SetFeature(make([]byte, size)); err == nil || sent != nil {
			t.Errorf("a report of %d bytes: %v, sent % x", size, err, sent)
		}
	}
}

func TestFeatureReportsThatFailSayWhy(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.ENOTTY: ErrUnsupported, unix.EPIPE: ErrUnsupported, unix.ENODEV: ErrGone, unix.ETIMEDOUT: unix.ETIMEDOUT,
	} {
		dev, _, _ := plugged(t)
		dev.(*rawDevice).feature = func(uintptr, []byte, bool) (int, error) { return 0, errno }
		if _, err := dev.(FeatureDevice).GetFeature(1, make([]byte, 3)); !errors.Is(err, want) {
			t.Errorf("get, %v: %v", errno, err)
		}
		if err := dev.(FeatureDevice).SetFeature([]byte{1, 2}); !errors.Is(err, want) {
			t.Errorf("set, %v: %v", errno, err)
		}
	}
	// A socket takes no ioctl of HID: the real calls, as far as they go here.
	dev, _, _ := plugged(t)
	if _, err := dev.(FeatureDevice).GetFeature(1, make([]byte, 3)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a socket: %v", err)
	}
	if err := dev.(FeatureDevice).SetFeature([]byte{1, 2}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a socket: %v", err)
	}
	dev.Close()
	if err := dev.(FeatureDevice).SetFeature([]byte{1, 2}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := dev.(FeatureDevice).GetFeature(1, make([]byte, 3)); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
