// Command offhook-sound reaches sound devices for offhook, in a process of its
// own: the libraries below hang, crash and chatter, and a process can be killed.
// offhook starts it by itself. By hand it lists the devices there are.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"offhook/media/sound/engine"
)

const usage = `offhook-sound reaches sound devices for offhook, which starts it by itself.

Usage:
  offhook-sound --list [--json]   list the sound devices
  offhook-sound --serve           serve offhook (it passes what is needed)

Options:
  --json       print JSON, one array
  --verbose    let the sound libraries print what they like
  --help       print this

A device is named by its ALSA name (hw:1,0), its full name, or a part of the name
that no other has. "server" is the default of the desktop's sound server (PipeWire,
PulseAudio), "server:hw:1" what that has of a card. "null" plays into nothing and hears silence; "loopback" hears
what it plays. Both need no card.

Exit status: 0 done, 1 it failed, 2 wrong usage, 3 there is no sound device.
`

const (
	exitFailed = 1
	exitUsage  = 2
	exitNone   = 3
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("offhook-sound", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	list := flags.Bool("list", false, "")
	asJSON := flags.Bool("json", false, "")
	verbose := flags.Bool("verbose", false, "")
	serve := flags.Bool("serve", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "offhook-sound: %v\n\n%s", err, usage)
		return exitUsage
	case flags.NArg() > 0 || *list == *serve:
		fmt.Fprint(stderr, usage)
		return exitUsage
	case *serve:
		b := &libraries{}
		b.server.ended = func(why string) {
			// offhook notices at once, and starts another process, which looks for the server anew.
			fmt.Fprintln(stderr, "offhook-sound:", why)
			os.Exit(exitFailed)
		}
		if err := engine.ServeInherited(b); err != nil {
			fmt.Fprintln(stderr, "offhook-sound:", err)
			return exitFailed
		}
		return 0
	}
	devices, err := look(*verbose)
	if err != nil {
		fmt.Fprintln(stderr, "offhook-sound:", err)
		return exitFailed
	}
	return print(devices, *asJSON, stdout, stderr)
}

// look lists the devices while the libraries are kept quiet.
func look(verbose bool) ([]engine.Device, error) {
	if !verbose {
		restore, err := silence()
		if err != nil {
			return nil, err
		}
		defer restore()
	}
	return (&portAudio{}).Devices(nil, false)
}

func print(devices []engine.Device, asJSON bool, stdout, stderr io.Writer) int {
	code := 0
	if len(devices) == 0 {
		code = exitNone
	}
	if asJSON {
		if devices == nil {
			devices = []engine.Device{}
		}
		enc := json.NewEncoder(stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(devices); err != nil {
			fmt.Fprintln(stderr, "offhook-sound:", err)
			return exitFailed
		}
		return code
	}
	if code == exitNone {
		fmt.Fprintln(stderr, "offhook-sound: no sound device was found. Is a card plugged in (aplay -l), may you open it (ls -l /dev/snd), or is a sound server running (pw-cli info 0)?")
		return code
	}
	w := tabwriter.NewWriter(stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ALSA\tIN\tOUT\tRATE\tNAME")
	for _, d := range devices {
		name := d.Name
		if d.Default {
			name += "  (default)"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f\t%s\n", d.HW, d.Inputs, d.Outputs, d.Rate, name)
	}
	w.Flush()
	return code
}
