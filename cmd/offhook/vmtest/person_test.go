//go:build usb

package vmtest

import (
	"math"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual/usb/usbtest"
	"offhook/media/tone"
)

// handpiece is a usb.Sound of a person who speaks a tone all the time, and knows
// which tone is heard.
type handpiece struct {
	speak float64 // Hz

	mu     sync.Mutex // guards what follows
	spoken int
	block  []int16   // of the 50 ms under way
	begun  time.Time // when it began
	heard  map[float64]bool
	level  map[float64]float64   // of the last block, in dB of what is spoken
	since  map[float64]time.Time // beginning of the first block with the tone
	holes  map[float64]int       // blocks without the tone since it was first heard
	change chan struct{}
}

// Tones of these tests, in Hz: what is heard is looked through for each.
const (
	dialTone = 425
	voice    = 1000
	music    = 1600
)

func newHandpiece() *handpiece {
	return &handpiece{speak: voice, heard: map[float64]bool{}, level: map[float64]float64{}, since: map[float64]time.Time{}, holes: map[float64]int{}, change: make(chan struct{})}
}

func (h *handpiece) Capture(_ time.Time, rate int, samples []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range samples {
		samples[i] = int16(amplitude * math.Sin(2*math.Pi*h.speak*float64(h.spoken)/float64(rate)))
		h.spoken++
	}
}

func (h *handpiece) Play(at time.Time, rate int, samples []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.block) == 0 {
		h.begun = at
	}
	h.block = append(h.block, samples...)
	if len(h.block) < rate/20 {
		return
	}
	for _, f := range []float64{dialTone, voice, music} {
		level := 10 * math.Log10(tone.Goertzel(h.block, rate, f)/(amplitude*amplitude/2)+1e-9)
		h.level[f] = level
		if h.heard[f] = level > -25; h.heard[f] && h.since[f].IsZero() {
			h.since[f] = h.begun
		} else if !h.heard[f] && !h.since[f].IsZero() {
			h.holes[f]++
		}
	}
	h.block = h.block[:0]
	close(h.change)
	h.change = make(chan struct{})
}

// forget what was heard up to now: key clicks are short tones too.
func (h *handpiece) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.block = h.block[:0]
	clear(h.heard)
	clear(h.since)
	clear(h.holes)
}

// hears tells whether a tone is heard now.
func (h *handpiece) hears(f float64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard[f]
}

// torn is how many blocks a tone was missing in since it was first heard, after the last forget.
func (h *handpiece) torn(f float64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.holes[f]
}

// hear waits until a tone is heard, or is not, and gives when it was first.
func (h *handpiece) hear(t *testing.T, f float64, wanted bool) time.Time {
	t.Helper()
	timeout := time.After(usbtest.Patience)
	for {
		h.mu.Lock()
		heard, level, since, change := h.heard[f], h.level[f], h.since[f], h.change
		h.mu.Unlock()
		if heard == wanted {
			return since
		}
		select {
		case <-change:
		case <-timeout:
			t.Fatalf("after %v: %v Hz heard: %v (%.1f dB of what is spoken), wanted: %v", usbtest.Patience, f, heard, level, wanted)
		}
	}
}
