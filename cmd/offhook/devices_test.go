package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/hid"
)

// desk is a machine with one emulated phone plugged in, and somebody who types.
func deskWith(t *testing.T, profile string) (*app, *virtual.Phone, io.WriteCloser, *syncBuffer) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	made, err := virtual.ByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	phone := virtual.New(made)
	in, typed := io.Pipe()
	out := &syncBuffer{over: make(chan int, 1)}
	a := &app{ctx: t.Context(), out: out, err: out, now: func() time.Time { return noon }, bus: bus{
		enumerate: func() ([]hid.Info, error) { return []hid.Info{phone.Info()}, nil },
		opener:    func(hid.Info) (hid.Device, error) { return phone.Plug() },
		stdin:     in,
	}}
	return a, phone, typed, out
}

// syncBuffer is what somebody reads while it is written.
type syncBuffer struct {
	over chan int // the exit status of who writes, see start
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{}
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await waits for text.
func (s *syncBuffer) await(t *testing.T, text string) {
	t.Helper()
	for {
		s.mu.Lock()
		got := s.b.String()
		if s.more == nil {
			s.more = make(chan struct{})
		}
		more := s.more
		s.mu.Unlock()
		if strings.Contains(got, text) {
			return
		}
		select {
		case <-more:
		case code := <-s.over:
			t.Fatalf("ended with %d, no %q in\n%s", code, text, s.String())
		}
	}
}

// start runs a command line beside the test.
func (s *syncBuffer) start(a *app, args ...string) { go func() { s.over <- a.main(args) }() }

func TestDescribeExplainsTheDeviceThatIsPluggedIn(t *testing.T) {
	a, _, _, out := deskWith(t, "handset")
	if code := a.main([]string{"devices", "describe"}); code != 0 {
		t.Fatal(out.String())
	}
	for _, want := range []string{"driver hid-telephony: hook mute", "0B:04 Handset (application)", "0B:20 Hook Switch  -> hook", "08:18 Ring  -> ring"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	a, _, _, out = deskWith(t, "handset")
	if code := a.main([]string{"devices", "describe", "Jabra"}); code != 1 || !strings.Contains(out.String(), `no device is called "Jabra"`) {
		t.Errorf("exit %d, %s", code, out.String())
	}
}

func TestMonitorShowsAndExportRecordsAndARecordingIsPlayed(t *testing.T) {
	a, phone, _, out := deskWith(t, "handset")
	ctx, cancel := context.WithCancel(t.Context())
	a.ctx = ctx
	file := filepath.Join(t.TempDir(), "phone.txt")
	out.start(a, "devices", "export", file, "--for", "1h")
	out.await(t, "end with Ctrl-C")
	awaitOpen(t, phone)
	if err := phone.Press("5"); err != nil {
		t.Fatal(err)
	}
	out.await(t, "Phone Key 5 0") // let go of: both reports are recorded
	cancel()
	if code := <-out.over; code != 0 && code != exitInterrupted {
		t.Fatalf("exit %d, %s", code, out.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "offhook recording 1\ndevice 1209:0001  Offhook Virtual handset\n") || strings.Count(string(text), " in ") < 2 {
		t.Errorf("%s", text)
	}
	if phone.State().Reports != 0 {
		t.Error("something was written to the device")
	}
	p, err := virtual.Find(file)
	if err != nil || p.Name != "Offhook Virtual handset" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := virtual.Find("no-such-phone"); err == nil || !strings.Contains(err.Error(), "nor is there a recording") {
		t.Errorf("%v", err)
	}
}

// awaitOpen waits until somebody reads a phone.
func awaitOpen(t *testing.T, phone *virtual.Phone) {
	t.Helper()
	if _, err := phone.Await(t.Context(), func(s virtual.State) bool { return s.Opened }); err != nil {
		t.Fatal(err)
	}
}

func TestATestThatIsEndedSaysWhatWorked(t *testing.T) {
	a, phone, typed, out := deskWith(t, "handset")
	a.stateDir = t.TempDir()
	out.start(a, "devices", "test", "--state-dir", a.stateDir)
	out.await(t, "Lift the handset")
	if err := phone.Lift(); err != nil {
		t.Fatal(err)
	}
	out.await(t, "Put the handset down")
	if _, err := io.WriteString(typed, "\nq\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-out.over; code != 1 || !strings.Contains(out.String(), "hook  ok\nhook  NOT ok  nothing came\n") ||
		!strings.Contains(out.String(), "not everything works: 1 of 2") {
		t.Errorf("exit %d\n%s", code, out.String())
	}
}

func TestLearnWritesAProfileThatIsUsed(t *testing.T) {
	a, phone, typed, out := deskWith(t, "cypress-phone")
	out.start(a, "devices", "learn", "04b4:0307")
	out.await(t, "Lift the handset, or press the green key")
	if err := phone.Lift(); err != nil {
		t.Fatal(err)
	}
	out.await(t, "heard")
	if err := phone.HangUp(); err != nil {
		t.Fatal(err)
	}
	out.await(t, "Press and let go of the key 1")
	if _, err := io.WriteString(typed, "q\n"); err != nil {
		t.Fatal(err)
	}
	if code := <-out.over; code != 0 {
		t.Fatalf("exit %d\n%s", code, out.String())
	}
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "offhook", "devices", "04b4-0307.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "put-down") || !strings.Contains(string(text), "device  04b4:0307") {
		t.Errorf("%s", text)
	}
	list, _, _, out := deskWith(t, "cypress-phone")
	t.Setenv("XDG_CONFIG_HOME", filepath.Dir(filepath.Dir(filepath.Dir(file))))
	list.stateDir = t.TempDir()
	if code := list.main([]string{"devices", "list", "--state-dir", list.stateDir}); code != 0 || !strings.Contains(out.String(), "  driver    profile\n  controls  hook\n") {
		t.Errorf("exit %d\n%s", code, out.String())
	}
	again, _, _, out := deskWith(t, "cypress-phone")
	t.Setenv("XDG_CONFIG_HOME", filepath.Dir(filepath.Dir(filepath.Dir(file))))
	if code := again.main([]string{"devices", "learn", "04b4:0307"}); code != 1 || !strings.Contains(out.String(), "is there already; --force writes over it") {
		t.Errorf("exit %d\n%s", code, out.String())
	}
}
