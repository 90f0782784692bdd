package phone

import (
	"context"
	"fmt"
	"time"

	"offhook/media"
	"offhook/phone/control"
	"offhook/phone/desk"
)

// maxPlayed is the longest file that is played into a call.
const maxPlayed = 10 * time.Minute

// spoken finds the session of the conversation that a command means: the one named, or the only one that is not on hold.
func (p *Phone) spoken(ctx context.Context, id string) (*media.Session, error) {
	var found *media.Session
	_, err := p.ask(ctx, func() error {
		if id != "" && p.calls[desk.CallID(id)] == nil {
			return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("there is no call %q", id)}
		}
		n := 0
		for _, c := range p.state.Calls() {
			if id != "" && string(c.ID) != id || id == "" && (c.Held || c.Phase != desk.Active) {
				continue
			}
			if k := p.calls[c.ID]; k != nil && k.codec != "" {
				found = k.session
				n++
			}
		}
		switch {
		case n == 0:
			return &control.Error{Code: control.CodeRefused, Message: "there is no conversation to do that with"}
		case n > 1:
			return &control.Error{Code: control.CodeRefused, Message: "there are several calls; say which"}
		}
		return nil
	})
	return found, err
}

// record starts or stops the recording of a call. Files are opened, and waited for, outside of the loop.
func (p *Phone) record(ctx context.Context, args map[string]string) (control.Result, error) {
	s, err := p.spoken(ctx, args["call"])
	if err != nil {
		return control.Result{}, err
	}
	if args["stop"] == "" {
		if err := s.Record(args["file"], args["tone"] != ""); err != nil {
			return control.Result{}, &control.Error{Code: control.CodeRefused, Message: err.Error()}
		}
		p.log.Info("recording a call", "file", args["file"])
		return control.Result{OK: true}, p.tellStatus(ctx)
	}
	path, err := s.StopRecording()
	switch {
	case err != nil:
		return control.Result{}, &control.Error{Code: control.CodeInternal, Message: err.Error()}
	case path == "":
		return control.Result{}, &control.Error{Code: control.CodeRefused, Message: "the call is not being recorded"}
	}
	return control.Result{OK: true, Message: "recorded to " + path}, p.tellStatus(ctx)
}

// play plays a file into a call, or stops it.
func (p *Phone) play(ctx context.Context, args map[string]string) (control.Result, error) {
	s, err := p.spoken(ctx, args["call"])
	if err != nil {
		return control.Result{}, err
	}
	var samples []int16
	if args["stop"] == "" {
		if samples, err = media.ReadSound(args["file"], maxPlayed); err != nil {
			return control.Result{}, &control.Error{Code: control.CodeRefused, Message: err.Error()}
		}
	}
	s.Play(samples, nil)
	return control.Result{OK: true}, nil
}

// tellStatus lets those who listen know that the status has changed.
func (p *Phone) tellStatus(ctx context.Context) error {
	_, err := p.ask(ctx, func() error {
		p.send(control.Event{Type: control.EventStatus})
		return nil
	})
	return err
}
