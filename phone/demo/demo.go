package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"offhook/devices/virtual"
	"offhook/phone"
	"offhook/phone/ua"
)

// ErrFailed is returned by Run when a check failed.
var ErrFailed = errors.New("the demonstration failed")

// Config says where a demonstration goes.
type Config struct {
	Dir string    // recordings and picture are written here; made when it is missing
	Out io.Writer // the timeline

	// SoundHelper is offhook-sound, to plug our handset into the kernel of this machine, see ByKernel; empty: it is
	// plugged in within the program, which needs neither hardware nor rights.
	SoundHelper string
}

// stage is what the scenes play on.
type stage struct {
	*checks
	me, caller *party
	line       *timeline
	out        io.Writer
	flushed    time.Time // HID reports up to here are in the timeline
}

// Run plays all scenes. It takes about half a minute: sound is real time. It returns ErrFailed (wrapped) when a check
// failed or a scene could not go on, after all that can still be shown is shown.
func Run(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return fmt.Errorf("making the folder for the recordings: %w", err)
	}
	began := time.Now()
	s := &stage{out: cfg.Out, line: &timeline{start: began, news: make(chan struct{})}, checks: &checks{out: cfg.Out}}
	err := s.raise(ctx, cfg)
	if err == nil {
		err = s.playAll(ctx)
	}
	if s.me != nil {
		s.flush()
		if perr := s.picture(filepath.Join(cfg.Dir, "call.svg")); perr != nil {
			err = errors.Join(err, perr)
		}
	}
	for _, p := range []*party{s.caller, s.me} {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	if err != nil {
		fmt.Fprintf(cfg.Out, "\nbroken off: %v\n", err)
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	fmt.Fprintf(cfg.Out, "\n%d of %d checks held, in %.1f s\n", s.total-s.failed, s.total, time.Since(began).Seconds())
	fmt.Fprintf(cfg.Out, "in %s: earpiece.wav (what our earpiece played), caller.wav (what the caller heard), handset-said.wav and caller-said.wav (what was spoken), call.svg (a picture of it all)\n", cfg.Dir)
	if s.failed > 0 {
		return fmt.Errorf("%w: %d of %d checks", ErrFailed, s.failed, s.total)
	}
	return nil
}

// raise brings up both phones: ours with the local exchange, the caller as an extension of it.
func (s *stage) raise(ctx context.Context, cfg Config) error {
	log := quiet(s.out)
	files := inProcess(log)
	mine := files
	if cfg.SoundHelper != "" {
		mine = inKernel(cfg.SoundHelper, log, func(node, card string) {
			s.claim(true, "the kernel has the handset, as %s with the sound card %s", node, card)
		})
	}
	var err error
	s.me, err = raise(ctx, cfg.Dir, "handset", "handset", "earpiece.wav", phone.Config{Version: "demo", Logger: log, Trace: trace(s.line)}, mine)
	if err != nil {
		return fmt.Errorf("our phone: %w", err)
	}
	go lights(ctx, s.line, s.me.device)
	if err := s.me.registered(ctx); err != nil {
		return err
	}
	s.claim(true, "registered as extension %s at the local exchange %s", phone.LocalExtension, s.me.phone.Exchange())
	s.caller, err = raise(ctx, cfg.Dir, "headset", "caller", "caller.wav", phone.Config{Version: "demo", Logger: log, Accounts: []ua.Account{{
		Name: "neighbour", URI: "sip:101@" + s.me.phone.Exchange(), DisplayName: "Neighbour", Transport: "udp", Register: true, Expires: time.Hour,
	}}}, files)
	if err != nil {
		return fmt.Errorf("the calling phone: %w", err)
	}
	return s.caller.registered(ctx)
}

func (s *stage) playAll(ctx context.Context) error {
	for i, sc := range scenes {
		fmt.Fprintf(s.out, "\n%d. %s\n", i+1, sc.title)
		err := sc.play(ctx, s)
		s.flush()
		if err != nil {
			return fmt.Errorf("scene %d: %w", i+1, err)
		}
	}
	return nil
}

// flush prints what happened since the last flush.
func (s *stage) flush() {
	fmt.Fprintln(s.out)
	history := s.me.device.State().History
	for _, r := range history {
		if !r.At.After(s.flushed) {
			continue
		}
		kind := "hid in"
		if r.Out {
			kind = "hid out"
		}
		s.line.add(r.At, kind, "%s", r.Bytes)
		s.flushed = r.At
	}
	s.me.tones(s.line)
	s.line.print(s.out)
}

// press presses keys as a finger does, one after the other.
func (s *stage) press(ctx context.Context, keys string) (first time.Time, err error) {
	first = s.hand("press " + keys)
	for _, k := range keys {
		if err := s.me.device.Press(string(k)); err != nil {
			return first, err
		}
		s.rest(ctx, 150*time.Millisecond)
	}
	return first, nil
}

// hand notes what is done at the handset now.
func (s *stage) hand(what string) time.Time {
	now := time.Now()
	s.line.add(now, "hand", "%s", what)
	return now
}

// shows claims that the handset comes to show something.
func (s *stage) shows(ctx context.Context, what string, ok func(virtual.State) bool) {
	err := s.me.shows(ctx, what, ok)
	v := s.me.device.State()
	s.claim(err == nil, "the handset shows: %v, display %q", v.Lit(), v.Display)
}

// sip finds a SIP message since a moment by how its line in the timeline begins.
func (s *stage) sip(ctx context.Context, from time.Time, begin string) (time.Time, bool) {
	return s.line.await(ctx, "sip", from, begin)
}

// report finds the first HID report of a kind since a moment.
func (s *stage) report(from time.Time, ok func(virtual.Report) bool) (time.Time, bool) {
	for _, r := range s.me.device.State().History {
		if !r.At.Before(from) && ok(r) {
			return r.At, true
		}
	}
	return time.Time{}, false
}

// rest lets real time pass, as talking and listening do.
func (s *stage) rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
