//go:build linux

package sound

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"offhook/media/sound/engine"
	"offhook/media/tone"
)

func TestDeviceCarriesSoundBothWays(t *testing.T) {
	for _, mode := range []string{"fine", "8k", "44k1"} {
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
			want := map[string]int{"fine": 48000, "8k": 8000, "44k1": 44100}[mode]
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
	case <-time.After(tooLong):
		t.Fatal("nothing came back")
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
			select {
			case err := <-p.Err():
				if !errors.Is(err, ErrNoCapture) {
					t.Errorf("report: %v", err)
				}
			case <-time.After(2 * time.Minute):
				t.Fatal("nothing is said")
			}
			calls := 0
			l.await(t, "the earpiece to go on", func() bool { calls = l.calls; return calls > 5 })
		})
	}
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
		{"no-devices", DeviceConfig{Device: "Headset"}, ErrNoDevice, "no sound device was found at all"},
		{"no-devices", DeviceConfig{}, ErrNoDevice, "there is no sound output hw:1,0: it is not plugged in"},
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
	if took := time.Since(start); took > tooLong {
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
