// Command offhook-tray shows the running phone in the tray of a desktop: an icon for its state, and a menu to answer,
// decline, hang up, hold, mute, switch do not disturb, and end it. It knows nothing of phones: what the menu holds is
// decided by package menu from the status that the phone's control socket gives.
//
// It is a program of its own because GTK needs a display, ends the process when it loses it, and weighs more than the
// phone. `offhook run` starts it where there is a desktop; it may be started and ended on its own at any time.
//
//	control socket ─► follow ─► menu.Build ─► view (what changed?) ─► systray ─► StatusNotifierItem on D-Bus
//	       ▲                                                            │
//	       └────────────────────── command of the item ◄── click ───────┘
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/getlantern/systray"

	"offhook/phone/config"
	"offhook/phone/control"
)

type cli struct {
	StateDir  string `help:"Folder of the phone's state and control socket, as given to 'offhook run'." placeholder:"DIR"`
	IfRunning bool   `help:"End silently when no phone runs and none starts within ten seconds; for the autostart of desktops."`
}

func main() {
	var c cli
	kong.Parse(&c, kong.Name("offhook-tray"), kong.Description("The tray icon of the running phone."))
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "offhook-tray:", err)
		os.Exit(1)
	}
}

// run shows the icon until the user or a signal ends it. It must be on the main thread, which GTK owns; package systray
// has locked the main goroutine to it.
func (c *cli) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	paths, err := config.FindPaths(c.StateDir, config.Environment{})
	if err != nil {
		return err
	}
	sockets := []string{paths.Socket()}
	if c.StateDir == "" {
		sockets = append(sockets, config.SystemSocket)
	}
	client := control.NewClient(sockets...)
	if c.IfRunning {
		// A phone that is a service of the session starts with the desktop, or just before.
		ctx, cancel := context.WithTimeout(ctx, autostartPatience)
		running := appears(ctx, client, sockets)
		cancel()
		if !running {
			return nil
		}
	}
	if err := openDisplay(); err != nil {
		return err
	}
	icons, err := iconFolder(paths.Runtime)
	if err != nil {
		return err
	}
	defer os.RemoveAll(icons)
	// systray writes each icon to a file in TMPDIR and leaves the last one there; this way it goes with the folder.
	if err := os.Setenv("TMPDIR", icons); err != nil {
		return err
	}
	t := &tray{client: client, sockets: sockets}
	systray.Run(func() { t.ready(ctx) }, func() {})
	return nil
}

// autostartPatience is how long --if-running waits for a phone.
const autostartPatience = 10 * time.Second

var errNoDesktop = errors.New("there is no desktop to show an icon on: DISPLAY and WAYLAND_DISPLAY are not set (a phone without one: `offhook run --headless`)")
