package main

import "offhook/phone/demo"

// DemoCmd is the demonstration.
type DemoCmd struct {
	Dir string `help:"Folder for recordings and the picture of the calls." default:"offhook-demo" placeholder:"DIR"`
}

// Run plays the demonstration.
func (c *DemoCmd) Run(a *app) error {
	return demo.Run(a.ctx, demo.Config{Dir: c.Dir, Out: a.out})
}
