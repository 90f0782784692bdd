//go:build usb

package vmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual/usb/usbtest"
)

// command runs a program of the machine, which must not fail, and gives its output.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := tryCommand(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryCommand(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out, &errs)
	}
	return string(out), err
}

// nextUser is the number of the next user: logind may still be busy with the last, of the test that ran before this
// process, too.
var nextUser = 2000 + os.Getpid()

// user makes a user of the machine for the time of the test.
func user(t *testing.T, name string, groups ...string) {
	t.Helper()
	nextUser++
	command(t, "useradd", "--uid", fmt.Sprint(nextUser), "--create-home", "--shell", "/bin/bash", "--groups", strings.Join(groups, ","), name)
	t.Cleanup(func() {
		if out, err := tryCommand("loginctl", "kill-user", name, "--signal=KILL"); err != nil && !strings.Contains(err.Error(), "not logged in") {
			t.Log(out, err)
		}
		if _, err := tryCommand("userdel", "--remove", "--force", name); err != nil && !strings.Contains(err.Error(), "mail spool") {
			t.Log(err)
		}
	})
}

// group makes a group, if there is none.
func group(t *testing.T, name string) {
	t.Helper()
	command(t, "groupadd", "--force", "--system", name)
}

// as runs offhook as a user, in no session, and gives its output and exit code.
func as(t *testing.T, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("setpriv", append([]string{
		"--reuid", name, "--regid", name, "--init-groups", "--reset-env", offhookPath(t),
	}, args...)...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// offhookPath is the path of offhook.
func offhookPath(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("offhook")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// may asks offhook whether a user may open the one phone there is.
func may(t *testing.T, name string) bool {
	t.Helper()
	out, _ := as(t, name, "udev", "check", "--json")
	var check struct {
		Phones []struct{ Access bool }
	}
	// What check thinks of it follows the JSON.
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&check); err != nil || len(check.Phones) != 1 {
		t.Fatalf("udev check as %s: %v in\n%s", name, err, out)
	}
	return check.Phones[0].Access
}

// eventually waits for what logind and udev do in their own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(usbtest.Patience); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v not yet: %s", usbtest.Patience, what)
		}
	}
}

// rules installs udev's rules for the time of the test.
func rules(t *testing.T, args ...string) {
	t.Helper()
	group(t, "plugdev")
	command(t, offhookPath(t), append([]string{"udev", "install"}, args...)...)
	t.Cleanup(func() { command(t, offhookPath(t), "udev", "remove") })
}

// login starts a session of a user as the program login does, on a terminal of the
// seat (0: none, as over ssh), which runs a command until the test ends. It gives
// the session's name.
func login(t *testing.T, name string, terminal int, run ...string) string {
	t.Helper()
	unit := fmt.Sprintf("login-%s-%d-%d", name, terminal, nextUser)
	args := []string{
		"--unit", unit, "--quiet", "--collect", "--property=PAMName=login", "--property=User=" + name,
		"--property=UtmpIdentifier=" + fmt.Sprint(terminal), "--property=KillMode=control-group", "--property=TimeoutStopSec=5",
		"--property=StandardOutput=append:/tmp/" + unit, "--property=StandardError=append:/tmp/" + unit,
	}
	if terminal > 0 {
		args = append(args,
			fmt.Sprintf("--property=TTYPath=/dev/tty%d", terminal), "--property=StandardInput=tty", "--property=TTYVTDisallocate=no",
			"-E", "XDG_SEAT=seat0", "-E", fmt.Sprintf("XDG_VTNR=%d", terminal), "-E", "XDG_SESSION_TYPE=tty",
		)
	}
	command(t, "systemd-run", append(append(args, "--"), run...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(tryCommand("journalctl", "--no-pager", "--lines=100"))
		}
		if _, err := tryCommand("systemctl", "stop", unit); err != nil {
			t.Log(err)
		}
		if log, err := os.ReadFile("/tmp/" + unit); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", unit, log)
		}
	})
	var session string
	eventually(t, "a session of "+name, func() bool {
		for line := range strings.Lines(command(t, "loginctl", "--no-legend", "list-sessions")) {
			if f := strings.Fields(line); len(f) > 2 && f[2] == name && (terminal == 0 || strings.Contains(line, "seat0")) {
				session = f[0]
			}
		}
		return session != ""
	})
	return session
}
