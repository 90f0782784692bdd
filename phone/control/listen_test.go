package control_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"offhook/phone/control"
	"offhook/phone/control/controltest"
)

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file modes here")
	}
	dir := filepath.Join(controltest.ShortDir(t), "a", "b")
	l, err := control.Listen(dir + "/control.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]os.FileMode{
		dir:                   os.ModeDir | 0o700,
		dir + "/control.sock": os.ModeSocket | 0o600,
		dir + "/control.lock": 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestASecondPhoneIsRefusedUntilTheFirstEnds(t *testing.T) {
	path := controltest.ShortDir(t) + "/control.sock"
	first, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = control.Listen(path)
	var running *control.RunningError
	if !errors.As(err, &running) || running.PID != os.Getpid() {
		t.Fatalf("second: %v; want the process of the first", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	third, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil { // a second Close must not take the third's socket away
		t.Error(err)
	}
	if _, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	}
	third.Close()
}

func TestASocketLeftBehindIsReplaced(t *testing.T) {
	path := controltest.ShortDir(t) + "/control.sock"
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	old.Close()
	if _, err := control.NewClient(path).Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("before: %v", err)
	}
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	controltest.ServeOn(t, &controltest.Backend{}, l)
	if _, err := control.NewClient(path).Status(t.Context()); err != nil {
		t.Errorf("after: %v", err)
	}
}

func TestAFileInTheWayIsLeftAlone(t *testing.T) {
	path := controltest.ShortDir(t) + "/control.sock"
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Listen(path); err == nil || !strings.Contains(err.Error(), "is in the way and is no socket") {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAPathTooLongForASocketIsSaid(t *testing.T) {
	path := controltest.ShortDir(t) + "/" + strings.Repeat("x", 100) + "/control.sock"
	_, listen := control.Listen(path)
	_, status := control.NewClient(path).Status(t.Context())
	for _, err := range []error{listen, status} {
		if err == nil || !strings.Contains(err.Error(), "choose a shorter --state-dir") {
			t.Error(err)
		}
	}
}

func TestTheFirstSocketThatAnswersIsUsed(t *testing.T) {
	socket := controltest.Serve(t, &controltest.Backend{})
	client := control.NewClient("/nonexistent/control.sock", socket)
	if _, err := client.Status(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestWithoutAPhoneTheRemedyIsSaid(t *testing.T) {
	client := control.NewClient(controltest.ShortDir(t) + "/control.sock")
	_, err := client.Do(t.Context(), control.Command{Verb: "swap"})
	if err == nil || err.Error() != "offhook is not running: start it with `offhook run`" {
		t.Error(err)
	}
	if _, err := client.Events(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Error(err)
	}
}

func TestAServerThatIsNoPhoneIsUnderstood(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi": "the phone's answer makes no sense",
		"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n":  "does not say why",
		"": "the phone went away before it answered",
	} {
		path := controltest.ShortDir(t) + "/control.sock"
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte(answer))
			c.Close()
		}()
		_, err = control.NewClient(path).Status(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", answer, err, want)
		}
		l.Close()
	}
}
