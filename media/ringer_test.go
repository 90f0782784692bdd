package media

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/internal/voice"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/media/wav"
)

func TestARecordingRingsOverAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newFakePort()
		jingle := voice.Make(sound.Rate, sound.Rate, 1)
		e := NewEndpoint(port, EndpointConfig{Ringer: jingle})
		defer e.Close()
		e.Set(Plan{Tone: tone.Ring})
		time.Sleep(6505 * time.Millisecond) // 1 s, 2 s of pause, 1 s, 2 s
		e.Set(Plan{})
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		heard := port.heard()
		for s, loud := range []bool{true, false, false, true, false, false} {
			part := heard[s*sound.Rate+4800 : (s+1)*sound.Rate-4800]
			if rms := voice.RMS(part); (rms > 500) != loud {
				t.Errorf("second %d: RMS %.0f", s, rms)
			}
		}
		if !silent(heard[len(heard)-960:]) {
			t.Error("it rings on")
		}
		if steps(heard) > 2*steps(jingle) {
			t.Errorf("a step of %d where it stops; %d in the recording", steps(heard), steps(jingle))
		}
	})
}

func TestTonesAreThoseOfTheCountry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, err := tone.Country("us")
		must(t, err)
		port := newFakePort()
		e := NewEndpoint(port, EndpointConfig{Tones: plan})
		defer e.Close()
		e.Set(Plan{Tone: tone.Dial})
		time.Sleep(505 * time.Millisecond)
		found := tone.Detect(plan, port.heard(), sound.Rate)
		if len(found) != 1 || found[0].Tone != tone.Dial {
			t.Errorf("%+v", found)
		}
	})
}

func TestReadSound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.wav")
	w, err := wav.Create(path, wav.Format{Rate: 44100, Channels: 2})
	must(t, err)
	stereo := make([]int16, 2*44100)
	for i, s := range voice.Make(44100, 44100, 2) {
		stereo[2*i] = s
	}
	must(t, w.Write(stereo))
	must(t, w.Close())
	x, err := ReadSound(path, 2*time.Second)
	if err != nil || len(x) != sound.Rate || voice.RMS(x) < 500 {
		t.Errorf("%d samples, %v", len(x), err)
	}
	if _, err := ReadSound(path, 500*time.Millisecond); err == nil {
		t.Error("a file that is too long was read")
	}
	if _, err := ReadSound(path+"x", time.Second); err == nil {
		t.Error("no file was read")
	}
}
