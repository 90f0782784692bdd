//go:build usb

package vmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/media"
	"offhook/media/measure"
)

// The demonstration finds the emulated bus by itself, and shows the calls on a handset that the kernel believes in.
func TestTheDemonstrationOnAKernelsHandset(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; it runs in CI, and by its name")
	}
	dir := t.TempDir()
	demo := exec.Command("./offhook", "demo", "--dir", dir)
	demo.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	out, err := demo.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(out), "the kernel has the handset, as /dev/hidraw") {
		t.Error("the handset was not plugged into the kernel")
	}
	heard, err := media.ReadSound(filepath.Join(dir, "earpiece.wav"), time.Hour)
	if err != nil || measure.Level(heard) < -60 {
		t.Errorf("the earpiece's recording: %d samples at %.0f dBFS, %v", len(heard), measure.Level(heard), err)
	}
}
