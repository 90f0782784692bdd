package media

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"offhook/media/sound"
	"offhook/media/tone"
)

// ErrRecording says that a call is being recorded already.
var ErrRecording = errors.New("the call is being recorded already")

// extras is what a session does beside carrying sound: a recording, with a tone
// that tells both sides of it, and a file played to the peer.
//
//	mic ─► + file ─► + tone ─► sender        receiver ─► + tone ─► ear
//	                    └─► left  recording  right ◄──────┘
type extras struct {
	on atomic.Bool // there is something to do

	mu        sync.Mutex // guards what follows; held by the port's goroutine for the time of a copy
	recording *Recording
	opening   bool // a recording's file is
	told      bool // by tone
	said      tone.Generator
	heard     tone.Generator
	file      []int16
	at        int
	ended     func() // told when the file is over
	out       [sound.Period]int16
}

// Record begins to record the call to a new file. With a tone, both sides hear a
// beep every 15 s (ITU-T E.180: the recording tone). The recording ends with
// StopRecording or the session.
func (s *Session) Record(path string, withTone bool) error {
	x := &s.extras
	if err := x.beginOpening(); err != nil {
		return err
	}
	r, err := s.openRecording(path) // as slow as the disk is: not with the lock that sound needs
	x.mu.Lock()
	defer x.mu.Unlock()
	x.opening = false
	if err != nil {
		return err
	}
	if s.closed.Load() {
		go r.Close()
		return fmt.Errorf("record: %w", ErrClosed)
	}
	x.recording, x.told = r, withTone
	if withTone {
		x.said.Set(tone.Recording)
		x.heard.Set(tone.Recording)
	}
	x.on.Store(true)
	return nil
}

// beginOpening keeps others from beginning to record.
func (x *extras) beginOpening() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.recording != nil:
		return fmt.Errorf("record: %w, to %s", ErrRecording, x.recording.Path())
	case x.opening:
		return fmt.Errorf("record: %w", ErrRecording)
	}
	x.opening = true
	return nil
}

// Recording is the file being recorded to, "" when there is none.
func (s *Session) Recording() string {
	s.extras.mu.Lock()
	defer s.extras.mu.Unlock()
	if s.extras.recording == nil {
		return ""
	}
	return s.extras.recording.Path()
}

// StopRecording ends the recording and waits until its file is written. It
// returns the file, "" when there was none, and what went wrong.
func (s *Session) StopRecording() (string, error) {
	x := &s.extras
	x.mu.Lock()
	r := x.recording
	x.recording = nil
	x.said.Set(tone.None)
	x.heard.Set(tone.None)
	x.rest()
	x.mu.Unlock()
	if r == nil {
		return "", nil
	}
	err := r.Close()
	if _, lost := r.Length(); lost > 0 && err == nil {
		err = fmt.Errorf("record to %s: the disk was too slow for %v of it", r.Path(), lost)
	}
	return r.Path(), err
}

// Play plays a sound, at sound.Rate, to the peer beside what the microphone
// hears, muted or not. One that is playing gives way; nil ends it. ended is
// called once, on another goroutine, when the sound is over or gave way; it may
// be nil.
func (s *Session) Play(samples []int16, ended func()) {
	x := &s.extras
	x.mu.Lock()
	defer x.mu.Unlock()
	x.finish()
	if s.closed.Load() || len(samples) == 0 {
		if ended != nil {
			go ended()
		}
		x.rest()
		return
	}
	x.file, x.at, x.ended = samples, 0, ended
	x.on.Store(true)
}

// finish forgets the file.
func (x *extras) finish() {
	if x.ended != nil {
		go x.ended()
	}
	x.file, x.ended = nil, nil
}

// rest turns the work off when nothing is left to do.
func (x *extras) rest() {
	x.on.Store(x.recording != nil || x.file != nil || !x.said.Silent() || !x.heard.Silent())
}

// outgoing changes a period on its way to the peer; nil is silence.
func (x *extras) outgoing(in []int16) []int16 {
	if !x.on.Load() {
		return in
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.out[copy(x.out[:], in):])
	touched := in != nil
	if x.file != nil {
		n := min(len(x.file)-x.at, sound.Period)
		for i, v := range x.file[x.at : x.at+n] {
			x.out[i] = int16(max(-32768, min(32767, int32(x.out[i])+int32(v))))
		}
		if x.at += n; x.at >= len(x.file) {
			x.finish()
		}
		touched = true
	}
	if !x.said.Silent() {
		x.said.Mix(x.out[:])
		touched = true
	}
	if x.recording != nil {
		x.recording.said(x.out[:])
	}
	x.rest()
	if !touched {
		return nil
	}
	return x.out[:]
}

// incoming changes a period on its way to the ear.
func (x *extras) incoming(out []int16) {
	if !x.on.Load() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.heard.Silent() {
		x.heard.Mix(out)
	}
	if x.recording != nil {
		x.recording.heard(out)
	}
	x.rest()
}

// closeExtras ends it all. Nobody waits for the disk at the end of a call.
func (s *Session) closeExtras() {
	s.Play(nil, nil)
	if s.Recording() == "" {
		return
	}
	go func() {
		if path, err := s.StopRecording(); err != nil {
			s.log.Error("recording a call", "file", path, "err", err)
		}
	}()
}
