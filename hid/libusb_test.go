package hid

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeHandle is a device behind the library, which dies of what kills the
// library: any call during or after Close.
type fakeHandle struct {
	t       *testing.T
	input   chan []byte // closed: unplugged
	calls   atomic.Int32
	closed  atomic.Bool
	stall   chan struct{} // not nil: Write waits for it to be closed
	written [][]byte
	reads   int
}

func (h *fakeHandle) enter() func() {
	if h.closed.Load() {
		h.t.Error("use after free")
	}
	h.calls.Add(1)
	return func() { h.calls.Add(-1) }
}

func (h *fakeHandle) ReadTimeout(buf []byte, milliseconds int) (int, error) {
	defer h.enter()()
	h.reads++
	if milliseconds <= 0 {
		h.t.Errorf("a read that waits %d ms cannot be ended", milliseconds)
	}
	timeout := time.NewTimer(time.Duration(milliseconds) * time.Millisecond)
	defer timeout.Stop()
	select {
	case rep, ok := <-h.input:
		if !ok {
			return 0, errors.New("hidapi: hid_error is not implemented yet")
		}
		return copy(buf, rep), nil
	case <-timeout.C:
		return 0, nil
	}
}

func (h *fakeHandle) Write(rep []byte) (int, error) {
	defer h.enter()()
	if h.stall != nil {
		<-h.stall
	}
	if len(rep) > 8 {
		return 0, errors.New("hidapi: unknown failure")
	}
	h.written = append(h.written, append([]byte(nil), rep...))
	return len(rep), nil
}

func (h *fakeHandle) Close() error {
	if n := h.calls.Load(); n > 0 || h.closed.Swap(true) {
		h.t.Errorf("closed with %d calls under way", n)
	}
	return nil
}

func openFake(t *testing.T) (*usbDevice, *fakeHandle) {
	h := &fakeHandle{t: t, input: make(chan []byte)}
	return newUSBDevice(Info{Path: "1-3:1.3", Backend: BackendLibusb}, phoneDescriptorUSB, h), h
}

var phoneDescriptorUSB = []byte{0x05, 0x0B}

func TestLibusbReadsAndWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		if dev.Info().Path != "1-3:1.3" || !bytes.Equal(dev.Descriptor(), phoneDescriptorUSB) {
			t.Errorf("%+v, % x", dev.Info(), dev.Descriptor())
		}
		h.input <- []byte{0x80, 1, 2, 3}
		buf := make([]byte, 16)
		if n, err := dev.Read(buf); err != nil || !bytes.Equal(buf[:n], []byte{0x80, 1, 2, 3}) {
			t.Errorf("% x, %v", buf[:n], err)
		}
		if err := dev.Write([]byte{0, 1, 2}); err != nil || !bytes.Equal(h.written[0], []byte{0, 1, 2}) {
			t.Errorf("% x, %v", h.written, err)
		}
		if err := dev.Write(make([]byte, 9)); err == nil {
			t.Error("the library's error is lost")
		}
		if _, err := dev.GetInput(0, buf); !errors.Is(err, ErrUnsupported) {
			t.Errorf("GetInput: %v", err)
		}
		dev.Close()
	})
}

func TestLibusbCloseEndsReadAtOnceAndLetsGoSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		result := make(chan error, 1)
		start := time.Now()
		go func() {
			_, err := dev.Read(make([]byte, 16))
			if waited := time.Since(start); waited != 10*time.Millisecond {
				t.Errorf("read was woken after %v", waited)
			}
			result <- err
		}()
		time.Sleep(10 * time.Millisecond)
		dev.Close()
		if err := <-result; !errors.Is(err, ErrClosed) {
			t.Errorf("read: %v", err)
		}
		if waited := time.Since(start); waited > 250*time.Millisecond || !h.closed.Load() {
			t.Errorf("let go after %v: %v", waited, h.closed.Load())
		}
		dev.Close()
		if _, err := dev.Read(make([]byte, 16)); !errors.Is(err, ErrClosed) {
			t.Errorf("read again: %v", err)
		}
		if err := dev.Write([]byte{0}); !errors.Is(err, ErrClosed) {
			t.Errorf("write: %v", err)
		}
	})
}

func TestLibusbCloseWaitsForTheWriteUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		h.stall = make(chan struct{})
		result := make(chan error, 1)
		go func() { result <- dev.Write([]byte{0, 1}) }()
		synctest.Wait()
		closed := make(chan struct{})
		go func() { dev.Close(); close(closed) }()
		time.Sleep(time.Second)
		if h.closed.Load() {
			t.Error("closed below the write")
		}
		close(h.stall)
		if err := <-result; err != nil {
			t.Errorf("write: %v", err)
		}
		<-closed
	})
}

func TestLibusbUnplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		h.input <- []byte{1}
		close(h.input)
		synctest.Wait()
		buf := make([]byte, 16)
		if n, err := dev.Read(buf); err != nil || n != 1 {
			t.Errorf("the report before the unplug: %d, %v", n, err)
		}
		if _, err := dev.Read(buf); !errors.Is(err, ErrGone) {
			t.Errorf("read: %v", err)
		}
		if err := dev.Write([]byte{0}); !errors.Is(err, ErrGone) {
			t.Errorf("write: %v", err)
		}
		if !h.closed.Load() {
			t.Error("the handle is not let go")
		}
		dev.Close()
		if _, err := dev.Read(buf); !errors.Is(err, ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	})
}

func TestLibusbKeepsTheNewestReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		for i := range 70 {
			h.input <- []byte{byte(i)}
		}
		synctest.Wait()
		buf := make([]byte, 16)
		for i := 6; i < 70; i++ {
			if _, err := dev.Read(buf); err != nil || buf[0] != byte(i) {
				t.Fatalf("report %d is %d, %v", i, buf[0], err)
			}
		}
		dev.Close()
	})
}

func TestLibusbWakesFourTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dev, h := openFake(t)
		time.Sleep(10*time.Second + time.Millisecond)
		dev.Close()
		if h.reads > 42 {
			t.Errorf("%d reads in 10 s", h.reads)
		}
	})
}

func TestWindowsPrefix(t *testing.T) {
	h := &fakeHandle{t: t}
	u := unprefixed{h}
	if n, err := u.Write([]byte{0, 1, 2}); n != 3 || err != nil || !bytes.Equal(h.written[0], []byte{1, 2}) {
		t.Errorf("unnumbered: %d, %v, % x", n, err, h.written)
	}
	for _, rep := range [][]byte{{2, 1}, {}} {
		if _, err := u.Write(rep); !errors.Is(err, ErrUnsupported) {
			t.Errorf("% x: %v", rep, err)
		}
	}
	if len(h.written) != 1 {
		t.Errorf("wrote % x", h.written)
	}
}
