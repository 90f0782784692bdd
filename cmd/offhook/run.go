package main

import "errors"

// RunCmd is the phone itself.
type RunCmd struct {
	Config   string `help:"Configuration file. Default: as XDG says; there, it may be missing." placeholder:"FILE"`
	Headless bool   `help:"Start no tray icon."`
	Virtual  string `help:"Plug in an emulated handset of this profile." placeholder:"PROFILE"`
}

// Run is the phone, until the app's context ends.
func (c *RunCmd) Run(a *app) error { return errors.New("not wired yet") }
