//go:build usb

package vmtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/media/sound"
)

// ear is a usb.Sound: it keeps what was played, and speaks a sine of 440 Hz.
type ear struct {
	mu     sync.Mutex // guards all
	rate   int
	heard  []int16
	spoken int
}

func (e *ear) Play(_ time.Time, rate int, samples []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rate = rate
	if len(e.heard) < 20*48000 {
		e.heard = append(e.heard, samples...)
	}
}

func (e *ear) Capture(_ time.Time, rate int, samples []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range samples {
		samples[i] = sine(e.spoken, rate)
		e.spoken++
	}
}

func (e *ear) take() ([]int16, int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.heard
	e.heard = nil
	return h, e.rate
}

const (
	pitch     = 440
	amplitude = 10000
)

func sine(i, rate int) int16 {
	return int16(math.Round(amplitude * math.Sin(2*math.Pi*pitch*float64(i)/float64(rate))))
}

// judge looks for the sine in samples: its level against the amplitude spoken, in
// dB, and the blocks of 10 ms, of those between its beginning and its end, whose
// phase does not follow from the one before. The level is that of the blocks, each
// by itself: one slip of the phase does not count against what is on both sides.
func judge(samples []int16, rate int) (level float64, broken, blocks int) {
	loud := func(s int16) bool { return s > amplitude/20 || s < -amplitude/20 }
	for len(samples) > 0 && !loud(samples[0]) {
		samples = samples[1:]
	}
	for len(samples) > 0 && !loud(samples[len(samples)-1]) {
		samples = samples[:len(samples)-1]
	}
	n := rate / 100
	if len(samples) < 20*n {
		return math.Inf(-1), 0, 0
	}
	samples = samples[2*n : len(samples)-2*n] // filters ring at the ends
	power := 0.0
	step := 2 * math.Pi * pitch * float64(n) / float64(rate)
	var before float64
	for ; len(samples) >= n; samples = samples[n:] {
		var re, im float64
		for i, s := range samples[:n] {
			w := 2 * math.Pi * pitch * float64(i) / float64(rate)
			re += float64(s) * math.Cos(w)
			im -= float64(s) * math.Sin(w)
		}
		phase := math.Atan2(im, re)
		if blocks > 0 && math.Abs(math.Remainder(phase-before-step, 2*math.Pi)) > 0.3 {
			broken++
		}
		before = phase
		power += 4 * (re*re + im*im) / float64(n*n)
		blocks++
	}
	return 10 * math.Log10(power/float64(blocks)/(amplitude*amplitude)), broken, blocks
}

func fromBytes(raw []byte) []int16 {
	s := make([]int16, len(raw)/2)
	for i := range s {
		s[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return s
}

// check claims that the tone is whole, at 0 dB, for at least so many blocks. Each
// time that the host was late, which is when the machine's clock leapt while it
// waited for its disk, a block or two may be broken.
func check(t *testing.T, who string, samples []int16, rate, least, late int) {
	t.Helper()
	level, broken, blocks := judge(samples, rate)
	t.Logf("%s: %d samples, %.2f dB, %d of %d blocks broken", who, len(samples), level, broken, blocks)
	if math.Abs(level) > 0.5 || broken > 2+3*late || blocks < least {
		t.Errorf("%s: want the tone whole, at 0 dB, for %d blocks", who, least)
	}
}

func TestATonePassesTheCardBothWays(t *testing.T) {
	const seconds = 2
	e := &ear{}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: e})
	card := pl.ALSA(t)
	for _, rate := range []int{8000, 16000, 48000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			e.take()
			before := pl.USB.Device().Stats()
			args := []string{"-q", "-t", "raw", "-D", card, "-f", "S16_LE", "-c", "1", "-r", fmt.Sprint(rate), "--buffer-time=200000", "--period-time=20000"}
			play := exec.Command("aplay", args...)
			var tone, trouble bytes.Buffer
			for i := range seconds * rate {
				_ = binary.Write(&tone, binary.LittleEndian, sine(i, rate))
			}
			play.Stdin, play.Stderr = &tone, &trouble
			record := exec.Command("arecord", append(args, "-d", fmt.Sprint(seconds))...)
			var recorded, trouble2 bytes.Buffer
			record.Stdout, record.Stderr = &recorded, &trouble2
			from := time.Now()
			if err := play.Start(); err != nil {
				t.Fatal(err)
			}
			if err := record.Run(); err != nil {
				t.Errorf("arecord: %v", err)
			}
			if err := play.Wait(); err != nil {
				t.Errorf("aplay: %v", err)
			}
			t.Logf("%d s took %v %s%s", seconds, time.Since(from), &trouble, &trouble2)
			heard, at := e.take()
			if at != rate {
				t.Errorf("the device ran at %d Hz", at)
			}
			after := pl.USB.Device().Stats()
			check(t, "earpiece", heard, rate, (seconds*1000-100)/10, after.Earpiece.Starved-before.Earpiece.Starved)
			check(t, "microphone", fromBytes(recorded.Bytes()), rate, (seconds*1000-100)/10, after.Microphone.Starved-before.Microphone.Starved)
			t.Logf("earpiece %+v, microphone %+v, before %+v", after.Earpiece, after.Microphone, before)
		})
	}
}

func TestVolumeAndMuteOfTheCardAreThoseOfTheDevice(t *testing.T) {
	e := &ear{}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: e})
	pl.ALSA(t)
	card := fmt.Sprint(pl.ALSA(t)[3:4])
	set := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("amixer", append([]string{"-q", "-c", card}, args...)...).CombinedOutput(); err != nil {
			all, _ := exec.Command("amixer", "-c", card, "contents").CombinedOutput()
			t.Fatalf("amixer %v: %v %s\n%s", args, err, out, all)
		}
	}
	set("cset", "name=PCM Playback Switch", "off")
	set("cset", "name=PCM Playback Volume", "28")
	got := pl.USB.Device().Mixer().Earpiece
	if !got.Mute || got.Volume != -12*256 {
		t.Errorf("earpiece %+v, want muted, at -12 dB", got)
	}
}

func TestTheSoundPortRunsOnTheCard(t *testing.T) {
	e := &ear{}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: e})
	port, err := sound.OpenDevice(sound.DeviceConfig{Helper: "./offhook-sound", Device: pl.ALSA(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	var mu sync.Mutex
	var microphone []int16
	var spoken int
	done := make(chan struct{})
	const periods = 300
	from := time.Now()
	err = port.Start(func(mic, ear []int16) {
		mu.Lock()
		defer mu.Unlock()
		if len(microphone) >= periods*sound.Period {
			return
		}
		for i := range ear {
			ear[i] = sine(spoken, sound.Rate)
			spoken++
		}
		if microphone = append(microphone, mic...); len(microphone) >= periods*sound.Period {
			close(done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %v", time.Since(from))
	select {
	case <-done:
	case <-time.After(usbtest.Patience):
		t.Fatalf("sound has not moved: %+v", port.Info())
	}
	t.Logf("%+v", port.Info())
	if err := port.Stop(); err != nil {
		t.Error(err)
	}
	heard, rate := e.take()
	stats := pl.USB.Device().Stats()
	t.Logf("%+v", stats)
	check(t, "earpiece", heard, rate, 200, stats.Earpiece.Starved)
	check(t, "microphone", microphone, sound.Rate, 200, stats.Microphone.Starved)
}
