//go:build usb

package vmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
)

// The user's tone goes by the card, the call and back to the earpiece, whole: right in pitch and level, without a hole.
func TestSpeechIsWholeBothWays(t *testing.T) {
	program(t)
	e := &ear{}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: e})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	talk(t, pl)
	time.Sleep(time.Second) // the machine's clock; then it has settled
	before := pl.USB.Device().Stats()
	e.take()
	time.Sleep(3 * time.Second)
	heard, rate := e.take()
	after := pl.USB.Device().Stats()
	level, broken, blocks := judge(heard, rate)
	late := after.Earpiece.Starved - before.Earpiece.Starved + after.Microphone.Starved - before.Microphone.Starved
	t.Logf("%d Hz comes back at %d Hz: %.2f dB, %d of %d blocks of 10 ms broken; the host was late %d times", pitch, rate, level, broken, blocks, late)
	if math.Abs(level) > 1 || blocks < 250 {
		t.Errorf("level %.2f dB over %d blocks; want 0 dB, and 3 s", level, blocks)
	}
	if broken > blocks/20+3*late {
		t.Errorf("%d of %d blocks are broken", broken, blocks)
	}
}

// clicker is a usb.Sound of a person who clicks twice a second, and notes when clicks are heard.
type clicker struct {
	mu    sync.Mutex // guards what follows
	last  time.Time  // beginning of the click that was made last
	quiet int        // samples since the last loud one
	n     int        // samples spoken
	took  []time.Duration
	first time.Time // when something loud was heard first, after listen
}

func (c *clicker) Capture(at time.Time, rate int, samples []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range samples {
		k := c.n % (rate / 2)
		if k == 0 {
			c.last = at.Add(time.Duration(i) * time.Second / time.Duration(rate))
		}
		if k < rate/200 { // 5 ms of 1 kHz
			samples[i] = int16(20000 * math.Sin(2*math.Pi*1000*float64(k)/float64(rate)))
		}
		c.n++
	}
}

func (c *clicker) Play(at time.Time, rate int, samples []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range samples {
		if s < 3000 && s > -3000 {
			c.quiet++
			continue
		}
		when := at.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if c.quiet > rate/5 && !c.last.IsZero() {
			c.took = append(c.took, when.Sub(c.last))
		}
		if c.first.IsZero() {
			c.first = when
		}
		c.quiet = 0
	}
}

func (c *clicker) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took, c.first, c.quiet = nil, time.Time{}, 0
}

func TestTimesOfCalls(t *testing.T) {
	o := program(t)
	c := &clicker{}
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: c})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	time.Sleep(time.Second) // its sound process is ready

	for _, pid := range o.children() {
		t.Logf("idle: the sound process has %s", memory(pid))
	}
	t.Logf("idle: offhook has %s", memory(fmt.Sprint(o.cmd.Process.Pid)))

	// Lift → first sample of dial tone, the device being closed before.
	c.reset()
	lifted := time.Now()
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	c.mu.Lock()
	t.Logf("lift → first sample of dial tone at the earpiece: %v", c.first.Sub(lifted))
	if c.first.IsZero() {
		t.Error("no dial tone")
	}
	c.mu.Unlock()

	// Mouth to ear: by the microphone, the call, an echo, and back.
	if err := pl.Phone.Press("600#"); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) })
	time.Sleep(time.Second)
	c.reset()
	time.Sleep(4 * time.Second)
	s := o.await("the call", func(s control.Status) bool { return len(s.Calls) == 1 && s.Calls[0].Media != nil })
	c.mu.Lock()
	took := slices.Clone(c.took)
	c.mu.Unlock()
	slices.Sort(took)
	if len(took) < 5 {
		t.Fatalf("only %d of 8 clicks came back: %v", len(took), took)
	}
	t.Logf("mouth → ear, with clicks: median %v, p95 %v of %d; of it in the jitter buffer %.0f ms", took[len(took)/2], took[len(took)*95/100], len(took), s.Calls[0].Media.BufferMS)
	if median := took[len(took)/2]; median > 250*time.Millisecond {
		t.Errorf("mouth to ear %v", median)
	}
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}

	// The far end calls: 601 rings back. Hook → 200 OK.
	if err := errors.Join(pl.Phone.Lift(), pl.Phone.Press("601#")); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) && s.Display[0] == "601" })
	if err := pl.Phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "ringing", func(s virtual.State) bool { return s.Ringing })
	rang := time.Now()
	time.Sleep(300 * time.Millisecond)
	lifted = time.Now()
	if err := pl.Phone.Lift(); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "an answered call", func(s virtual.State) bool { return !s.Ringing && s.Lights["off-hook"] })
	time.Sleep(100 * time.Millisecond)
	var messages []control.SIPMessage
	if err := json.Unmarshal(o.do("trace", "--json"), &messages); err != nil {
		t.Fatal(err)
	}
	var invited, answered time.Time
	for _, m := range messages {
		switch {
		case !m.Sent && strings.HasPrefix(m.Text, "INVITE "):
			invited = m.Time
		case m.Sent && strings.HasPrefix(m.Text, "SIP/2.0 200 ") && strings.Contains(m.Text, " INVITE\r\n") && m.Time.After(lifted):
			answered = m.Time
		}
	}
	if invited.IsZero() || answered.IsZero() {
		t.Fatalf("INVITE at %v, 200 OK at %v", invited, answered)
	}
	t.Logf("INVITE received → ring report at the device: %v; hook → 200 OK sent: %v", rang.Sub(invited), answered.Sub(lifted))
	if d := answered.Sub(lifted); d > time.Second {
		t.Errorf("hook → 200 OK took %v", d)
	}
}
