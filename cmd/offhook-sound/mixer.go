package main

/*
#cgo pkg-config: alsa
#include <stdlib.h>
#include <alsa/asoundlib.h>

// The macros that allocate on the stack can't be used from Go.
static snd_mixer_elem_t *offhook_find(snd_mixer_t *m, snd_mixer_elem_t *after) {
	return after ? snd_mixer_elem_next(after) : snd_mixer_first_elem(m);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"offhook/media/sound/engine"
)

// cardMixer is the mixer of a card, by ALSA's simple controls: one for the earpiece
// and one for the microphone. A goroutine watches it.
type cardMixer struct {
	changed func(engine.Mix)
	wake    [2]int // pipe that ends the watching
	done    chan struct{}

	mu      sync.Mutex // guards what follows: the library's mixer knows no threads
	handle  *C.snd_mixer_t
	out, in *control
	last    engine.Mix
}

// control is a simple control in one direction.
type control struct {
	elem     *C.snd_mixer_elem_t
	name     string
	capture  bool
	volume   bool // it has one
	mute     bool // it has a switch
	scale    engine.Scale
	sounding string // what it is, in words
}

func alsaError(doing string, code C.int) error {
	return fmt.Errorf("%s: %s", doing, C.GoString(C.snd_strerror(code)))
}

// openCardMixer opens the mixer of the card "hw:1"; a card without controls has none, and gives nil.
func openCardMixer(card string, changed func(engine.Mix)) (*cardMixer, error) {
	m := &cardMixer{changed: changed, done: make(chan struct{}), wake: [2]int{-1, -1}}
	if code := C.snd_mixer_open(&m.handle, 0); code < 0 {
		return nil, alsaError("open the mixer", code)
	}
	name := C.CString(card)
	defer C.free(unsafe.Pointer(name))
	code := C.snd_mixer_attach(m.handle, name)
	if code >= 0 {
		code = C.snd_mixer_selem_register(m.handle, nil, nil)
	}
	if code >= 0 {
		code = C.snd_mixer_load(m.handle)
	}
	if code < 0 {
		C.snd_mixer_close(m.handle)
		return nil, alsaError("open the mixer of "+card, code)
	}
	m.choose()
	if m.out == nil && m.in == nil {
		C.snd_mixer_close(m.handle)
		return nil, nil
	}
	if err := unix.Pipe2(m.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		C.snd_mixer_close(m.handle)
		return nil, fmt.Errorf("watch the mixer: %w", err)
	}
	m.last = m.read()
	go m.watch()
	return m, nil
}

// choose finds the controls of earpiece and microphone by the names that drivers give them, the likeliest first. What a
// microphone has of playing is its sidetone.
func (m *cardMixer) choose() {
	outputs := []string{"Master", "PCM", "Speaker", "Headphone", "Headset", "Earpiece", "Front"}
	inputs := []string{"Mic", "Headset", "Capture", "Microphone", "Line"}
	rank := func(names []string, name string) int {
		for i, n := range names {
			if name == n {
				return i
			}
		}
		return len(names)
	}
	bestOut, bestIn := len(outputs)+1, len(inputs)+1
	for e := C.offhook_find(m.handle, nil); e != nil; e = C.offhook_find(m.handle, e) {
		name := C.GoString(C.snd_mixer_selem_get_name(e))
		sidetone := strings.Contains(name, "Mic") || strings.Contains(name, "Sidetone") || strings.Contains(name, "Line")
		if c := newControl(e, name, false); c != nil && !sidetone {
			if r := rank(outputs, name); r < bestOut {
				m.out, bestOut = c, r
			}
		}
		if c := newControl(e, name, true); c != nil && !strings.Contains(name, "Gain Control") {
			if r := rank(inputs, name); r < bestIn {
				m.in, bestIn = c, r
			}
		}
	}
}

// newControl is one direction of a control, nil when it has none.
func newControl(e *C.snd_mixer_elem_t, name string, capture bool) *control {
	c := &control{elem: e, name: name, capture: capture, sounding: "the earpiece"}
	var low, high, lowDB, highDB C.long
	if capture {
		c.sounding = "the microphone"
		c.volume = C.snd_mixer_selem_has_capture_volume(e) != 0
		c.mute = C.snd_mixer_selem_has_capture_switch(e) != 0
		C.snd_mixer_selem_get_capture_volume_range(e, &low, &high)
		c.scale.HasDB = c.volume && C.snd_mixer_selem_get_capture_dB_range(e, &lowDB, &highDB) == 0
	} else {
		c.volume = C.snd_mixer_selem_has_playback_volume(e) != 0
		c.mute = C.snd_mixer_selem_has_playback_switch(e) != 0
		C.snd_mixer_selem_get_playback_volume_range(e, &low, &high)
		c.scale.HasDB = c.volume && C.snd_mixer_selem_get_playback_dB_range(e, &lowDB, &highDB) == 0
	}
	if !c.volume && !c.mute {
		return nil
	}
	c.scale.Min, c.scale.Max = int(low), int(high)
	c.scale.MinDB, c.scale.MaxDB = float64(lowDB)/100, float64(highDB)/100
	return c
}

// raw is the step of the volume, of the loudest channel, and whether all channels are muted.
func (c *control) raw() (step int, muted bool) {
	step, muted = c.scale.Min, c.mute
	for ch := C.snd_mixer_selem_channel_id_t(0); ch <= C.SND_MIXER_SCHN_LAST; ch++ {
		var v C.long
		var on C.int
		if c.capture {
			if C.snd_mixer_selem_has_capture_channel(c.elem, ch) == 0 {
				continue
			}
			C.snd_mixer_selem_get_capture_volume(c.elem, ch, &v)
			C.snd_mixer_selem_get_capture_switch(c.elem, ch, &on)
		} else {
			if C.snd_mixer_selem_has_playback_channel(c.elem, ch) == 0 {
				continue
			}
			C.snd_mixer_selem_get_playback_volume(c.elem, ch, &v)
			C.snd_mixer_selem_get_playback_switch(c.elem, ch, &on)
		}
		if c.volume {
			step = max(step, int(v))
		}
		muted = muted && on == 0
	}
	return step, muted
}

func (c *control) level() *engine.Level {
	if c == nil {
		return nil
	}
	step, muted := c.raw()
	l := &engine.Level{Percent: 100, Muted: muted}
	if c.volume {
		l.Percent, l.DB = c.scale.Percent(step), c.scale.DB(step)
	}
	return l
}

func (c *control) set(step int) error {
	code := C.int(0)
	if c.capture {
		code = C.snd_mixer_selem_set_capture_volume_all(c.elem, C.long(step))
	} else {
		code = C.snd_mixer_selem_set_playback_volume_all(c.elem, C.long(step))
	}
	if code < 0 {
		return alsaError(fmt.Sprintf("set the volume of %q", c.name), code)
	}
	return nil
}

func (c *control) setMuted(muted bool) error {
	if c == nil || !c.mute {
		return nil
	}
	on, code := C.int(1), C.int(0)
	if muted {
		on = 0
	}
	if c.capture {
		code = C.snd_mixer_selem_set_capture_switch_all(c.elem, on)
	} else {
		code = C.snd_mixer_selem_set_playback_switch_all(c.elem, on)
	}
	if code < 0 {
		return alsaError(fmt.Sprintf("set the mute of %q", c.name), code)
	}
	return nil
}

// mend makes the direction audible when it is not, and says what was wrong.
func (c *control) mend() (string, error) {
	if c == nil {
		return "", nil
	}
	step, muted := c.raw()
	silent := c.volume && c.scale.Silent(step)
	if !muted && !silent {
		return "", nil
	}
	err := c.setMuted(false)
	if silent && err == nil {
		err = c.set(c.scale.Nominal())
	}
	was := "muted"
	if silent {
		was = "at 0"
	}
	return fmt.Sprintf("%s was %s in the card's mixer (%q) and is at %d %% now", c.sounding, was, c.name, c.level().Percent), err
}

// read is the mix; mu is held, or nobody else knows the mixer yet.
func (m *cardMixer) read() engine.Mix {
	return engine.Mix{Output: m.out.level(), Input: m.in.level()}
}

// errMixerGone is given by a mixer whose card was unplugged.
var errMixerGone = errors.New("the card of the mixer is gone")

// Mix tells how the mixer is.
func (m *cardMixer) Mix() (engine.Mix, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.handle == nil {
		return engine.Mix{}, errMixerGone
	}
	return m.read(), nil
}

// Change changes the mixer.
func (m *cardMixer) Change(c engine.MixChange) (mended []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.handle == nil {
		return nil, errMixerGone
	}
	if c.Step != 0 && m.out != nil && m.out.volume {
		step, _ := m.out.raw()
		err = m.out.set(m.out.scale.Add(step, c.Step))
	}
	if c.OutputMuted != nil {
		err = errors.Join(err, m.out.setMuted(*c.OutputMuted))
	}
	if c.InputMuted != nil {
		err = errors.Join(err, m.in.setMuted(*c.InputMuted))
	}
	for _, d := range []struct {
		c  *control
		on bool
	}{{m.out, c.Mend || c.MendOutput}, {m.in, c.Mend}} {
		if !d.on {
			continue
		}
		what, failed := d.c.mend()
		if err = errors.Join(err, failed); what != "" {
			mended = append(mended, what)
		}
	}
	return mended, err
}

// watch is the goroutine that waits for changes by anyone.
func (m *cardMixer) watch() {
	defer close(m.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var fds [8]C.struct_pollfd
	m.mu.Lock()
	n := C.snd_mixer_poll_descriptors(m.handle, &fds[0], C.uint(len(fds)))
	m.mu.Unlock()
	if n < 0 {
		return
	}
	poll := make([]unix.PollFd, 0, n+1)
	for _, f := range fds[:min(int(n), len(fds))] {
		poll = append(poll, unix.PollFd{Fd: int32(f.fd), Events: int16(f.events)})
	}
	poll = append(poll, unix.PollFd{Fd: int32(m.wake[0]), Events: unix.POLLIN})
	for {
		_, err := unix.Poll(poll, -1)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || poll[len(poll)-1].Revents != 0 {
			return
		}
		gone := false
		for _, p := range poll[:len(poll)-1] {
			gone = gone || p.Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0
		}
		m.mu.Lock()
		if !gone {
			gone = C.snd_mixer_handle_events(m.handle) < 0
		}
		if gone {
			m.mu.Unlock()
			return // unplugged: Close follows
		}
		now := m.read()
		news := !now.Equal(m.last)
		m.last = now
		m.mu.Unlock()
		if news {
			m.changed(now)
		}
	}
}

// Close ends the watching, and lets go of the card.
func (m *cardMixer) Close() {
	unix.Write(m.wake[1], []byte{0})
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	C.snd_mixer_close(m.handle)
	m.handle = nil
	unix.Close(m.wake[0])
	unix.Close(m.wake[1])
}

// Mixer opens the mixer of a card.
func (b *portAudio) Mixer(out engine.Device, _ *engine.Device, changed func(engine.Mix)) (engine.Mixer, error) {
	card, _, ok := strings.Cut(out.HW, ",")
	if !ok {
		return nil, nil // what a plug-in has is the business of whoever configured it
	}
	m, err := openCardMixer(card, changed)
	if m == nil || err != nil {
		return nil, err
	}
	return m, nil
}

// Mixer opens the mixer of a card or of a server's device.
func (l *libraries) Mixer(out engine.Device, in *engine.Device, changed func(engine.Mix)) (engine.Mixer, error) {
	if out.API == serverAPI {
		return l.server.Mixer(out, in, changed)
	}
	return l.cards.Mixer(out, in, changed)
}
