//go:build usb

package usb_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/media/tone"
)

// handpiece is a usb.Sound of a person who speaks a tone all the time, and knows
// which tone is heard.
type handpiece struct {
	speak float64 // Hz

	mu     sync.Mutex // guards what follows
	spoken int
	block  []int16   // of the 50 ms under way
	begun  time.Time // when it began
	heard  map[float64]bool
	since  map[float64]time.Time // beginning of the first block with the tone
	change chan struct{}
}

// Tones of this test, in Hz.
const (
	dialTone = 425
	voice    = 1000
)

func newHandpiece() *handpiece {
	return &handpiece{speak: voice, heard: map[float64]bool{}, since: map[float64]time.Time{}, change: make(chan struct{})}
}

func (h *handpiece) Capture(_ time.Time, rate int, samples []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range samples {
		samples[i] = int16(amplitude * math.Sin(2*math.Pi*h.speak*float64(h.spoken)/float64(rate)))
		h.spoken++
	}
}

func (h *handpiece) Play(at time.Time, rate int, samples []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.block) == 0 {
		h.begun = at
	}
	h.block = append(h.block, samples...)
	if len(h.block) < rate/20 {
		return
	}
	for _, f := range []float64{dialTone, voice} {
		level := 10 * math.Log10(tone.Goertzel(h.block, rate, f)/(amplitude*amplitude/2)+1e-9)
		if h.heard[f] = level > -25; h.heard[f] && h.since[f].IsZero() {
			h.since[f] = h.begun
		}
	}
	h.block = h.block[:0]
	close(h.change)
	h.change = make(chan struct{})
}

// forget what was heard up to now: key clicks are short tones too.
func (h *handpiece) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.block = h.block[:0]
	clear(h.heard)
	clear(h.since)
}

// hear waits until a tone is heard, or is not, and gives when it was first.
func (h *handpiece) hear(t *testing.T, f float64, wanted bool) time.Time {
	t.Helper()
	timeout := time.After(patience)
	for {
		h.mu.Lock()
		heard, since, change := h.heard[f], h.since[f], h.change
		h.mu.Unlock()
		if heard == wanted {
			return since
		}
		select {
		case <-change:
		case <-timeout:
			t.Fatalf("after %v: %v Hz heard: %v, wanted: %v", patience, f, heard, wanted)
		}
	}
}

// program runs offhook until the test ends.
func program(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	program, err := filepath.Abs("offhook")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "run", "--headless", "--verbose", "--state-dir", dir)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("offhook: %v\n%s", err, &log)
		}
	})
}

func TestTheProgramIsAPhoneOnAKernelsHandset(t *testing.T) {
	program(t)
	h := newHandpiece()
	pl := plug(t, model(t, "handset"), usb.Config{Sound: h})
	there := time.Now()
	pl.see(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	t.Logf("node and card → in use %v", time.Since(there))

	lifted := time.Now()
	if err := pl.phone.Lift(); err != nil {
		t.Fatal(err)
	}
	t.Logf("lift → dial tone at the earpiece %v", h.hear(t, dialTone, true).Sub(lifted))
	if err := pl.phone.Press("600"); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "a call", func(s virtual.State) bool { return s.Display[0] == "600" && s.Display[1] == "Connected" })
	connected := time.Now()
	h.forget()
	t.Logf("connected → echo of the voice at the earpiece %v", h.hear(t, voice, true).Sub(connected))
	if err := pl.phone.PressMute(); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "the mute light", func(s virtual.State) bool { return s.Lights["mute"] })
	h.hear(t, voice, false)
	if err := pl.phone.PressMute(); err != nil {
		t.Fatal(err)
	}
	h.hear(t, voice, true)
	if err := pl.phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })

	// Being called: 601 rings back.
	if err := pl.phone.Lift(); err != nil {
		t.Fatal(err)
	}
	if err := pl.phone.Press("601"); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "a call", func(s virtual.State) bool { return s.Display[0] == "601" && s.Display[1] == "Connected" })
	if err := pl.phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	s := pl.see(t, "ringing", func(s virtual.State) bool { return s.Ringing })
	t.Logf("rings: %v, display %q", s.Lit(), s.Display)
	if err := pl.phone.Lift(); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "an answered call", func(s virtual.State) bool { return !s.Ringing && s.Lights["off-hook"] })
	t.Logf("%+v", pl.usb.Device().Stats())
}

// Sound is back 17 s after the card is, by the machine's clock, which is too long;
// until it is quick this is not among the tests that run each time.
func TestACallOutlivesAnUnplug(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: run it by name")
	}
	program(t)
	h := newHandpiece()
	pl := plug(t, model(t, "handset"), usb.Config{Sound: h})
	pl.see(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	if err := pl.phone.Lift(); err != nil {
		t.Fatal(err)
	}
	if err := pl.phone.Press("600"); err != nil {
		t.Fatal(err)
	}
	pl.see(t, "a call", func(s virtual.State) bool { return s.Display[0] == "600" && s.Display[1] == "Connected" })
	events := listen(t)
	pl.phone.Unplug()
	from := time.Now()
	pl.phone.Replug()
	pl.ready(t, events, from, true)
	back := time.Now()
	h.forget()
	t.Logf("card back → echo of the voice at the earpiece %v", h.hear(t, voice, true).Sub(back))
}
