package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"time"

	"offhook/udev"
)

type udevCmd struct {
	Install udevInstallCmd `cmd:"" help:"Let the user at the seat and the group plugdev open USB telephones. Needs root."`
	Remove  udevRemoveCmd  `cmd:"" help:"Undo 'udev install'. Needs root."`
	Check   udevCheckCmd   `cmd:"" default:"1" help:"Tell whether you may open the telephones that are plugged in, and what to do if not."`
}

// udevDone is what install and remove say that they did.
type udevDone struct {
	Files []udev.Change `json:"files"`
	// Udev is "reloaded", "not running", or "left alone" with --root.
	Udev  string   `json:"udev"`
	Notes []string `json:"notes,omitempty"`
}

func (a *app) writeUdevDone(d udevDone) error {
	if a.json {
		return a.writeJSON(a.out, d)
	}
	t := newTable(a.out)
	for _, f := range d.Files {
		t.row(f.Done, f.Path)
	}
	t.row(d.Udev, "udev")
	if err := t.flush(); err != nil {
		return err
	}
	for _, note := range d.Notes {
		fmt.Fprintln(a.out, note)
	}
	return nil
}

type udevInstallCmd struct {
	Share  bool   `help:"Leave handsets' sound and keys to the desktop as well."`
	Root   string `help:"Install below this folder instead of into this system; udev is not told." placeholder:"DIR"`
	Helper string `help:"The program offhook-hid-id, if it is not beside this one." placeholder:"FILE"`
}

func (c *udevInstallCmd) Run(a *app) error {
	helper := c.Helper
	if helper == "" {
		var err error
		if helper, err = sibling("offhook-hid-id"); err != nil {
			return err
		}
	}
	files, err := udev.Install(udev.InstallOptions{Root: c.Root, Helper: helper, Share: c.Share})
	if err != nil {
		return needsRoot(err, "install")
	}
	done := udevDone{Files: files}
	if done.Udev, err = reload(a.ctx, c.Root); err != nil {
		return err
	}
	done.Notes = installNotes(c.Root, done.Udev, c.Share)
	return a.writeUdevDone(done)
}

// installNotes is what a person has to do yet.
func installNotes(root, udev string, share bool) []string {
	var notes []string
	if root != "" {
		return nil
	}
	if _, err := user.LookupGroup("plugdev"); err != nil {
		notes = append(notes, "There is no group plugdev here. For use without a desktop make it: sudo groupadd --system plugdev")
	}
	if udev == reloadNotRunning {
		notes = append(notes, "No udev runs here; the rules count from when one does.")
	}
	if !share {
		notes = append(notes, "A handset that is plugged in now: unplug it and plug it in again, so that the desktop lets go of its sound and keys.")
	}
	return append(notes, "Who sits at the desktop needs nothing more. Over ssh or without a desktop: sudo usermod -aG plugdev NAME, then log in anew.")
}

type udevRemoveCmd struct {
	Root string `help:"Remove from below this folder instead of from this system." placeholder:"DIR"`
}

func (c *udevRemoveCmd) Run(a *app) error {
	// udev sets permissions but does not take them back with the rule.
	var opened []string
	if c.Root == "" {
		opened = udev.System.Marked(udev.RunDatabase)
	}
	files, err := udev.Remove(c.Root)
	if err != nil {
		return needsRoot(err, "remove")
	}
	done := udevDone{Files: files}
	if done.Udev, err = reload(a.ctx, c.Root); err != nil {
		return err
	}
	for _, node := range opened {
		if err := udev.Withdraw(node); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		done.Files = append(done.Files, udev.Change{Path: node, Done: "withdrawn"})
	}
	if c.Root == "" {
		done.Notes = []string{"A phone or headset that is plugged in now: unplug it and plug it in again, so that the desktop takes its sound and keys."}
	}
	return a.writeUdevDone(done)
}

// needsRoot says what to do when only root may.
func needsRoot(err error, verb string) error {
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		return fmt.Errorf("%w; run: sudo offhook udev %s", err, verb)
	}
	return err
}

// What reload did.
const (
	reloadDone       = "reloaded"
	reloadNotRunning = "not running"
	reloadLeftAlone  = "left alone"
)

// reloadTime bounds each command; settling waits for devices that others set up.
const reloadTime = 30 * time.Second

// reload has udev read the rules, and apply them to what is plugged in.
func reload(ctx context.Context, root string) (string, error) {
	switch {
	case root != "":
		return reloadLeftAlone, nil
	case !udev.Running():
		return reloadNotRunning, nil
	}
	for _, args := range [][]string{
		{"control", "--reload"},
		{
			"trigger", "--action=change", "--subsystem-match=hidraw", "--subsystem-match=usb",
			"--subsystem-match=sound", "--subsystem-match=input",
		},
		{"settle", "--timeout=20"},
	} {
		ctx, cancel := context.WithTimeout(ctx, reloadTime)
		out, err := exec.CommandContext(ctx, "udevadm", args...).CombinedOutput()
		cancel()
		if err != nil {
			return "", fmt.Errorf("the files are in place, but udev was not told: udevadm %s: %w\n%s",
				strings.Join(args, " "), err, strings.TrimSpace(string(out[:min(len(out), 500)])))
		}
	}
	return reloadDone, nil
}
