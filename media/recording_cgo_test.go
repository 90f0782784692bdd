//go:build cgo

package media

import (
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
)

func TestACallIsRecordedToOpusAndPlayedIntoAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.opus")
	synctest.Test(t, func(t *testing.T) {
		a, b, _, _ := call(t, codec.G722, nil)
		must(t, a.Record(path, false))
		one := periods(200)
		run(200, func(i int) {
			a.Push(one[i])
			b.Push(nil)
			drain(b)
			synctest.Wait()
			drain(a)
		})
		if file, err := a.StopRecording(); file != path || err != nil {
			t.Error(file, err)
		}
	})
	got, err := ReadSound(path, time.Minute)
	if err != nil || len(got) != 2*sound.Rate {
		t.Fatalf("%d samples of 2 s, %v", len(got), err)
	}
	if dB, lag := voice.SNR(spoken()[:sound.Rate], got, 100); dB < 8 {
		t.Errorf("left is what was said to %.1f dB at a lag of %d", dB, lag)
	}
	if _, err := ReadSound(path, time.Second); err == nil || !strings.Contains(err.Error(), "longer than 1 s") {
		t.Errorf("2 s where 1 s is the most: %v", err)
	}
}

func TestARecordingOfAnUnknownKindIsRefusedAndLeavesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.mp3")
	if _, err := newRecording(path); err == nil || !strings.Contains(err.Error(), ".wav or .opus") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was left")
	}
}

func TestAnOpusFileIsARinger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bell.opus")
	r, err := newRecording(path)
	must(t, err)
	for i := range 50 {
		r.said(spoken()[i*sound.Period:][:sound.Period])
		r.heard(nil)
	}
	must(t, r.Close())
	bell, err := ReadSound(path, 30*time.Second)
	must(t, err)
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		e := NewEndpoint(port, EndpointConfig{Ringer: bell})
		defer e.Close()
		e.Set(Plan{Ring: tone.Ring})
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if heard := port.heard(); voice.RMS(heard) < 300 {
			t.Errorf("it rings at RMS %.0f", voice.RMS(heard))
		}
	})
}
