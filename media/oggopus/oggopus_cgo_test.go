//go:build cgo

package oggopus

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"offhook/media/internal/voice"
)

// stereo lays two sounds beside each other.
func stereo(left, right []int16) (x []int16) {
	for i := range left {
		x = append(x, left[i], right[i])
	}
	return x
}

// made is a file of n seconds, another voice on each side, given over in
// periods of 10 ms.
func made(t *testing.T, seconds int) (file []byte, left, right []int16) {
	t.Helper()
	left, right = voice.Make(seconds*Rate, Rate, 1), voice.Make(seconds*Rate, Rate, 2)
	var b bytes.Buffer
	w, err := NewWriter(&b, 2)
	if err != nil {
		t.Fatal(err)
	}
	for x := stereo(left, right); len(x) > 0; x = x[Rate/50:] {
		if err := w.Write(x[:Rate/50]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), left, right
}

func saved(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.opus")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsWrittenIsReadBackWholeAndInTime(t *testing.T) {
	b, left, _ := made(t, 3)
	got, err := ReadFile(saved(t, b), 10*Rate)
	if err != nil || len(got) != len(left) {
		t.Fatalf("%d samples of %d, %v", len(got), len(left), err)
	}
	if dB, lag := voice.SNR(left[:2*Rate], got, 10); dB < 8 {
		t.Errorf("left is what was said to %.1f dB at a lag of %d", dB, lag)
	}
	if size := len(b); size > 3*9000+1000 {
		t.Errorf("%d bytes for 3 s", size)
	}
}

func TestAFileThatWasNeverClosedLacksOnlyItsLastSecond(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	left := voice.Make(5*Rate, Rate, 1)
	if err := w.Write(stereo(left, left)); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{0, 77} { // at a page's end, and inside one
		got, err := ReadFile(saved(t, b.Bytes()[:b.Len()-cut]), 10*Rate)
		if err != nil || len(got) < 27*Rate/10 || cut == 0 && len(got) < 37*Rate/10 {
			t.Errorf("cut by %d: %d samples of %d, %v", cut, len(got), len(left), err)
		}
	}
}

func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	b, _, _ := made(t, 2)
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "ends in its header"},
		{"a WAV file", append([]byte("RIFF\x00\x00\x00\x00WAVE"), make([]byte, 9000)...), "not Opus in Ogg"},
		{"half a header", b[:40], "ends in its header"},
		{"too long", b, "longer than 1 s"},
	} {
		if _, err := ReadFile(saved(t, tt.file), Rate); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		} else if tt.name != "too long" && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v is no ErrFormat", tt.name, err)
		}
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none.opus"), Rate); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := NewWriter(&bytes.Buffer{}, 3); err == nil {
		t.Error("three channels were taken")
	}
}

func TestADamagedFileIsReadAsFarAsItGoes(t *testing.T) {
	b, _, _ := made(t, 6)
	for i := len(b) / 2; i < len(b)/2+40; i++ {
		b[i] ^= 0xff
	}
	got, err := ReadFile(saved(t, b), 10*Rate)
	if err != nil || len(got) < 3*Rate || len(got) > 7*Rate {
		t.Errorf("%d samples, %v", len(got), err)
	}
}

func TestADiskThatIsFullIsTold(t *testing.T) {
	full := errors.New("no space left")
	w, err := NewWriter(&disk{room: 3000, err: full}, 2)
	if err != nil {
		t.Fatal(err)
	}
	x := voice.Make(Rate, Rate, 1)
	for i := 0; i < 10 && err == nil; i++ {
		err = w.Write(x)
	}
	if !errors.Is(err, full) || !errors.Is(w.Close(), full) {
		t.Error(err)
	}
	if _, err := NewWriter(&disk{err: full}, 2); !errors.Is(err, full) {
		t.Error(err)
	}
}

type disk struct {
	room int
	err  error
}

func (d *disk) Write(b []byte) (int, error) {
	if d.room -= len(b); d.room < 0 {
		return 0, d.err
	}
	return len(b), nil
}

// judge sees to a program of a Debian package; without it the test is skipped, in CI failed. `make test` installs them.
func judge(t *testing.T, program, from string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		message := "NOT TESTED: " + program + " (Debian: " + from + ") is not installed"
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
}

func TestOpusinfoFindsNothingToComplainAbout(t *testing.T) {
	judge(t, "opusinfo", "opus-tools")
	b, _, _ := made(t, 3)
	out, err := exec.Command("opusinfo", saved(t, b)).CombinedOutput()
	if err != nil || strings.Contains(string(out), "WARNING") || !strings.Contains(string(out), "Playback length: 0m:03.000s") || !strings.Contains(string(out), "Channels: 2") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestFFmpegHearsBothSidesApart(t *testing.T) {
	judge(t, "ffmpeg", "ffmpeg")
	b, left, right := made(t, 3)
	for _, pan := range []struct {
		channel    string
		want, away []int16
	}{{"c0", left, right}, {"c1", right, left}} {
		cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-c:a", "opus", "-i", saved(t, b),
			"-af", "pan=mono|c0="+pan.channel, "-f", "s16le", "-ar", "48000", "pipe:1")
		var out, complaint bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaint
		if err := cmd.Run(); err != nil || complaint.Len() > 0 {
			t.Fatal(err, complaint.String())
		}
		got := make([]int16, 0, out.Len()/2)
		for x := out.Bytes(); len(x) >= 2; x = x[2:] {
			got = append(got, int16(x[0])|int16(x[1])<<8)
		}
		near, lag := voice.SNR(pan.want[:2*Rate], got, 10)
		far, _ := voice.SNR(pan.away[:2*Rate], got, 0)
		t.Logf("%s: %d samples, %.1f dB at a lag of %d, the other side %.1f dB", pan.channel, len(got), near, lag, far)
		if near < 8 || far > 0 {
			t.Errorf("%s is what it should be to %.1f dB, and the other side to %.1f dB", pan.channel, near, far)
		}
	}
}
