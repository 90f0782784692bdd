package phone

import (
	"path/filepath"
	"testing"
	"time"

	"offhook/media/measure"
	"offhook/media/sound"
	"offhook/media/wav"
	"offhook/phone/control"
)

func TestACallIsRecordedAndAFilePlayedIntoIt(t *testing.T) {
	dir := t.TempDir()
	path, hello := filepath.Join(dir, "call.wav"), filepath.Join(dir, "hello.wav")
	tone := make([]int16, sound.Rate)
	for i := range tone {
		tone[i] = int16(8000 * (i / 24 % 2)) // 1 kHz
	}
	must(t, wav.WriteFile(hello, wav.Format{Rate: sound.Rate, Channels: 1}, tone))
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		for _, wrong := range [][]string{{}, {"file=" + path, "stop=true"}, {"file=relative.wav"}, {"stop=true"}, {"file=" + path, "call=none"}, {"file=" + filepath.Join(dir, "none", "x.wav")}} {
			if err := a.do(control.VerbRecord, wrong...); err == nil {
				t.Errorf("record %v was done", wrong)
			}
		}
		must(t, a.do(control.VerbRecord, "file="+path))
		w.pass(3 * time.Second)
		if c := a.phone.Status().Calls[0]; c.Recording != path {
			t.Errorf("the status says it is recorded to %q", c.Recording)
		}
		must(t, a.do(control.VerbMute, "on=true"))
		w.pass(time.Second)
		must(t, a.do(control.VerbPlay, "file="+hello))
		w.pass(500 * time.Millisecond)
		if _, ear := b.ear.last(200 * time.Millisecond); thin == 1 && measure.Level(ear) < -30 {
			t.Errorf("the file is heard at %.0f dBFS", measure.Level(ear))
		}
		w.pass(time.Second)
		must(t, a.do(control.VerbRecord, "stop=true"))
		if c := a.phone.Status().Calls[0]; c.Recording != "" {
			t.Errorf("stopped, and recorded to %q", c.Recording)
		}
	})
	format, samples, err := wav.ReadFile(path, 1<<22)
	if err != nil || format.Channels != 2 || thin == 1 && len(samples) < 4*2*16000 {
		t.Errorf("%+v, %d samples, %v", format, len(samples), err)
	}
}
