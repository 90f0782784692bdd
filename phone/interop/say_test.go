//go:build peers && linux

package interop

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/phone/interop/speech"
)

// Two speakers with different texts, so that a recording of the wrong one, or
// of the speaker's own voice, is found out.
const (
	textOne = "The quick brown fox jumps over the lazy dog. Lift the handset, listen for the tone, and dial the number that you want. " +
		"Seventeen ships sailed south on Sunday, carrying cheese, chocolate and chairs."
	textTwo = "Please leave a message for the manager of the northern warehouse. Our office is open from nine in the morning until half past five. " +
		"Many old maps of the valley show a narrow bridge beside the mill."
)

// say makes a WAV of text, mono, at hz, starting after a pause and followed
// by silence.
func (l *lab) say(name, voice, text string, hz int) string {
	l.t.Helper()
	dir := l.sub("speech")
	raw, out := filepath.Join(dir, name+"-raw.wav"), filepath.Join(dir, fmt.Sprintf("%s-%d.wav", name, hz))
	if err := run("espeak-ng", "-v", voice, "-s", "150", "-w", raw, text); err != nil {
		l.t.Fatal(err)
	}
	if err := run("sox", raw, "-r", fmt.Sprint(hz), "-c", "1", "-b", "16", out, "gain", "-n", "-6", "pad", "0.5", "60"); err != nil {
		l.t.Fatal(err)
	}
	return out
}

// wav reads any sound file as mono 8 kHz samples.
func (l *lab) wav(path string) []int16 {
	l.t.Helper()
	return l.raw(path, 8000)
}

// raw reads any sound file as mono samples at hz.
func (l *lab) raw(path string, hz int) []int16 {
	l.t.Helper()
	cmd := exec.Command("sox", path, "-t", "raw", "-r", fmt.Sprint(hz), "-c", "1", "-b", "16", "-e", "signed", "-L", "-")
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		l.t.Fatalf("sox %s: %v", path, err)
	}
	out := make([]int16, len(raw)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return out
}

// carried compares what was said with a recording of the other end. other is
// what must not be heard there.
func (l *lab) carried(what, said, recorded, other string) {
	l.t.Helper()
	if dir := os.Getenv("OFFHOOK_INTEROP_KEEP"); dir != "" { // to listen to
		for _, f := range []string{said, recorded} {
			if err := run("cp", f, filepath.Join(dir, strings.ReplaceAll(l.t.Name()+" "+what+" "+filepath.Base(f), "/", "-"))); err != nil {
				l.t.Log(err)
			}
		}
	}
	got := l.wav(recorded)
	m := speech.Compare(l.wav(said), 8000, got, 8000)
	wrong := speech.Compare(l.wav(other), 8000, got, 8000)
	l.t.Logf("%s: score %.2f over %v of speech, %.0f %% in pieces, delay %v, level %+.1f dB; other speaker %.2f, %.0f %%",
		what, m.Score, m.Heard, 100*m.Pieces, m.Delay, m.Level, wrong.Score, 100*wrong.Pieces)
	if m.Score < speech.Good || m.Heard < 3*time.Second {
		l.doubt("%s: the speech did not get through: score %.2f over %v, want at least %.2f over 3s", what, m.Score, m.Heard, speech.Good)
	}
	if wrong.Score > speech.Wrong {
		l.doubt("%s: the other speaker is heard as well: score %.2f", what, wrong.Score)
	}
	if m.Level < -6 || m.Level > 6 {
		l.doubt("%s: level is off by %+.1f dB", what, m.Level)
	}
	if m.Pieces < speech.Torn || m.Pieces < 2*wrong.Pieces || m.Heard < 3*time.Second {
		l.lost = append(l.lost, fmt.Sprintf("%s: not even pieces of the speech got through: %.0f %% of %v, and %.0f %% of the other speaker's",
			what, 100*m.Pieces, m.Heard, 100*wrong.Pieces))
	}
}

func (l *lab) doubt(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

func TestSpeechComparisonTellsCodecsFromOtherSpeech(t *testing.T) {
	l := newLab(t)
	one, two := l.say("one", "en", textOne, 8000), l.say("two", "en+f3", textTwo, 8000)
	sent := l.wav(one)
	for _, c := range []struct{ codec, format, ext string }{{"pcm_mulaw", "wav", "wav"}, {"pcm_alaw", "wav", "wav"}} {
		file := filepath.Join(l.dir, c.codec+"."+c.ext)
		if err := run("ffmpeg", "-v", "error", "-y", "-i", one, "-c:a", c.codec, file); err != nil {
			t.Fatal(err)
		}
		m := speech.Compare(sent, 8000, l.wav(file), 8000)
		t.Logf("%s: %.3f", c.codec, m.Score)
		if m.Score < 0.95 {
			t.Errorf("%s: %+v", c.codec, m)
		}
	}
	// The same voice with other words is the closest wrong thing there is.
	for name, file := range map[string]string{"another voice": two, "same voice, other words": l.say("three", "en", textTwo, 8000)} {
		m := speech.Compare(sent, 8000, l.wav(file), 8000)
		t.Logf("%s: %.3f", name, m.Score)
		if m.Score > speech.Wrong {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
