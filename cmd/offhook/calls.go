package main

import (
	"path/filepath"

	"offhook/phone/control"
)

// anyCall is the argument of verbs that mean a call: without it, the phone takes the one that is meant by its state.
type anyCall struct {
	Call string `arg:"" optional:"" help:"ID of the call, as status shows it. Default: the one there is."`
}

func (c anyCall) args() map[string]string { return map[string]string{"call": c.Call} }

type dialCmd struct {
	Target  string `arg:"" help:"Number, user, or address (sip:user@host)."`
	Account string `help:"Account to call from." placeholder:"NAME"`
	Handset string `help:"Handset to call with." placeholder:"ID"`
}

func (c *dialCmd) Run(a *app) error {
	return a.order(control.VerbDial, map[string]string{"target": c.Target, "account": c.Account, "handset": c.Handset})
}

type answerCmd struct {
	anyCall
	Handset string `help:"Handset to talk with." placeholder:"ID"`
}

func (c *answerCmd) Run(a *app) error {
	return a.order(control.VerbAnswer, map[string]string{"call": c.Call, "handset": c.Handset})
}

type declineCmd struct{ anyCall }

func (c *declineCmd) Run(a *app) error { return a.order(control.VerbDecline, c.args()) }

type hangUpCmd struct{ anyCall }

func (c *hangUpCmd) Run(a *app) error { return a.order(control.VerbHangUp, c.args()) }

type holdCmd struct{ anyCall }

func (c *holdCmd) Run(a *app) error { return a.order(control.VerbHold, c.args()) }

type resumeCmd struct{ anyCall }

func (c *resumeCmd) Run(a *app) error { return a.order(control.VerbResume, c.args()) }

type swapCmd struct{}

func (c *swapCmd) Run(a *app) error { return a.order(control.VerbSwap, nil) }

type conferenceCmd struct{}

func (c *conferenceCmd) Run(a *app) error { return a.order(control.VerbConference, nil) }

type transferCmd struct {
	Target string `arg:"" optional:"" help:"Number, user, or address to hand the call to. Default: join the call and the one on hold."`
	Call   string `help:"Call to hand over." placeholder:"ID"`
}

func (c *transferCmd) Run(a *app) error {
	return a.order(control.VerbTransfer, map[string]string{"target": c.Target, "call": c.Call})
}

type quitCmd struct{}

func (c *quitCmd) Run(a *app) error { return a.order(control.VerbQuit, nil) }

// onOffArg is the argument of a switch.
type onOffArg struct {
	State string `arg:"" enum:"on,off" help:"on or off."`
}

func (c onOffArg) args() map[string]string {
	if c.State == "on" {
		return map[string]string{"on": "true"}
	}
	return map[string]string{"on": "false"}
}

type muteCmd struct{ onOffArg }

func (c *muteCmd) Run(a *app) error { return a.order(control.VerbMute, c.args()) }

type dndCmd struct{ onOffArg }

func (c *dndCmd) Run(a *app) error { return a.order(control.VerbDND, c.args()) }

type recordCmd struct {
	File string `arg:"" optional:"" help:"File to make, .wav or .opus: what is said on the left, what is heard on the right."`
	Stop bool   `help:"End the recording."`
	Tone bool   `help:"Let both sides hear a beep every 15 s."`
	Call string `help:"Call to record." placeholder:"ID"`
}

func (c *recordCmd) Run(a *app) error {
	return a.withFile(control.VerbRecord, c.File, map[string]string{"stop": yes(c.Stop), "tone": yes(c.Tone), "call": c.Call})
}

type playCmd struct {
	File string `arg:"" optional:"" help:"WAV or Opus file, of 10 minutes at most, for the other side to hear."`
	Stop bool   `help:"End it."`
	Call string `help:"Call to play it in." placeholder:"ID"`
}

func (c *playCmd) Run(a *app) error {
	return a.withFile(control.VerbPlay, c.File, map[string]string{"stop": yes(c.Stop), "call": c.Call})
}

// withFile gives an order about a file, which the phone may see from another directory than this one.
func (a *app) withFile(verb, file string, args map[string]string) error {
	if file != "" {
		path, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		args["file"] = path
	}
	return a.order(verb, args)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

type dtmfCmd struct {
	Keys string `arg:"" help:"Keys to send: 0-9 * # A-D."`
	Call string `help:"Call to send them in." placeholder:"ID"`
}

func (c *dtmfCmd) Run(a *app) error {
	return a.order(control.VerbDTMF, map[string]string{"keys": c.Keys, "call": c.Call})
}
