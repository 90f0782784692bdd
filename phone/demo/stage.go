package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone"
	"offhook/phone/control"
	"offhook/phone/ua"
)

//go:embed speech/*.wav
var speech embed.FS

// party is one of the two phones of the demonstration.
type party struct {
	phone  *phone.Phone
	device *virtual.Phone
	sound  *monitor
	events <-chan control.Event
	done   chan error
	stop   func() error

	heard time.Time // the tones up to here are in the timeline

	mu   sync.Mutex // guards past and news
	past []control.Event
	news chan struct{} // closed and replaced when past grows
}

// raise brings up a phone with an emulated device of a profile, whose microphone hears a recording again and again.
func raise(ctx context.Context, dir, profile, voice, record string, cfg phone.Config, plug plug) (*party, error) {
	said, err := speech.ReadFile("speech/" + voice + ".wav")
	if err != nil {
		return nil, err
	}
	play := filepath.Join(dir, voice+"-said.wav")
	if err := os.WriteFile(play, said, 0o644); err != nil {
		return nil, err
	}
	shape, err := virtual.ByName(profile)
	if err != nil {
		return nil, err
	}
	p, err := phone.New(cfg)
	if err != nil {
		return nil, err
	}
	// Only a serial number tells it from what else may be plugged into the kernel.
	device := virtual.New(shape, virtual.WithSerial(fmt.Sprintf("demo-%d", os.Getpid())))
	one := &party{phone: p, device: device, done: make(chan error, 1), news: make(chan struct{})}
	var unsubscribe func()
	one.events, unsubscribe = p.Subscribe()
	go one.listen()
	running, cancel := context.WithCancel(ctx)
	go func() { one.done <- p.Run(running) }()
	pull := func() error { return nil }
	one.stop = func() error {
		cancel()
		<-one.done
		unsubscribe()
		return pull()
	}
	m, unplug, err := plug(ctx, p, device, play, filepath.Join(dir, record))
	if unplug != nil {
		pull = unplug
	}
	if err != nil {
		return nil, errors.Join(err, one.stop())
	}
	one.sound = m
	return one, nil
}

// listen keeps what the phone says.
func (p *party) listen() {
	for e := range p.events {
		p.mu.Lock()
		p.past = append(p.past, e)
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
	}
}

// await waits for an event that passes, from a moment on.
func (p *party) await(ctx context.Context, what string, from time.Time, ok func(control.Event) bool) (control.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for seen := 0; ; {
		p.mu.Lock()
		for ; seen < len(p.past); seen++ {
			if e := p.past[seen]; !e.Time.Before(from) && ok(e) {
				p.mu.Unlock()
				return e, nil
			}
		}
		news := p.news
		p.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
			return control.Event{}, fmt.Errorf("waited in vain for %s: %w", what, ctx.Err())
		}
	}
}

// call waits for a call to reach a state.
func (p *party) call(ctx context.Context, from time.Time, state string) (control.Event, error) {
	return p.await(ctx, "the call to be "+state, from, func(e control.Event) bool {
		return e.Type == control.EventCall && e.State == state
	})
}

// registered waits until the phone's account is registered.
func (p *party) registered(ctx context.Context) error {
	_, err := p.await(ctx, "the registration", time.Time{}, func(e control.Event) bool {
		return e.Type == control.EventAccount && e.State == control.AccountRegistered
	})
	return err
}

// shows waits until the device shows what is asked.
func (p *party) shows(ctx context.Context, what string, ok func(virtual.State) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if s, err := p.device.Await(ctx, ok); err != nil {
		return fmt.Errorf("waited in vain for the handset to show %s; it shows %v %q: %w", what, s.Lit(), s.Display, err)
	}
	return nil
}

// shortest is the least that counts as a tone: a vowel may hold its pitch for less.
const shortest = 75 * time.Millisecond

// tones puts the tones that the earpiece played since the last time into the timeline.
func (p *party) tones(t *timeline) {
	from, now := p.heard, time.Now()
	p.heard = now
	at, ear := p.sound.times(from, now)
	for _, f := range tone.Detect(nil, ear, sound.Rate) {
		if f.End-f.Start < shortest {
			continue
		}
		n := min(int(f.Start/period), len(at)-1)
		t.add(at[n], "sound", "%s tone for %d ms at %.1f dBFS", f.Tone, (f.End - f.Start).Milliseconds(), f.Level)
	}
}

// trace puts the first line of each SIP message into the timeline.
func trace(t *timeline) func(ua.TraceMessage) {
	return func(m ua.TraceMessage) {
		line, _, _ := strings.Cut(m.Text, "\r\n")
		if strings.HasPrefix(line, "SIP/2.0") {
			for _, h := range strings.Split(m.Text, "\r\n") {
				if strings.HasPrefix(h, "CSeq:") {
					line += "  (" + strings.TrimSpace(strings.TrimPrefix(h, "CSeq:")) + ")"
				}
			}
		}
		arrow := "<-"
		if m.Direction == ua.Sent {
			arrow = "->"
		}
		t.add(m.Time, "sip", "%s %s", arrow, line)
	}
}

// lights follows the lights, ringer and display of a device until ctx ends, and puts every change into the timeline.
func lights(ctx context.Context, t *timeline, v *virtual.Phone) {
	old := v.State()
	for {
		changed := v.Changed()
		s := v.State()
		now := time.Now()
		for name, on := range s.Lights {
			if old.Lights[name] != on {
				t.add(now, "light", "%s %s", name, map[bool]string{true: "on", false: "off"}[on])
			}
		}
		if s.Ringing != old.Ringing {
			t.add(now, "light", "ringer %s", map[bool]string{true: "rings", false: "still"}[s.Ringing])
		}
		if text := strings.TrimSpace(strings.Join(s.Display, " | ")); text != strings.TrimSpace(strings.Join(old.Display, " | ")) {
			t.add(now, "display", "%q", s.Display)
		}
		old = s
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// quiet is the logger of the demonstration: warnings and worse, to w.
func quiet(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError}))
}
