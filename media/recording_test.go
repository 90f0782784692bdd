package media

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/media/wav"
)

func TestACallIsRecordedInStereo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := call(t, codec.G722, nil)
		must(t, a.Record(path, false))
		if err := a.Record(path+"2", false); !errors.Is(err, ErrRecording) {
			t.Errorf("twice at once: %v", err)
		}
		one, two := periods(300), voice.Make(3*sound.Rate, sound.Rate, 9)
		run(200, func(i int) {
			a.Push(one[i])
			b.Push(two[i*sound.Period:][:sound.Period])
			drain(b)
			synctest.Wait()
			drain(a)
		})
		if got := a.Recording(); got != path {
			t.Errorf("records to %q", got)
		}
		if file, err := a.StopRecording(); file != path || err != nil {
			t.Error(file, err)
		}
		if err := a.Record(path, false); err == nil || !errors.Is(err, os.ErrExist) {
			t.Errorf("over a file that is there: %v", err)
		}
	})
	format, x, err := wav.ReadFile(path, 1<<20)
	if err != nil || format.Channels != 2 || format.Rate != RecordingRate {
		t.Fatal(format, err)
	}
	if got := len(x) / 2; got != 2*RecordingRate {
		t.Errorf("%d samples of 2 s", got)
	}
	var said, heard []int16
	for i := 0; i < len(x); i += 2 {
		said, heard = append(said, x[i]), append(heard, x[i+1])
	}
	narrow := func(x []int16) []int16 {
		y := make([]int16, len(x)/3)
		mustResampler(sound.Rate, RecordingRate).Process(y, x)
		return y
	}
	if dB, _ := voice.SNR(narrow(spoken())[:8000], said, 100); dB < 40 {
		t.Errorf("left is what was said to %.0f dB", dB)
	}
	if dB, lag := voice.SNR(narrow(voice.Make(3*sound.Rate, sound.Rate, 9))[16000:24000], heard[16000:], 1600); dB < 12 {
		t.Errorf("right is what was heard to %.0f dB at %d", dB, lag)
	}
}

func TestTheToneOfARecordingIsHeardOnBothSides(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := call(t, codec.PCMU, nil)
		must(t, a.Record(path, true))
		var here, there []int16
		run(1700, func(i int) {
			a.Push(nil)
			b.Push(nil)
			synctest.Wait()
			var p [sound.Period]int16
			a.Pull(p[:])
			here = append(here, p[:]...)
			b.Pull(p[:])
			there = append(there, p[:]...)
		})
		for side, x := range map[string][]int16{"here": here, "there": there} {
			bursts := 0
			for at := 0; at+4800 <= len(x); at += 4800 {
				if tone.Goertzel(x[at:at+4800], sound.Rate, 1400) > 1e5 {
					bursts++
				}
			}
			if bursts < 8 || bursts > 12 { // twice half a second, in tenths
				t.Errorf("%s: %d tenths of a second of tone in 17 s", side, bursts)
			}
		}
	})
}

func TestAFileIsPlayedIntoACallAlsoMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := call(t, codec.L16, nil)
		file := voice.Make(sound.Rate, sound.Rate, 4)
		ended := 0
		a.Play(file, func() { ended++ })
		var heard []int16
		run(150, func(i int) {
			a.Push(nil)
			synctest.Wait()
			var p [sound.Period]int16
			b.Pull(p[:])
			heard = append(heard, p[:]...)
		})
		if dB, lag := voice.SNR(file[9600:16800], heard[9600:], 4800); dB < 6 { // the delay is still finding its place
			t.Errorf("%.0f dB at %d", dB, lag)
		}
		if ended != 1 || !silent(heard[len(heard)-9600:]) {
			t.Errorf("ended %d times, RMS %.0f afterwards", ended, voice.RMS(heard[len(heard)-9600:]))
		}
		a.Play(file, func() { ended++ })
		a.Play(nil, nil)
		synctest.Wait()
		if ended != 2 {
			t.Errorf("one that gave way ended %d times", ended)
		}
	})
}

func TestADiskThatIsFullEndsTheRecordingAndNotTheCall(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "x.wav"))
	must(t, err)
	r := &Recording{path: file.Name(), wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	w, err := wav.NewWriter(new(seeker), wav.Format{Rate: RecordingRate, Channels: 2})
	must(t, err)
	go r.write(file, w, RecordingRate)
	p := make([]int16, sound.Period)
	for range 1000 { // nobody waits, whatever the disk does
		r.said(p)
		r.heard(p)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("%v", err)
	}
}

// seeker takes a header, and then has no space left.
type seeker struct{ n int }

func (s *seeker) Write(b []byte) (int, error) {
	if s.n += len(b); s.n > 4000 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}
func (s *seeker) Seek(int64, int) (int64, error) { return 0, nil }

func TestRecordingAllocatesNothingInThePort(t *testing.T) {
	e, s := loopback(t, codec.PCMU)
	must(t, s.Record(filepath.Join(t.TempDir(), "x.wav"), true))
	s.Play(spoken(), nil)
	mic := periods(64)
	ear := make([]int16, sound.Period)
	i := 0
	period := func() {
		e.process(mic[i%64], ear)
		i++
		time.Sleep(0)
	}
	for range 50 {
		period()
	}
	if n := testing.AllocsPerRun(150, period); n != 0 {
		t.Errorf("%v allocations a period", n)
	}
}
