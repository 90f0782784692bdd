//go:build linux

package sound

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/media/tone"
)

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
		if err := trouble(p); !strings.Contains(err.Error(), "sound was lost") {
			t.Errorf("report: %v", err)
		}
		noticed := time.Since(killed)
		l.await(t, "sound after the kill", func() bool { return l.tail(5) })
		took := time.Since(killed)
		if err := <-p.Err(); err != nil {
			t.Errorf("sound is back, and what is told is %v", err)
		}
		t.Logf("noticed after %v, tone heard again (50 ms of it) after %v", noticed, took)
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
	if err := trouble(p); !strings.Contains(err.Error(), "sound was lost") {
		t.Errorf("first report: %v", err)
	}
	if err := trouble(p); !errors.Is(err, ErrBusy) {
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
	if err := trouble(p); !errors.Is(err, ErrStalled) {
		t.Errorf("report: %v", err)
	}
	l.forget()
	l.await(t, "sound after the stall", func() bool { return l.tail(10) })
	if info := p.Info(); info.Restarts != 1 {
		t.Errorf("%+v", info)
	}
}

func TestSoundIsBackWhenItIsToldThatTheCardIs(t *testing.T) {
	card := filepath.Join(t.TempDir(), "card")
	plug := func() {
		t.Helper()
		if err := os.WriteFile(card, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plug()
	p := mustDevice(t, "unplugged", DeviceConfig{Env: []string{cardEnv + "=" + card}})
	p.Retry() // of no effect while nothing is wrong
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		l.await(t, "sound", func() bool { return l.tail(5) })
		if err := os.Remove(card); err != nil {
			t.Fatal(err)
		}
		proc, _ := os.FindProcess(p.Info().HelperPID)
		proc.Kill() // as the kernel does when its thread spins
		if err := trouble(p); !strings.Contains(err.Error(), "sound was lost") {
			t.Errorf("first report: %v", err)
		}
		if err := trouble(p); !errors.Is(err, ErrNoDevice) {
			t.Errorf("second report: %v", err)
		}
		plug()
		l.forget()
		p.Retry()
	}
	l.await(t, "sound", func() bool { return l.tail(5) })
	if info := p.Info(); info.State != Running {
		t.Errorf("%+v", info)
	}
}

// As PortAudio does when a card is unplugged, with realtime priority where that is
// permitted.
func TestADeviceThreadThatSpinsIsReplaced(t *testing.T) {
	p := mustDevice(t, "spins-once", DeviceConfig{})
	l := newListener(tone.Dial)
	if err := p.Start(l.process); err != nil {
		t.Fatal(err)
	}
	if err := trouble(p); !strings.Contains(err.Error(), "sound was lost") {
		t.Errorf("report: %v", err)
	}
	l.forget()
	l.await(t, "sound after the spin", func() bool { return l.tail(10) })
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
	if err := trouble(p); !errors.Is(err, ErrStalled) {
		t.Errorf("report: %v", err)
	}
	start := time.Now()
	if err := p.Close(); err != nil || time.Since(start) > tooLong {
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
		if took := time.Since(start); took > tooLong {
			t.Errorf("Stop took %v", took)
		}
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
	deadline := time.Now().Add(tooLong)
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

// trouble is the next that the port tells but that sound is back.
func trouble(p Port) error {
	for err := range p.Err() {
		if err != nil {
			return err
		}
	}
	return nil
}
