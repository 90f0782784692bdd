//go:build sound

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offhook/media/sound"
	"offhook/media/sound/engine"
	"offhook/media/tone"
	"offhook/media/wav"
)

type logWriter struct{ t *testing.T }

func (w logWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// both ways to the server: as the library's default device, and by its own protocol.
var ways = []struct {
	name, device string
	env          func(*rig) []string
}{{"by ALSA", "default", (*rig).extra}, {"by its protocol", engine.ServerDevice, (*rig).native}}

func openPort(t *testing.T, r *rig, device string, env []string) sound.Port {
	t.Helper()
	p, err := sound.OpenDevice(sound.DeviceConfig{
		Helper: program, Device: device, Env: env,
		Logger: slog.New(slog.NewTextHandler(logWriter{t}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// player plays a tone and counts.
type player struct {
	gen   tone.Generator
	calls atomic.Int64
	first chan time.Time
}

func newPlayer() *player {
	p := &player{first: make(chan time.Time, 1)}
	p.gen.Set(tone.Dial)
	return p
}

func (p *player) process(mic, ear []int16) {
	if p.calls.Add(1) == 1 {
		p.first <- time.Now()
	}
	p.gen.Fill(ear)
}

// check measures the tone in a recording: its level where it sounds, in dBFS, and the part of the time, 0 to 1, in which
// it does not between its begin and its end.
func check(t *testing.T, path string) (level, gaps float64) {
	t.Helper()
	f, both, err := wav.ReadFile(path, 60*2*sound.Rate)
	if err != nil || f != (wav.Format{Rate: sound.Rate, Channels: 2}) {
		t.Fatalf("%v %v", f, err)
	}
	left, right := make([]int16, len(both)/2), make([]int16, len(both)/2)
	for i := range left {
		left[i], right[i] = both[2*i], both[2*i+1]
	}
	if l, r := tone.Level(left), tone.Level(right); math.Abs(l-r) > 0.5 {
		t.Errorf("left %.1f dBFS, right %.1f dBFS", l, r)
	}
	samples := left
	var power []float64
	const n = sound.Rate / 100
	for ; len(samples) >= n; samples = samples[n:] {
		power = append(power, tone.Goertzel(samples[:n], sound.Rate, 425)/(32767*32767/2.0))
	}
	begin, end := 0, len(power)
	for begin < end && power[begin] < 0.001 {
		begin++
	}
	for end > begin && power[end-1] < 0.001 {
		end--
	}
	if end-begin < 50 {
		t.Fatalf("only %d0 ms of tone in %d0 ms", end-begin, len(power))
	}
	power = power[begin+2 : end-2]
	var good []float64
	for _, p := range power {
		if p >= 0.01 {
			good = append(good, p)
		}
	}
	// The median: a window in which a gap begins or ends holds half a tone.
	slices.Sort(good)
	return 10 * math.Log10(good[len(good)/2]), 1 - float64(len(good))/float64(len(power))
}

// What a recording may lack: of a calm machine, and, after some tries, of one that stands still for tenths of a second
// again and again, as shared ones do. There the tone is torn, but it is there, and as loud as it should be.
const (
	calmGaps = 0.1
	tornGaps = 0.7
)

func TestToneThroughPipeWire(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			r := newRig(t)
			p := openPort(t, r, way.device, way.env(r))
			t.Logf("idle: PSS %s", pss(p.Info().HelperPID))
			pl := newPlayer()
			start := time.Now()
			if err := p.Start(pl.process); err != nil {
				t.Fatal(err)
			}
			opened := time.Since(start)
			first := (<-pl.first).Sub(start)
			before := cpu(t, p.Info().HelperPID)
			level, gaps := 0.0, 1.0
			for try := 0; try < 4 && gaps > calmGaps; try++ {
				level, gaps = check(t, r.record(4*time.Second))
				used := cpu(t, p.Info().HelperPID) - before
				t.Logf("opened in %v, first period after %v, level %.2f dBFS, %.0f %% gaps, helper CPU %v", opened, first, level, 100*gaps, used)
			}
			info := p.Info()
			t.Logf("%+v; PSS %s", info, pss(info.HelperPID))
			if math.Abs(level-(-13.14)) > 1 {
				t.Errorf("level %.2f dBFS, want -13.1", level)
			}
			if gaps > tornGaps {
				t.Errorf("%.0f %% of the tone are missing", 100*gaps)
			}
			stopping := time.Now()
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
			t.Logf("stopped in %v", time.Since(stopping))
			for range 3 { // and again
				pl := newPlayer()
				start := time.Now()
				if err := p.Start(pl.process); err != nil {
					t.Fatal(err)
				}
				t.Logf("first period %v after Start", (<-pl.first).Sub(start))
				if err := p.Stop(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestSoundServerKilledInACall(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			r := newRig(t)
			p := openPort(t, r, way.device, way.env(r))
			pl := newPlayer()
			if err := p.Start(pl.process); err != nil {
				t.Fatal(err)
			}
			<-pl.first
			r.record(time.Second)

			r.down()
			killed := time.Now()
			select {
			case err := <-p.Err():
				t.Logf("noticed after %v: %v", time.Since(killed), err)
			case <-time.After(20 * time.Second):
				t.Fatal("the death of the sound server was not noticed")
			}
			// Process goes on without a server.
			calls := pl.calls.Load()
			r.await("Process to go on", func() bool { return pl.calls.Load() > calls+50 })

			r.up()
			back := time.Now()
			r.await("sound", func() bool { return p.Info().State == sound.Running })
			t.Logf("running %v after the server was ready", time.Since(back))
			level, gaps := check(t, r.record(2*time.Second))
			t.Logf("level %.2f dBFS, %.0f %% gaps, %+v", level, 100*gaps, p.Info())
			if math.Abs(level-(-13.14)) > 1 || gaps > tornGaps {
				t.Errorf("level %.2f dBFS, want -13.1, with %.0f %% of it missing", level, 100*gaps)
			}

			r.down()
			stopping := time.Now()
			done := make(chan error, 1)
			go func() { done <- errors.Join(p.Stop(), p.Close()) }()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(time.Minute):
				t.Fatal("without its server the sound device does not stop")
			}
			t.Logf("stopped without a server in %v", time.Since(stopping))
		})
	}
}

// cpu returns the processor time a process has used.
func cpu(t *testing.T, pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')'):]))
	user, _ := strconv.Atoi(f[12])
	system, _ := strconv.Atoi(f[13])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func pss(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "?"
}
