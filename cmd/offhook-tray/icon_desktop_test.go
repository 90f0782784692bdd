//go:build desktop

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/phone/control"
	"offhook/phone/control/controltest"
)

// programs builds our programs once for all tests, and returns their folder.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "offhook-tray-test")
	if err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", "build", "-o", dir+"/", ".", "offhook/cmd/offhook").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// built is the folder that programs made; empty when no test has asked.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

func program(t *testing.T, name string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func TestTheIconShowsThePhoneAndOperatesIt(t *testing.T) {
	d := newDesktop(t)
	stopPanel := d.panel(t)

	refused := &control.Error{Code: control.CodeRefused, Message: "not with a cold"}
	b := &controltest.Backend{OnDo: func(_ context.Context, c control.Command) (control.Result, error) {
		if c.Verb == "dnd" {
			return control.Result{}, refused
		}
		return control.Result{}, nil
	}}
	ringing := control.Status{
		State: "ringing", Accounts: []control.Account{{Name: "my_desk", State: "registered"}},
		Calls:    []control.Call{{ID: "in-1", Direction: "in", State: "incoming", Peer: "sip:bob@example.org", PeerName: "Bob"}},
		Handsets: []control.Handset{{ID: "1:2", Name: "USB Phone", State: "idle"}},
	}
	b.SetStatus(ringing)
	socket := filepath.Join(d.dir, "state", "control.sock")
	serve := func() (stop func()) {
		l, err := control.Listen(socket)
		if err != nil {
			t.Fatal(err)
		}
		return controltest.ServeOn(t, b, l)
	}
	stopPhone := serve()

	icons := d.listenForIcons(t)
	tray, stopTray := d.start(t, nil, program(t, "offhook-tray"), "--state-dir", filepath.Dir(socket))
	icon := d.awaitIcon(t, icons)
	folder := filepath.Join(filepath.Dir(socket), iconPrefix+strconv.Itoa(tray.Process.Pid))

	// What is shown.
	icon.awaitLine(t, "Answer")
	var labels []string
	for _, l := range icon.lines(t) {
		labels = append(labels, l.label)
	}
	want := "Ringing|Call from Bob|Answer|Decline|mydesk: registered|USB Phone: ready|Do not disturb|Quit Offhook"
	if got := strings.Join(labels, "|"); got != want {
		t.Errorf("the menu is %s\nwant        %s", got, want)
	}
	first := icon.iconName(t)
	if filepath.Dir(first) != folder {
		t.Errorf("the icon is %s, want it in %s", first, folder)
	}
	if png, err := os.ReadFile(first); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("icon file: %v", err)
	}
	d.screenshot(t, "ringing")

	// What can be done.
	icon.click(t, "Answer")
	if c := b.NextCommand(t); c.Verb != "answer" || c.Args["call"] != "in-1" {
		t.Errorf("Answer: %+v", c)
	}
	talking := ringing
	talking.State = "talking"
	talking.Calls = []control.Call{{ID: "in-1", Direction: "in", State: "active", Peer: "sip:bob@example.org", PeerName: "Bob"}}
	b.SetStatus(talking)
	if l := icon.awaitLine(t, "Mute"); l.checked {
		t.Error("Mute is checked before it is on")
	}
	icon.await(t, "Answer is gone", func(ls []line) bool { _, there := find(ls, "Answer"); return !there })
	if second := icon.iconName(t); second == first {
		t.Error("the icon did not change from ringing to talking")
	}
	d.screenshot(t, "talking")
	icon.click(t, "Mute")
	if c := b.NextCommand(t); c.Verb != "mute" || c.Args["on"] != "true" {
		t.Errorf("Mute: %+v", c)
	}
	talking.Muted = true
	b.SetStatus(talking)
	icon.awaitLine(t, "In a call, muted")
	if l := icon.awaitLine(t, "Mute"); !l.checked {
		t.Error("Mute is not checked while it is on")
	}

	// A check box that the phone refuses goes back, and the refusal is said.
	icon.click(t, "Do not disturb")
	if c := b.NextCommand(t); c.Verb != "dnd" || c.Args["on"] != "true" {
		t.Errorf("Do not disturb: %+v", c)
	}
	icon.awaitLine(t, "Do not disturb: not with a cold")
	icon.await(t, "Do not disturb is unchecked", func(ls []line) bool { l, _ := find(ls, "Do not disturb"); return !l.checked })

	// The panel goes and comes back.
	icons = d.listenForIcons(t)
	stopPanel()
	d.panel(t)
	icon = d.awaitIcon(t, icons)
	icon.awaitLine(t, "Mute")

	// The phone goes and comes back.
	stopPhone()
	icon.awaitLine(t, "Offhook is not running")
	icon.await(t, "nothing else is shown", func(ls []line) bool { return len(ls) == 2 })
	d.screenshot(t, "not-running")
	b.SetStatus(control.Status{State: "idle"})
	serve()
	icon.awaitLine(t, "Ready")
	d.screenshot(t, "ready")

	// The end, by the menu.
	left := d.listen(t, dbus.WithMatchInterface(watcherName))
	icon.click(t, "Quit Offhook")
	if c := b.NextCommand(t); c.Verb != "quit" {
		t.Errorf("Quit Offhook: %+v", c)
	}
	left.await(t, "the icon is gone", func(s *dbus.Signal) bool { return s.Name == unregistered })
	stopTray()
	if code := tray.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the tray ended with %d", code)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the icons are left behind: %v", err)
	}
	if strays, _ := filepath.Glob(d.dir + "/systray_*"); len(strays) > 0 {
		t.Errorf("icon files are left behind: %v", strays)
	}
}

func TestASignalEndsTheIconCleanly(t *testing.T) {
	d := newDesktop(t)
	d.panel(t)
	icons := d.listenForIcons(t)
	state := filepath.Join(d.dir, "state")
	tray, stop := d.start(t, nil, program(t, "offhook-tray"), "--state-dir", state)
	icon := d.awaitIcon(t, icons)
	icon.awaitLine(t, "Offhook is not running")
	began := time.Now()
	stop()
	if code := tray.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it took %v", d)
	}
	if left, _ := filepath.Glob(state + "/*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
