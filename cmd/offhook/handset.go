package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"offhook/devices/virtual"
	"offhook/phone/control"
)

// handsetCmd operates an emulated handset: each action is a HID report, as if a finger had done it.
type handsetCmd struct {
	ID string `name:"handset" help:"Which emulated handset. Default: the first." placeholder:"ID"`

	Lift       actionCmd `cmd:"" help:"Lift it off the cradle."`
	HangUp     actionCmd `cmd:"" help:"Put it back."`
	Press      pressCmd  `cmd:"" help:"Press keys of the keypad."`
	Mute       actionCmd `cmd:"" help:"Press the mute key."`
	Flash      actionCmd `cmd:"" help:"Press the flash key."`
	Redial     actionCmd `cmd:"" help:"Press the redial key."`
	Reject     actionCmd `cmd:"" help:"Press the reject key."`
	Hook       actionCmd `cmd:"" help:"Press the hook button of a headset."`
	VolumeUp   actionCmd `cmd:"" help:"Press the volume key, up."`
	VolumeDown actionCmd `cmd:"" help:"Press the volume key, down."`
	Unplug     actionCmd `cmd:"" help:"Pull its cable."`
	Plug       actionCmd `cmd:"" help:"Plug it in again."`
	Show       showCmd   `cmd:"" help:"Print its lights, ringer and display, as it received them."`
}

// actionCmd is an action without arguments; its name on the command line is its name on the socket.
type actionCmd struct{}

func (c *actionCmd) Run(a *app, h *handsetCmd, k *kong.Context) error {
	return a.order(control.VerbHandset, map[string]string{"action": k.Selected().Name, "handset": h.ID})
}

type pressCmd struct {
	Keys string `arg:"" help:"Keys to press, one after another: 0-9 * # A-D."`
}

func (c *pressCmd) Run(a *app, h *handsetCmd) error {
	return a.order(control.VerbHandset, map[string]string{"action": "press", "keys": c.Keys, "handset": h.ID})
}

type showCmd struct{}

func (c *showCmd) Run(a *app, h *handsetCmd) error {
	result, err := a.do(control.VerbHandset, map[string]string{"action": "show", "handset": h.ID})
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(a.out, result.Data)
	}
	var s virtual.State
	if err := json.Unmarshal(result.Data, &s); err != nil {
		return fmt.Errorf("the phone's answer makes no sense (another version?): %w", err)
	}
	return a.showHandset(s)
}

// showHandset draws what somebody looking at the handset would see.
func (a *app) showHandset(s virtual.State) error {
	t := newTable(a.out)
	where := "on its cradle"
	switch {
	case !s.Plugged:
		where = "unplugged"
	case s.Lifted:
		where = "lifted"
	}
	if s.Plugged && !s.Opened {
		where += ", no program uses it"
	}
	t.row("handset", s.Profile+", "+where)
	var lights []string
	for _, name := range slices.Sorted(maps.Keys(s.Lights)) {
		lights = append(lights, name+" "+onOff(s.Lights[name]))
	}
	t.row("lights", strings.Join(lights, ", "))
	t.row("rings", map[bool]string{true: "yes", false: "no"}[s.Ringing])
	for i, line := range s.Display {
		name := ""
		if i == 0 {
			name = "display"
		}
		t.row(name, "|"+line+"|")
	}
	return t.flush()
}
