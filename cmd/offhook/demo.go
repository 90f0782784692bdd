package main

import "errors"

// DemoCmd is the demonstration.
type DemoCmd struct {
	Dir string `help:"Folder for recordings and the picture of the call." placeholder:"DIR"`
}

// Run plays the demonstration.
func (c *DemoCmd) Run(a *app) error { return errors.New("not wired yet") }
