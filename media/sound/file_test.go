package sound

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/tone"
	"offhook/media/wav"
)

func sine(rate int, hz float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

func writeWAV(t *testing.T, f wav.Format, samples []int16) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "play.wav")
	if err := wav.WriteFile(path, f, samples); err != nil {
		t.Fatal(err)
	}
	return path
}

func openFile(t *testing.T, cfg FileConfig) Port {
	t.Helper()
	p, err := OpenFile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func recorded(t *testing.T, path string) []int16 {
	t.Helper()
	f, samples, err := wav.ReadFile(path, 100*Rate)
	if err != nil || f != (wav.Format{Rate: Rate, Channels: 1}) {
		t.Fatalf("the record: %v %v", f, err)
	}
	return samples
}

func TestFilePortKeepsRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out.wav")
		p := openFile(t, FileConfig{Record: out})
		start := time.Now()
		var calls []time.Duration
		if err := p.Start(func(mic, ear []int16) {
			if len(mic) != Period || len(ear) != Period {
				t.Errorf("%d and %d samples", len(mic), len(ear))
			}
			calls = append(calls, time.Since(start))
			if len(calls) == 20 {
				time.Sleep(45 * time.Millisecond) // a stall of four and a half periods
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(995 * time.Millisecond)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if len(calls) != 100 {
			t.Fatalf("%d calls in 995 ms, want 100", len(calls))
		}
		for i, at := range calls {
			due := time.Duration(i) * periodTime
			switch {
			case i >= 20 && i <= 23: // made up at once after the stall
				if at != 235*time.Millisecond {
					t.Errorf("call %d at %v, want right after the stall", i, at)
				}
			case at != due:
				t.Errorf("call %d at %v, want %v", i, at, due)
			}
		}
		if got := len(recorded(t, out)); got != 100*Period {
			t.Errorf("%d samples recorded, want %d", got, 100*Period)
		}
		if info := p.Info(); info.Periods != 100 || info.Running || info.State != Stopped {
			t.Errorf("info %+v", info)
		}
	})
}

func TestFilePortLeavesAGapAfterALongStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out.wav")
		p := openFile(t, FileConfig{Record: out})
		calls := 0
		p.Start(func(mic, ear []int16) {
			if calls++; calls == 10 {
				time.Sleep(10 * time.Second)
			}
			ear[0] = 1
		})
		time.Sleep(11 * time.Second)
		p.Stop()
		if got := len(recorded(t, out)) / Period; got != 1101 && got != 1100 {
			t.Errorf("%d periods recorded in 11 s", got)
		}
		if calls > 250 {
			t.Errorf("%d calls, the lost time was made up in a burst", calls)
		}
		if lost := p.Info().Lost; lost < 900 || int(lost)+calls < 1100 {
			t.Errorf("%d periods lost", lost)
		}
	})
}

func TestMicrophoneHearsTheFileAtAnyRate(t *testing.T) {
	for _, f := range []wav.Format{{Rate: 8000, Channels: 1}, {Rate: 16000, Channels: 2}, {Rate: 24000, Channels: 1}, {Rate: 48000, Channels: 2}, {Rate: 44100, Channels: 2}, {Rate: 22050, Channels: 1}, {Rate: 11025, Channels: 1}} {
		synctest.Test(t, func(t *testing.T) {
			var in []int16
			for _, s := range sine(f.Rate, 440, f.Rate/2) {
				for range f.Channels {
					in = append(in, s)
				}
			}
			p := openFile(t, FileConfig{Play: writeWAV(t, f, in)})
			var heard []int16
			p.Start(func(mic, ear []int16) { heard = append(heard, mic...) })
			time.Sleep(995 * time.Millisecond)
			p.Stop()
			if len(heard) != Rate {
				t.Fatalf("%v: %d samples", f, len(heard))
			}
			level := 10 * math.Log10(tone.Goertzel(heard[Rate/100:Rate*49/100], Rate, 440)/(10000*10000/2.0))
			if math.Abs(level) > 0.1 {
				t.Errorf("%v: 440 Hz is off by %.2f dB", f, level)
			}
			if tail := tone.Level(heard[Rate*51/100:]); tail > -95 {
				t.Errorf("%v: %.0f dBFS after the end of the file", f, tail)
			}
		})
	}
}

func TestLoopBeginsAgainWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 440 Hz for 0.25 s is 110 whole waves, so the joint is seamless.
		p := openFile(t, FileConfig{Play: writeWAV(t, wav.Format{Rate: Rate, Channels: 1}, sine(Rate, 440, Rate/4)), Loop: true})
		var heard []int16
		p.Start(func(mic, ear []int16) { heard = append(heard, mic...) })
		time.Sleep(1995 * time.Millisecond)
		p.Stop()
		want := sine(Rate, 440, 2*Rate)
		for i := range heard {
			if d := int(heard[i]) - int(want[i]); d < -1 || d > 1 {
				t.Fatalf("sample %d is %d, want %d", i, heard[i], want[i])
			}
		}
	})
}

func TestAnEmptyFileDoesNotLoopForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openFile(t, FileConfig{Play: writeWAV(t, wav.Format{Rate: 8000, Channels: 1}, nil), Loop: true})
		calls := 0
		p.Start(func(mic, ear []int16) { calls++ })
		time.Sleep(95 * time.Millisecond)
		p.Stop()
		if calls != 10 {
			t.Errorf("%d calls", calls)
		}
	})
}

func TestRecordGoesOnAfterStopAndStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out.wav")
		p := openFile(t, FileConfig{Record: out})
		var want []int16
		for round := range 3 {
			if err := p.Start(func(mic, ear []int16) {
				for i := range ear {
					ear[i] = int16(1000*round + i)
				}
				want = append(want, ear...)
			}); err != nil {
				t.Fatal(err)
			}
			if err := p.Start(func(mic, ear []int16) {}); !errors.Is(err, ErrRunning) {
				t.Errorf("second Start: %v", err)
			}
			time.Sleep(55 * time.Millisecond)
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(recorded(t, out), want) {
				t.Fatalf("round %d: the record differs from what was played", round)
			}
			time.Sleep(time.Second) // left out of the record
		}
		if err := p.Stop(); err != nil {
			t.Errorf("stopping again: %v", err)
		}
		if err := errors.Join(p.Close(), p.Close()); err != nil {
			t.Error(err)
		}
		if err := p.Start(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Start after Close: %v", err)
		}
		if _, open := <-p.Err(); open {
			t.Error("Err is not closed")
		}
	})
}

func TestAFullDiskEndsTheRecordNotTheCall(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	synctest.Test(t, func(t *testing.T) {
		p := &filePort{log: discard(), errs: newReports()}
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		if p.record, err = wav.NewWriter(headerOnly{full}, wav.Format{Rate: Rate, Channels: 1}); err != nil {
			t.Fatal(err)
		}
		calls := 0
		p.Start(func(mic, ear []int16) { calls++ })
		time.Sleep(2995 * time.Millisecond)
		p.Close()
		if calls != 300 {
			t.Errorf("%d calls", calls)
		}
		var got []error
		for err := range p.Err() {
			got = append(got, err)
		}
		if len(got) != 1 || !strings.Contains(got[0].Error(), "no space") {
			t.Errorf("reports: %v", got)
		}
	})
}

// headerOnly lets the header through, which /dev/full would refuse.
type headerOnly struct{ *os.File }

func (h headerOnly) Write(b []byte) (int, error) {
	if len(b) == 44 {
		return len(b), nil
	}
	return h.File.Write(b)
}

func TestOpenFileSaysWhatIsWrong(t *testing.T) {
	odd := writeWAV(t, wav.Format{Rate: 44101, Channels: 1}, make([]int16, 10))
	for _, c := range []struct {
		cfg  FileConfig
		want string
	}{
		{FileConfig{Play: "/nowhere/in.wav"}, "/nowhere/in.wav"},
		{FileConfig{Record: "/nowhere/out.wav"}, "/nowhere/out.wav"},
		{FileConfig{Play: odd}, "44101 Hz; use 8000"},
		{FileConfig{Play: "/dev/null"}, "header"},
	} {
		if _, err := OpenFile(c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}

func TestReportsKeepTheNewest(t *testing.T) {
	r := newReports()
	for i := range 20 {
		r.add(errors.New(string(rune('a' + i))))
	}
	r.close()
	r.add(errors.New("late"))
	var got strings.Builder
	for err := range r.c {
		got.WriteString(err.Error())
	}
	if got.String() != "mnopqrst" {
		t.Errorf("kept %q", got.String())
	}
}
