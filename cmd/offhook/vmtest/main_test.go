//go:build usb

package vmtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"offhook/devices/virtual/usb/usbtest"
)

func TestMain(m *testing.M) {
	usbtest.Main(m, func() error { return exec.Command("./offhook-sound", "--list").Run() })
}

// program runs offhook until the test ends.
func program(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	program, err := filepath.Abs("offhook")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "run", "--headless", "--verbose", "--state-dir", dir)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir)
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
}
