//go:build linux

package sound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
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
}

func (f *faulty) Devices(refresh bool) ([]engine.Device, error) {
	fmt.Println("noise of a library on standard output")
	if f.mode == "no-devices" {
		return nil, nil
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
	case f.mode == "stalls-once" && f.life == 1:
		left := 30
		inner := cycle
		cycle = func(pcm []int16, channels int, gap bool) {
			if left--; left >= 0 {
				inner(pcm, channels, gap)
			}
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

type hanging struct{ engine.Stream }

func (hanging) Close() error { select {} }

func testDevice(t *testing.T, mode string, cfg DeviceConfig) (Port, error) {
	t.Helper()
	cfg.Helper = os.Args[0]
	if cfg.Device == "" {
		cfg.Device = "hw:1,0"
	}
	lives := filepath.Join(t.TempDir(), "lives")
	cfg.Env = append(cfg.Env, modeEnv+"="+mode, livesEnv+"="+lives)
	cfg.Logger = slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l := limits{stall: stallLimit, grace: 800 * time.Millisecond}
	if mode != "stalls-once" && mode != "never-begins" {
		// The clock behind these runs without realtime priority: on a busy
		// machine it may well stop for a moment.
		l = limits{stall: 2 * time.Second, grace: graceLimit}
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
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

func TestDeviceCarriesSoundBothWays(t *testing.T) {
	for _, mode := range []string{"fine", "8k"} {
		t.Run(mode, func(t *testing.T) {
			p := mustDevice(t, mode, DeviceConfig{})
			if info := p.Info(); info.State != Stopped || info.HelperPID == 0 || info.Device != "Card: USB Audio (hw:1,0)" {
				t.Errorf("before: %+v", info)
			}
			for range 3 {
				l := newListener(tone.Dial)
				if err := p.Start(l.process); err != nil {
					t.Fatal(err)
				}
				if err := p.Start(l.process); !errors.Is(err, ErrRunning) {
					t.Errorf("second Start: %v", err)
				}
				l.await(t, "the tone to come back", func() bool { return l.tail(20) })
				if err := p.Stop(); err != nil {
					t.Fatal(err)
				}
				l.mu.Lock()
				calls := l.calls
				l.mu.Unlock()
				if err := p.Stop(); err != nil {
					t.Error(err)
				}
				if l.calls != calls {
					t.Error("Process was called after Stop")
				}
			}
			info := p.Info()
			want := map[string]int{"fine": 48000, "8k": 8000}[mode]
			if info.Rate != want || info.State != Stopped || info.Restarts != 0 || info.Periods < 60 {
				t.Errorf("after: %+v", info)
			}
			t.Logf("%+v", info)
		})
	}
}

func TestLoopbackDelayIsExact(t *testing.T) {
	p := mustDevice(t, "fine", DeviceConfig{Device: engine.LoopbackDevice})
	took := make(chan int, 100)
	n := 0
	if err := p.Start(func(mic, ear []int16) {
		// Every 20th period is marked with its number; on a busy machine some
		// marks are late and dropped.
		if n++; n%20 == 0 {
			ear[0] = int16(n)
		}
		for _, s := range mic {
			if s != 0 {
				took <- n - int(s)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-took:
		p.Stop()
		// One period for the ring (made in n, played in n+1) and one for the
		// loopback (heard in n+2); a busy machine may have widened the ring.
		if ahead := p.Info().Ahead; got < 2 || got > 1+ahead {
			t.Errorf("%d periods there and back with %d ahead", got, ahead)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came back")
	}
}

func TestKilledHelperIsReplacedAndSoundGoesOn(t *testing.T) {
	p := mustDevice(t, "fine", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		l.await(t, "sound", func() bool { return l.tail(10) })
		old := p.Info().HelperPID
		proc, err := os.FindProcess(old)
		if err != nil {
			t.Fatal(err)
		}
		l.forget()
		killed := time.Now()
		proc.Kill()
		if err := <-p.Err(); !strings.Contains(err.Error(), "sound was lost") {
			t.Errorf("report: %v", err)
		}
		noticed := time.Since(killed)
		l.await(t, "sound after the kill", func() bool { return l.tail(5) })
		took := time.Since(killed)
		t.Logf("noticed after %v, tone heard again (50 ms of it) after %v", noticed, took)
		if took > 2*time.Second {
			t.Errorf("sound took %v to come back", took)
		}
		if now := p.Info().HelperPID; now == old || now == 0 {
			t.Errorf("helper %d after %d", now, old)
		}
	}
	if info := p.Info(); info.Restarts != 3 || info.State != Running {
		t.Errorf("%+v", info)
	}
}

func TestACallGoesOnWhileTheDeviceIsAway(t *testing.T) {
	p := mustDevice(t, "busy-later", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	l.await(t, "sound", func() bool { return l.tail(5) })
	proc, _ := os.FindProcess(p.Info().HelperPID)
	proc.Kill()
	if err := <-p.Err(); !strings.Contains(err.Error(), "sound was lost") {
		t.Errorf("first report: %v", err)
	}
	if err := <-p.Err(); !errors.Is(err, ErrBusy) {
		t.Errorf("second report: %v", err)
	}
	l.forget()
	l.await(t, "Process to be called by the clock", func() bool { return l.calls > 60 })
	l.mu.Lock()
	if level := tone.Level(l.heard); level > -95 {
		t.Errorf("the microphone of no device gives %.0f dBFS", level)
	}
	l.mu.Unlock()
	if info := p.Info(); info.State != Restarting || !info.Running {
		t.Errorf("%+v", info)
	}
	select {
	case err := <-p.Err():
		t.Errorf("the same trouble was told again: %v", err)
	default:
	}
	if err := p.Stop(); err != nil || p.Info().State != Stopped {
		t.Errorf("Stop: %v, %+v", err, p.Info())
	}
}

func TestStalledDeviceIsReplaced(t *testing.T) {
	p := mustDevice(t, "stalls-once", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	if err := <-p.Err(); !errors.Is(err, ErrStalled) {
		t.Errorf("report: %v", err)
	}
	l.forget()
	l.await(t, "sound after the stall", func() bool { return l.tail(10) })
	if info := p.Info(); info.Restarts != 1 {
		t.Errorf("%+v", info)
	}
}

func TestDeviceThatNeverBeginsIsRetriedAndCanBeStopped(t *testing.T) {
	p := mustDevice(t, "never-begins", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	if err := <-p.Err(); !errors.Is(err, ErrStalled) {
		t.Errorf("report: %v", err)
	}
	start := time.Now()
	if err := p.Close(); err != nil || time.Since(start) > 2*time.Second {
		t.Errorf("Close: %v after %v", err, time.Since(start))
	}
}

func TestHangingStopIsCutShort(t *testing.T) {
	p := mustDevice(t, "hangs-on-stop", DeviceConfig{})
	for range 2 {
		l := newListener(tone.Dial)
		if err := p.Start(l.process); err != nil {
			t.Fatal(err)
		}
		l.await(t, "sound", func() bool { return l.tail(10) })
		start := time.Now()
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Stop took %v", took)
		}
	}
}

func TestBurstsWidenTheDistance(t *testing.T) {
	p := mustDevice(t, "bursts", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	l.await(t, "a wider distance", func() bool { return p.Info().Ahead > 1 })
	// Without it every other period is late. On a busy machine others are as
	// well, so it is a stretch without any that is awaited.
	var calls int
	var late uint64
	l.await(t, "30 periods in a row in time", func() bool {
		if now := p.Info().Underruns; now != late || calls == 0 {
			late, calls = now, l.calls
		}
		return l.calls-calls >= 30
	})
}

func TestTroubleWithTheMicrophoneIsTold(t *testing.T) {
	for _, mode := range []string{"no-microphone", "dry-microphone"} {
		t.Run(mode, func(t *testing.T) {
			if mode == "dry-microphone" && testing.Short() {
				t.Skip("takes 5 s")
			}
			p := mustDevice(t, mode, DeviceConfig{})
			l := newListener(tone.Dial)
			if err := p.Start(l.process); err != nil {
				t.Fatal(err)
			}
			if err := <-p.Err(); !errors.Is(err, ErrNoCapture) {
				t.Errorf("report: %v", err)
			}
			calls := 0
			l.await(t, "the earpiece to go on", func() bool { calls = l.calls; return calls > 5 })
		})
	}
}

func TestLossWhileIdleIsMendedAtTheNextStart(t *testing.T) {
	p := mustDevice(t, "fine", DeviceConfig{})
	proc, _ := os.FindProcess(p.Info().HelperPID)
	proc.Kill()
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	l.await(t, "sound", func() bool { return l.tail(10) })
}

func TestDevicePluggedInLaterIsFound(t *testing.T) {
	p := mustDevice(t, "late-device", DeviceConfig{Device: engine.LoopbackDevice})
	p.(*devicePort).cfg.Device = "hw:1,0" // as if it had been there when opened
	p.(*devicePort).opened = false
	if err := p.Start(newListener(tone.Dial).process); err != nil {
		t.Error(err)
	}
}

func TestOpenDeviceSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		mode string
		cfg  DeviceConfig
		is   error
		text string
	}{
		{"fine", DeviceConfig{Device: "hw:7,0"}, ErrNoDevice, `there is: "loopback", "Card: USB Audio (hw:1,0)"`},
		{"fine", DeviceConfig{Device: "Bluetooth"}, ErrNoDevice, "Bluetooth"},
		{"no-devices", DeviceConfig{}, ErrNoDevice, "no sound device was found at all"},
		{"exits", DeviceConfig{}, errHelper, "cannot connect to server"},
		{"nonsense", DeviceConfig{}, errHelper, "ended"},
	} {
		t.Run(c.mode+" "+c.cfg.Device, func(t *testing.T) {
			_, err := testDevice(t, c.mode, c.cfg)
			if !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("error %v\nwant %v with %q", err, c.is, c.text)
			}
		})
	}
	_, err := OpenDevice(DeviceConfig{Helper: "/nowhere/offhook-sound"})
	if !errors.Is(err, ErrNoHelper) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nowhere/offhook-sound") {
		t.Errorf("missing helper: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := OpenDevice(DeviceConfig{}); !errors.Is(err, ErrNoHelper) || !strings.Contains(err.Error(), "go build") {
		t.Errorf("no helper anywhere: %v", err)
	}
}

func TestBusyDeviceCanBeTriedAgain(t *testing.T) {
	p := mustDevice(t, "busy", DeviceConfig{})
	for range 2 {
		if err := p.Start(newListener(tone.Dial).process); !errors.Is(err, ErrBusy) {
			t.Errorf("Start: %v", err)
		}
		if info := p.Info(); info.State != Stopped || info.Running {
			t.Errorf("%+v", info)
		}
	}
}

func TestClosedDevice(t *testing.T) {
	p := mustDevice(t, "fine", DeviceConfig{})
	pid := p.Info().HelperPID
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := errors.Join(p.Close(), p.Close(), p.Stop()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := p.Start(l.process); !errors.Is(err, ErrClosed) {
		t.Errorf("Start: %v", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the sound process %d is still there (%v)", pid, err)
	}
	if info := p.Info(); info.State != Closed || info.Running || info.HelperPID != 0 {
		t.Errorf("%+v", info)
	}
}

// The sound process must end when the program is killed, even while running.
func TestHelperEndsWithTheProgram(t *testing.T) {
	if os.Getenv("OFFHOOK_SOUND_TEST_PARENT") != "" {
		p, err := testDevice(t, "hangs-on-stop", DeviceConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(func(mic, ear []int16) {}); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("pid %d\n", p.Info().HelperPID)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperEndsWithTheProgram$")
	cmd.Env = append(os.Environ(), "OFFHOOK_SOUND_TEST_PARENT=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(out, "pid %d\n", &pid); err != nil || pid == 0 {
		cmd.Process.Kill()
		t.Fatal("no sound process", err)
	}
	// The helper has our pipe as nothing, so its end shows by its /proc entry.
	cmd.Process.Kill()
	cmd.Wait()
	deadline := time.Now().Add(3 * time.Second)
	for {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sound process %d outlives the program: %s", pid, b)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		<-ctx.Done()
		cancel()
	}
}
