package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"offhook/phone/control/controltest"
)

// manager is a service manager's end of the socket.
type manager struct{ net.PacketConn }

func listenAsManager(t *testing.T, name string) manager {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return manager{c}
}

// next is the next state that was told.
func (m manager) next(t *testing.T) string {
	t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, _, err := m.ReadFrom(buf)
	if err != nil {
		t.Fatal("the manager waits for word: ", err)
	}
	return string(buf[:n])
}

func TestTheManagersSocketMayBeAPathOrAnAbstractName(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("abstract names are Linux's")
	}
	path := filepath.Join(controltest.ShortDir(t), "notify")
	for _, name := range []string{path, "@" + path} {
		m := listenAsManager(t, name)
		if err := notify(func(string) string { return name }, "READY=1"); err != nil {
			t.Fatal(err)
		}
		if got := m.next(t); got != "READY=1" {
			t.Errorf("over %s: %q", name, got)
		}
	}
}

func TestAManagerThatCannotBeReachedIsSaid(t *testing.T) {
	for name, want := range map[string]string{
		"":             "",
		"/nonexistent": "tell the service manager READY=1: dial unixgram /nonexistent: connect: no such file or directory",
		"vsock:2:1":    `tell the service manager READY=1: NOTIFY_SOCKET="vsock:2:1" is no unix socket`,
	} {
		got := ""
		if err := notify(func(string) string { return name }, "READY=1"); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("NOTIFY_SOCKET=%q: %q, want %q", name, got, want)
		}
	}
}

func TestARunningPhoneTellsItsManagerThatItIsReadyAndThatItEnds(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, dir string, signal func()){
		"by a signal": func(t *testing.T, dir string, signal func()) { signal() },
		"by a client": func(t *testing.T, dir string, signal func()) {
			if code, _, errs := offhook(t, "quit", "--state-dir", dir); code != 0 {
				t.Error(errs)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := controltest.ShortDir(t)
			config := filepath.Join(dir, "config.toml")
			if err := os.WriteFile(config, []byte("[audio]\nbackend = \"file\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			m := listenAsManager(t, filepath.Join(dir, "notify"))
			t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "notify"))

			ctx, signal := context.WithCancel(t.Context())
			defer signal()
			var out, errs bytes.Buffer
			status := make(chan int, 1)
			go func() {
				a := &app{ctx: ctx, out: &out, err: &errs, now: time.Now}
				status <- a.main(strings.Fields("run --headless --virtual handset --config " + config + " --state-dir " + dir))
			}()
			if got := m.next(t); got != "READY=1" {
				t.Fatalf("first %q", got)
			}
			if code, text, _ := offhook(t, "status", "--state-dir", dir); code != 0 || text == "" {
				t.Errorf("ready, but status ends with %d and says %q", code, text)
			}
			stop(t, dir, signal)
			if got := m.next(t); got != "STOPPING=1" {
				t.Errorf("then %q", got)
			}
			if code := <-status; code != 0 {
				t.Errorf("ended with %d: %s", code, errs.String())
			}
		})
	}
}
