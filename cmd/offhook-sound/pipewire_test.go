//go:build sound

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/media/wav"
)

type logWriter struct{ t *testing.T }

func (w logWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func openPort(t *testing.T, r *rig, device string) sound.Port {
	t.Helper()
	p, err := sound.OpenDevice(sound.DeviceConfig{
		Helper: program, Device: device, Env: r.extra(),
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

// check measures the tone in a recording and counts gaps in it.
func check(t *testing.T, path string) (level float64, gaps int) {
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
	sum, good := 0.0, 0
	for _, p := range power[begin+2 : end-2] {
		if p < 0.01 {
			gaps++
			continue
		}
		sum += p
		good++
	}
	return 10 * math.Log10(sum/float64(good)), gaps
}

func TestToneThroughPipeWire(t *testing.T) {
	r := newRig(t)
	p := openPort(t, r, "")
	t.Logf("idle: PSS %s", pss(p.Info().HelperPID))
	pl := newPlayer()
	start := time.Now()
	if err := p.Start(pl.process); err != nil {
		t.Fatal(err)
	}
	opened := time.Since(start)
	first := (<-pl.first).Sub(start)
	before := cpu(t, p.Info().HelperPID)
	path := r.record(4 * time.Second)
	used := cpu(t, p.Info().HelperPID) - before
	level, gaps := check(t, path)
	info := p.Info()
	t.Logf("opened in %v, first period after %v, level %.2f dBFS, %d gaps of 10 ms in 4 s, helper CPU %v", opened, first, level, gaps, used)
	t.Logf("%+v; PSS %s", info, pss(info.HelperPID))
	if math.Abs(level-(-13.14)) > 1 {
		t.Errorf("level %.2f dBFS, want -13.1", level)
	}
	if gaps > 40 { // a tenth: machines that test are busy ones
		t.Errorf("%d gaps in 4 s", gaps)
	}
	if info.MicGaps > 50 || info.Restarts != 0 {
		t.Errorf("%+v", info)
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
}

func TestSoundServerKilledInACall(t *testing.T) {
	r := newRig(t)
	p := openPort(t, r, "default")
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
		if time.Since(killed) > time.Second {
			t.Error("noticed too late")
		}
	case <-time.After(5 * time.Second):
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
	t.Logf("level %.2f dBFS, %d gaps in 2 s, %+v", level, gaps, p.Info())

	r.down()
	stopping := time.Now()
	if err := errors.Join(p.Stop(), p.Close()); err != nil {
		t.Error(err)
	}
	if took := time.Since(stopping); took > 3*time.Second {
		t.Errorf("stopping without a server took %v", took)
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
