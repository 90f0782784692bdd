//go:build peers && linux

package interop

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"offhook/phone/interop/figures"
)

// What the benchmarks that compare phones have in common.

// besideLab makes a network for phones that are listened to; urgent ones must not wait for other programs.
func besideLab(b *testing.B, urgent bool) *lab {
	b.Helper()
	if tool, ok := hasSound(); !ok {
		const remedy = "apt install pipewire pipewire-bin pipewire-alsa pipewire-pulse wireplumber dbus-daemon"
		if os.Getenv("CI") != "" {
			b.Fatalf("%s is missing: %s", tool, remedy)
		}
		b.Skipf("*** SKIPPED, nothing was compared: %s is missing (%s) ***", tool, remedy)
	}
	l := newLab(b)
	if l.urgent = urgent && mayBeUrgent(); urgent && !l.urgent {
		fmt.Println("no realtime priority is permitted here (run as root): the figures are good on a machine that does nothing else")
	}
	// What judges must not keep waiting what speaks and listens.
	before := runtime.GOMAXPROCS(32)
	l.cleanup(func() { runtime.GOMAXPROCS(before) })
	return l
}

// show prints a figure, and saves it where that is wanted.
func show(b *testing.B, f figures.Figure) {
	b.Helper()
	f.Table(os.Stdout)
	if *besideDir != "" {
		if err := f.Save(*besideDir); err != nil {
			b.Error(err)
		}
	}
}

// speech makes a recording with several speakers at 48 kHz, a minute and more.
func (l *lab) speech() []int16 {
	var all []int16
	for i, voice := range []string{"en", "en+f3", "en-us+m3", "en-us+f2", "en+m7", "en+f4"} {
		text := textOne + " " + textTwo
		if i%2 == 1 {
			text = textTwo + " " + textOne
		}
		x := l.raw(l.say(fmt.Sprint("speaker", i), voice, text, 48000), 48000)
		const silence = 60*48000 - 4800 // that say adds; sox makes it a silence of single bits
		x = x[:len(x)-silence]
		all = append(all, x...)
	}
	return all
}

// stretchOf is a part of a recording, by a seed.
func stretchOf(all []int16, d time.Duration, seed int) []int16 {
	n := int(d.Seconds() * 48000)
	at := (seed * 7919 * 480) % (len(all) - n)
	return all[at:][:n]
}

// watch knows when the machine paused: when a process that had nothing else to do was woken late.
type watch struct {
	mu    sync.Mutex // guards late
	late  []pause
	ended chan struct{}
}

type pause struct {
	at   time.Time // its end
	long time.Duration
}

func (l *lab) watch() *watch {
	w := &watch{ended: make(chan struct{})}
	punctual(func() {
		const step = 5 * time.Millisecond
		for {
			before := time.Now()
			select {
			case <-w.ended:
				return
			default:
			}
			doze(step)
			if late := time.Since(before) - step; late > step {
				w.mu.Lock()
				w.late = append(w.late, pause{time.Now(), late})
				w.mu.Unlock()
			}
		}
	})
	l.cleanup(func() { close(w.ended) })
	return w
}

// latest is the longest pause since a moment.
func (w *watch) latest(since time.Time) (most time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.late) - 1; i >= 0 && w.late[i].at.After(since); i-- {
		most = max(most, w.late[i].long)
	}
	return most
}
