//go:build linux

package sound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/media/sound/engine"
	"offhook/media/tone"
)

// The test binary is its own sound process: started with modeEnv set it serves
// a backend paced by the clock, with the fault the mode names.
const (
	modeEnv  = "OFFHOOK_SOUND_TEST_MODE"
	livesEnv = "OFFHOOK_SOUND_TEST_LIVES" // a file: one byte per process started
	cardEnv  = "OFFHOOK_SOUND_TEST_CARD"  // a file: while it is there, so is the card
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeEnv); mode != "" {
		serveTest(mode)
		return
	}
	os.Exit(m.Run())
}

func serveTest(mode string) {
	life := 1
	if path := os.Getenv(livesEnv); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			f.Write([]byte{'x'})
			if st, err := f.Stat(); err == nil {
				life = int(st.Size())
			}
			f.Close()
		}
	}
	switch mode {
	case "nonsense":
		fmt.Println("{{{")
		time.Sleep(time.Hour)
	case "mute-protocol":
		time.Sleep(time.Hour)
	case "exits":
		fmt.Fprintln(os.Stderr, "cannot connect to server")
		os.Exit(3)
	}
	if err := engine.ServeInherited(&faulty{Backend: engine.NewClock(), mode: mode, life: life}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// faulty is a card that misbehaves.
type faulty struct {
	engine.Backend
	mode string
	life int
	open int
	card error // of the last look: nil when it was there
}

func (f *faulty) Devices(_ []string, refresh bool) ([]engine.Device, error) {
	fmt.Println("noise of a library on standard output")
	if f.mode == "no-devices" {
		return nil, nil
	}
	if path := os.Getenv(cardEnv); path != "" {
		if refresh || f.open == 0 {
			_, f.card = os.Stat(path)
		}
		if f.card != nil {
			return nil, nil
		}
	}
	if f.mode == "late-device" && !refresh {
		return []engine.Device{{Index: 0, Name: engine.LoopbackDevice, Inputs: 1, Outputs: 1}}, nil
	}
	return []engine.Device{
		{Index: 0, Name: engine.LoopbackDevice, Inputs: 1, Outputs: 1},
		{Index: 1, Name: "Card: USB Audio (hw:1,0)", HW: "hw:1,0", Inputs: 1, Outputs: 2},
	}, nil
}

func (f *faulty) Play(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	d.Name = engine.LoopbackDevice
	f.open++
	switch {
	case f.mode == "busy", f.mode == "busy-later" && f.life > 1:
		return nil, &engine.Failure{Code: engine.Busy, Text: "hw:1,0 is used by another program"}
	case f.mode == "8k" && rate != 8000:
		return nil, &engine.Failure{Code: engine.Format, Text: "only 8000 Hz"}
	case f.mode == "44k1" && rate != 44100:
		return nil, &engine.Failure{Code: engine.Format, Text: "only 44100 Hz"}
	case f.mode == "stalls-once" && f.life == 1:
		left := 30
		inner := cycle
		cycle = func(pcm []int16, channels int, gap bool) {
			if left--; left >= 0 {
				inner(pcm, channels, gap)
			}
		}
	case f.mode == "spins-once" && f.life == 1:
		left := 30
		inner := cycle
		cycle = func(pcm []int16, channels int, gap bool) {
			for left--; left < 0; {
			}
			inner(pcm, channels, gap)
		}
	case f.mode == "never-begins":
		cycle = func(pcm []int16, channels int, gap bool) {}
	case f.mode == "bursts":
		inner, n := cycle, 0
		cycle = func(pcm []int16, channels int, gap bool) {
			if n++; n%2 == 0 {
				inner(pcm, channels, gap)
				inner(pcm, channels, gap)
			}
		}
	}
	s, err := f.Backend.Play(d, rate, period, cycle)
	if f.mode == "hangs-on-stop" {
		return hanging{s}, err
	}
	return s, err
}

func (f *faulty) Capture(d engine.Device, rate, period int, cycle engine.Cycle) (engine.Stream, error) {
	switch f.mode {
	case "no-microphone":
		return nil, &engine.Failure{Code: engine.Failed, Text: "input/output error"}
	case "dry-microphone":
		cycle = func(pcm []int16, channels int, gap bool) {}
	}
	return f.Backend.Capture(d, rate, period, cycle)
}

// Mixer is a mixer whose earpiece is muted and at 0 at first; 3 % are a dB.
func (f *faulty) Mixer(_ engine.Device, _ *engine.Device, changed func(engine.Mix)) (engine.Mixer, error) {
	switch f.mode {
	case "mixer":
		return &fakeMixer{mix: engine.Mix{Output: &engine.Level{Muted: true}, Input: &engine.Level{Percent: 50, Muted: true}}, changed: changed}, nil
	case "broken-mixer":
		return nil, errors.New("out of order")
	}
	return nil, nil
}

// fakeMixer does all in the goroutine of its caller.
type fakeMixer struct {
	mix     engine.Mix
	changed func(engine.Mix)
}

func (m *fakeMixer) Mix() (engine.Mix, error) { return m.mix, nil }

func (m *fakeMixer) Change(c engine.MixChange) (mended []string, err error) {
	out, in := *m.mix.Output, *m.mix.Input
	if (c.Mend || c.MendOutput) && out.Muted {
		out = engine.Level{Percent: 60}
		mended = append(mended, "the earpiece was at 0")
	}
	if c.Mend && in.Muted {
		in.Muted = false
		mended = append(mended, "the microphone was muted")
	}
	out.Percent += 3 * c.Step
	if c.InputMuted != nil {
		in.Muted = *c.InputMuted
	}
	if c.Step > 20 { // as if another program had muted the microphone
		in.Muted = true
	}
	m.mix = engine.Mix{Output: &out, Input: &in}
	m.changed(m.mix)
	return mended, nil
}

func (m *fakeMixer) Close() {}

type hanging struct{ engine.Stream }

func (hanging) Close() error { select {} }

// tooLong is when something hangs; machines that are busy have pauses.
const tooLong = 30 * time.Second

func testDevice(t *testing.T, mode string, cfg DeviceConfig) (Port, error) {
	t.Helper()
	cfg.Helper = os.Args[0]
	if cfg.Device == "" {
		cfg.Device = "hw:1,0"
	}
	lives := filepath.Join(t.TempDir(), "lives")
	cfg.Env = append(cfg.Env, modeEnv+"="+mode, livesEnv+"="+lives)
	cfg.Logger = slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l := limits{stall: stallLimit, grace: 800 * time.Millisecond, retry: retryFirst}
	if mode != "stalls-once" && mode != "never-begins" {
		// The clock behind these runs without realtime priority: on a busy
		// machine it may well stop for a moment.
		l = limits{stall: 2 * time.Second, grace: graceLimit, retry: retryFirst}
	}
	if mode == "unplugged" {
		l.retry = time.Hour // it is told, or never
	}
	p, err := openDevice(cfg, l)
	if err == nil {
		t.Cleanup(func() { p.Close() })
	}
	return p, err
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func mustDevice(t *testing.T, mode string, cfg DeviceConfig) Port {
	t.Helper()
	p, err := testDevice(t, mode, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// listener is a Process that plays a tone and tells what it hears.
type listener struct {
	mu    sync.Mutex
	gen   tone.Generator
	heard []int16
	calls int
	more  chan struct{} // closed and made anew at each call
}

func newListener(play tone.Tone) *listener {
	l := &listener{more: make(chan struct{})}
	l.gen.Set(play)
	return l
}

func (l *listener) process(mic, ear []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gen.Fill(ear)
	l.heard = append(l.heard, mic...)
	l.calls++
	close(l.more)
	l.more = make(chan struct{})
}

// await waits until what it has heard satisfies ok.
func (l *listener) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tooLong)
	defer cancel()
	for {
		l.mu.Lock()
		done, more := ok(), l.more
		l.mu.Unlock()
		if done {
			return
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// tail reports whether the last n periods heard are dial tone.
func (l *listener) tail(n int) bool {
	if len(l.heard) < n*Period {
		return false
	}
	last := l.heard[len(l.heard)-n*Period:]
	power := tone.Goertzel(last, Rate, 425)
	return power > 0 && 10*math.Log10(power/(32767*32767/2.0)) > -14
}

func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard, l.calls = nil, 0
}
