package udev

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWithoutRootInstallingSaysThatItIsNotPermitted(t *testing.T) {
	root, helper := t.TempDir(), smallest(t)
	if err := os.Chmod(root, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Root may write anywhere: meanwhile this thread is nobody for the file system.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	if _, err := Install(InstallOptions{Root: root, Helper: helper}); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}
