package main

import (
	"errors"

	"offhook/phone/control"
	"offhook/phone/demo"
)

// DemoCmd is the demonstration.
type DemoCmd struct {
	Dir    string `help:"Folder for recordings and the picture of the calls." default:"offhook-demo" placeholder:"DIR"`
	Kernel string `help:"Plug the handset into this machine's kernel, by its emulated bus vhci_hcd: yes, no, or auto: where that may be done and no phone runs." enum:"auto,yes,no" default:"auto" placeholder:"yes|no|auto"`
}

// Run plays the demonstration.
func (c *DemoCmd) Run(a *app) error {
	cfg := demo.Config{Dir: c.Dir, Out: a.out}
	if c.Kernel == "yes" || c.Kernel == "auto" && demo.ByKernel() && a.alone() {
		helper, err := sibling("offhook-sound")
		if err != nil {
			return err
		}
		cfg.SoundHelper = helper
	}
	return demo.Run(a.ctx, cfg)
}

// alone tells that no phone runs here that would take up whatever is plugged in.
func (a *app) alone() bool {
	client, err := a.client()
	if err != nil {
		return false
	}
	defer client.Close()
	_, err = client.Status(a.ctx)
	return errors.Is(err, control.ErrNotRunning)
}
