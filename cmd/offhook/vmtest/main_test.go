//go:build usb

package vmtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"offhook/devices/virtual/usb/usbtest"
)

func TestMain(m *testing.M) {
	usbtest.Main(m, func() error { return exec.Command("./offhook-sound", "--list").Run() })
}

// offhook is the program, running.
type offhook struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
}

// program runs offhook until the test ends, with more in its environment.
func program(t *testing.T, env ...string) *offhook {
	t.Helper()
	dir := t.TempDir()
	program, err := filepath.Abs("offhook")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "run", "--headless", "--verbose", "--state-dir", dir)
	cmd.Env = append(append(os.Environ(), "XDG_CONFIG_HOME="+dir), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		hung := time.AfterFunc(usbtest.Patience, func() {
			t.Error("offhook does not end; it is doing this:")
			cmd.Process.Signal(syscall.SIGQUIT)
		})
		err := cmd.Wait()
		hung.Stop()
		if t.Failed() {
			t.Logf("offhook: %v\n%s", err, &log)
		}
	})
	return &offhook{t, dir, cmd}
}

// do gives the running offhook a command, and returns what it prints.
func (o *offhook) do(args ...string) []byte {
	o.t.Helper()
	out, err := exec.Command("./offhook", append(args, "--state-dir", o.dir)...).CombinedOutput()
	if err != nil {
		o.t.Fatalf("offhook %v: %v\n%s", args, err, out)
	}
	return out
}

// children are the processes that the program has started.
func (o *offhook) children() (pids []string) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", o.cmd.Process.Pid))
	for _, path := range tasks {
		if b, err := os.ReadFile(path); err == nil {
			pids = append(pids, strings.Fields(string(b))...)
		}
	}
	return pids
}

// memory is a process's proportional share of memory, as the kernel writes it.
func memory(pid string) string {
	b, _ := os.ReadFile("/proc/" + pid + "/smaps_rollup")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "?"
}

// id is how offhook calls a phone.
func id(pl *usbtest.Plugged) string {
	i := pl.Phone.Info()
	return fmt.Sprintf("%04x:%04x:%s", i.VendorID, i.ProductID, i.Serial)
}
