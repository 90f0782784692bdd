package phone

import (
	"context"
	"fmt"
	"strings"
	"time"

	"offhook/phone/control"
	"offhook/phone/desk"
	"offhook/phone/ua"
)

// Do carries out one command of the control socket. It may be called by any goroutine; the loop answers.
func (p *Phone) Do(ctx context.Context, c control.Command) (control.Result, error) {
	if err := c.Check(); err != nil {
		return control.Result{}, err
	}
	switch c.Verb {
	case control.VerbHandset:
		return p.operate(ctx, c.Args)
	case control.VerbAccountTest:
		return p.testAccount(ctx, c.Args["name"])
	case control.VerbDevices:
		return control.Result{OK: true}.WithData(p.Status().Handsets)
	case control.VerbRecord:
		return p.record(ctx, c.Args)
	case control.VerbPlay:
		return p.play(ctx, c.Args)
	case control.VerbTrace:
		return p.trace(ctx, c.Args["call"])
	case control.VerbQuit:
		return p.ask(ctx, func() error {
			if !p.quitting {
				p.quitting = true
				close(p.quit)
			}
			return nil
		})
	}
	e, err := event(c)
	if err != nil {
		return control.Result{}, err
	}
	return p.ask(ctx, func() error {
		if err := p.know(c.Args); err != nil {
			return err
		}
		if dial, ok := e.(desk.CmdDial); ok {
			if err := p.checkTarget(dial); err != nil {
				return err
			}
		}
		if t, ok := e.(desk.CmdTransfer); ok && t.Target != "" && p.agent != nil {
			account := ""
			if c := p.calls[t.Call]; c != nil {
				account = c.account
			}
			if err := p.agent.CheckTarget(account, t.Target); err != nil {
				return bad("%v", err)
			}
		}
		p.refusal = ""
		p.feed(e)
		if p.refusal != "" {
			return &control.Error{Code: control.CodeRefused, Message: p.refusal}
		}
		return nil
	})
}

// trace gives the SIP messages that are remembered, of one call (which may be over) or of all.
func (p *Phone) trace(ctx context.Context, call string) (control.Result, error) {
	messages := []control.SIPMessage{}
	if _, err := p.ask(ctx, func() error {
		if p.agent == nil {
			return &control.Error{Code: control.CodeUnavailable, Message: "the phone is still starting"}
		}
		for _, m := range p.agent.Trace(call) {
			messages = append(messages, control.SIPMessage{Time: m.Time, Sent: m.Direction == ua.Sent, Transport: m.Transport,
				Local: m.Local, Remote: m.Remote, CallID: m.CallID, Call: m.Call, Text: m.Text})
		}
		if len(messages) == 0 && call != "" {
			return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("no message of a call %q is remembered; `offhook trace` shows what is", call)}
		}
		return nil
	}); err != nil {
		return control.Result{}, err
	}
	return control.Result{OK: true}.WithData(messages)
}

// ask has the loop do f, and returns what f returned.
func (p *Phone) ask(ctx context.Context, f func() error) (control.Result, error) {
	stopped := &control.Error{Code: control.CodeUnavailable, Message: ErrStopped.Error()}
	answer := make(chan error, 1)
	if !p.inbox.post(func() {
		if p.ending {
			answer <- stopped
			return
		}
		err := f()
		p.outbox = append(p.outbox, func() { answer <- err })
	}) {
		return control.Result{}, stopped
	}
	select {
	case err := <-answer:
		return control.Result{OK: err == nil}, err
	case <-ctx.Done():
		return control.Result{}, &control.Error{Code: control.CodeUnavailable, Message: "the phone did not answer in time"}
	}
}

// event translates a command, which has been checked, into an event for the state machine.
func event(c control.Command) (desk.Event, error) {
	call, hs := desk.CallID(c.Args["call"]), desk.HandsetID(c.Args["handset"])
	on := c.Args["on"] == "true"
	switch c.Verb {
	case control.VerbDial:
		return desk.CmdDial{Target: strings.TrimSpace(c.Args["target"]), Account: c.Args["account"], Handset: hs}, nil
	case control.VerbAnswer:
		return desk.CmdAnswer{Call: call, Handset: hs}, nil
	case control.VerbDecline:
		return desk.CmdDecline{Call: call}, nil
	case control.VerbHangUp:
		return desk.CmdHangUp{Call: call}, nil
	case control.VerbHold:
		return desk.CmdHold{Call: call}, nil
	case control.VerbResume:
		return desk.CmdResume{Call: call}, nil
	case control.VerbSwap:
		return desk.CmdSwap{}, nil
	case control.VerbConference:
		return desk.CmdConference{}, nil
	case control.VerbTransfer:
		return desk.CmdTransfer{Call: call, Target: strings.TrimSpace(c.Args["target"])}, nil
	case control.VerbMute:
		return desk.CmdMute{On: on}, nil
	case control.VerbDND:
		return desk.CmdDND{On: on}, nil
	case control.VerbDTMF:
		return desk.CmdDTMF{Call: call, Keys: strings.ToUpper(c.Args["keys"])}, nil
	}
	return nil, bad("there is no command %q", c.Verb)
}

