//go:build desktop

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/phone/control"
)

// realPhone is `offhook run` with an emulated handset.
type realPhone struct {
	client *control.Client
	stream *control.Stream
}

func (p *realPhone) do(t *testing.T, verb string, args map[string]string) {
	t.Helper()
	if _, err := p.client.Do(t.Context(), control.Command{Verb: verb, Args: args}); err != nil {
		t.Fatalf("%s %v: %v", verb, args, err)
	}
}

func (p *realPhone) handset(t *testing.T, action, keys string) {
	t.Helper()
	args := map[string]string{"action": action}
	if keys != "" {
		args["keys"] = keys
	}
	p.do(t, "handset", args)
}

// await waits until the status is as wanted, looking anew after each event.
func (p *realPhone) await(t *testing.T, what string, ok func(control.Status) bool) {
	t.Helper()
	late := time.AfterFunc(patience, func() { p.stream.Close() })
	defer late.Stop()
	for {
		s, err := p.client.Status(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ok(s) {
			return
		}
		if _, err := p.stream.Next(); err != nil {
			t.Fatalf("not yet: %s: %v; the status is %+v", what, err, s)
		}
	}
}

func TestTheIconOfARealPhone(t *testing.T) {
	d := newDesktop(t)
	d.panel(t)
	state := filepath.Join(d.dir, "s")
	configFile := filepath.Join(d.dir, "config.toml")
	if err := os.WriteFile(configFile, []byte("[audio]\nbackend = \"file\"\n[phone]\ninter_digit_timeout = 0.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	icons := d.listenForIcons(t)
	program(t, "offhook-tray") // which the phone starts by itself
	running, stop := d.start(t, nil, program(t, "offhook"), "run", "--virtual", "handset", "--config", configFile, "--state-dir", state)
	icon := d.awaitIcon(t, icons)
	icon.awaitLine(t, "Ready")

	phone := &realPhone{client: control.NewClient(filepath.Join(state, "control.sock"))}
	var err error
	if phone.stream, err = phone.client.Events(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Do not disturb, on and off.
	icon.click(t, "Do not disturb")
	phone.await(t, "do not disturb is on", func(s control.Status) bool { return s.DND })
	icon.await(t, "it is checked", func(ls []line) bool { l, _ := find(ls, "Do not disturb"); return l.checked })
	icon.click(t, "Do not disturb")
	phone.await(t, "do not disturb is off", func(s control.Status) bool { return !s.DND })
	icon.await(t, "it is unchecked", func(ls []line) bool { l, _ := find(ls, "Do not disturb"); return !l.checked })

	// A call to 601, which calls back when the call is over.
	phone.handset(t, "lift", "")
	phone.handset(t, "press", "601")
	icon.awaitLine(t, "Talking to 601")
	icon.click(t, "Mute")
	phone.await(t, "muted", func(s control.Status) bool { return s.Muted })
	icon.awaitLine(t, "In a call, muted")
	icon.click(t, "Hang up")
	phone.await(t, "no call", func(s control.Status) bool { return len(s.Calls) == 0 })
	phone.handset(t, "hang-up", "")

	// It rings, and is declined.
	icon.awaitLine(t, "Answer")
	icon.click(t, "Decline")
	phone.await(t, "no call", func(s control.Status) bool { return len(s.Calls) == 0 })
	icon.awaitLine(t, "Ready")

	// The end of the phone is the end of its icon.
	tray := icon.item.Destination() // a unique name on the bus, which goes when the process does
	gone := d.listen(t, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, tray))
	icon.click(t, "Quit Offhook")
	gone.await(t, "the icon's program has ended", func(s *dbus.Signal) bool { return s.Name == nameChanged && s.Body[0] == tray && s.Body[2] == "" })
	stop()
	if code := running.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the phone ended with %d", code)
	}
	if left, _ := filepath.Glob(state + "/" + iconPrefix + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
