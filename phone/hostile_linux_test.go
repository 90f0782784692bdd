package phone

import (
	"context"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

// hostile is a headset that sends random reports as fast as USB lets it: eight in a millisecond.
type hostile struct {
	descriptor []byte
	rnd        *rand.Rand
	ticker     *time.Ticker
	left       int
	closed     chan struct{}
}

func (h *hostile) Info() hid.Info {
	return hid.Info{Path: "hostile", Bus: "virtual", VendorID: 0x1234, ProductID: 1, Name: "hostile", Serial: "h1", Interface: -1}
}

func (h *hostile) Descriptor() []byte { return h.descriptor }

func (h *hostile) Read(buf []byte) (int, error) {
	if h.left == 0 {
		select {
		case <-h.ticker.C:
			h.left = 8
		case <-h.closed:
			return 0, hid.ErrClosed
		}
	}
	h.left--
	v := h.rnd.Uint64()
	buf[0], buf[1], buf[2] = 2, byte(v), byte(v>>8)
	if v>>16&7 == 0 {
		buf[0] = byte(v >> 24)
	}
	return 1 + int(v>>32&1) + int(v>>33&1), nil
}

func (h *hostile) Write([]byte) error                  { return nil }
func (h *hostile) GetInput(uint8, []byte) (int, error) { return 0, hid.ErrUnsupported }

func (h *hostile) Close() error {
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
	return nil
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkHostileDevice gives the share of one processor that a hostile device costs a whole phone, in per cent; the
// target is below 5. One iteration is 10 ms of it.
func BenchmarkHostileDevice(b *testing.B) {
	profile, err := virtual.ByName("headset")
	if err != nil {
		b.Fatal(err)
	}
	p, err := New(Config{Version: "bench", ListenRTP: func(_, _ uint16) (net.PacketConn, error) { return nil, errNoPort }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	h := &hostile{descriptor: profile.Descriptor, rnd: rand.New(rand.NewPCG(1, 2)), ticker: ticker, closed: make(chan struct{})}
	d, err := devices.Open(h, devices.Options{})
	if err != nil {
		b.Fatal(err)
	}
	p.Attach(d, "hostile", Sound{})
	time.Sleep(5 * time.Second) // the first burst is over
	b.ResetTimer()
	before, begun := processorTime(b), time.Now()
	time.Sleep(time.Duration(b.N) * 10 * time.Millisecond)
	used, passed := processorTime(b)-before, time.Since(begun)
	b.ReportMetric(100*used.Seconds()/passed.Seconds(), "%core")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