// checkTarget refuses an address that can't be called at once: the handset would ring to have it dialled, in vain.
func (p *Phone) checkTarget(d desk.CmdDial) error {
	if p.agent == nil {
		return &control.Error{Code: control.CodeUnavailable, Message: "the phone is still starting"}
	}
	account := d.Account
	if account == "" {
		account = p.defaultAccount()
	}
	if err := p.agent.CheckTarget(account, d.Target); err != nil {
		return bad("%v", err)
	}
	return nil
}

// know says so when a command names a call, handset or account that there is not.
func (p *Phone) know(args map[string]string) error {
	if id := args["call"]; id != "" && p.calls[desk.CallID(id)] == nil {
		return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("there is no call %q; `offhook status` lists them", id)}
	}
	if id := args["handset"]; id != "" && p.handsets[desk.HandsetID(id)] == nil {
		return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("there is no handset %q; `offhook devices list` lists them", id)}
	}
	if name := args["account"]; name != "" {
		for _, a := range p.accounts {
			if a.name == name {
				return nil
			}
		}
		return &control.Error{Code: control.CodeNotFound, Message: fmt.Sprintf("there is no account %q; `offhook account list` lists them", name)}
	}
	return nil
}

func bad(format string, args ...any) error {
	return &control.Error{Code: control.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// testAccount has an account register anew, and waits, at most as long as ctx and 35 s, until it is known whether it
// does: the state from before says nothing of a server that went away since, or a password that was mended.
func (p *Phone) testAccount(ctx context.Context, name string) (control.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, 35*time.Second)
	defer cancel()
	events, stop := p.Subscribe()
	defer stop()
	again := false
	if _, err := p.ask(ctx, func() error {
		if err := p.know(map[string]string{"account": name}); err != nil {
			return err
		}
		for _, a := range p.accounts {
			switch {
			case a.name != name:
			case !a.registers:
				return &control.Error{Code: control.CodeRefused, Message: fmt.Sprintf("account %s does not register: its configuration says register = false", name)}
			default:
				again = true
				return p.agent.Refresh(name)
			}
		}
		return nil
	}); err != nil {
		return control.Result{}, err
	}
	for {
		var got control.Account
		for _, a := range p.Status().Accounts {
			if a.Name == name {
				got = a
			}
		}
		switch {
		case again: // this is still the old state
		case got.State == control.AccountRegistered:
			return control.Result{OK: true, Message: fmt.Sprintf("account %s is registered as %s for %d s", name, got.URI, got.ExpiresIn)}.WithData(got)
		case got.State == control.AccountFailed:
			return control.Result{}, &control.Error{Code: control.CodeRefused, Message: fmt.Sprintf("account %s is not registered; it fails at %s: %s", name, stepName(ua.Step(got.Step)), got.Reason)}
		}
		select {
		case e, ok := <-events:
			if !ok {
				return control.Result{}, &control.Error{Code: control.CodeUnavailable, Message: ErrStopped.Error()}
			}
			again = again && !(e.Type == control.EventAccount && e.Account == name)
		case <-ctx.Done():
			return control.Result{}, &control.Error{Code: control.CodeUnavailable, Message: fmt.Sprintf("account %s: still %s; the registrar has not answered yet", name, got.State)}
		}
	}
}

// stepName is what a step of registration does, for people.
func stepName(s ua.Step) string {
	switch s {
	case ua.StepName:
		return "finding the server (name)"
	case ua.StepRoute:
		return "reaching the server (route)"
	case ua.StepTLS:
		return "the server's certificate (tls)"
	case ua.StepAnswer:
		return "the server's answer (answer)"
	case ua.StepCredentials:
		return "name and password (credentials)"
	case ua.StepExpiry:
		return "how long it holds (expiry)"
	}
	return "an unknown step"
}
