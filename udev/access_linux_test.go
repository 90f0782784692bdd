package udev

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWithdrawingANodeLeavesItToRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give a file away")
	}
	path := filepath.Join(t.TempDir(), "hidraw3")
	if err := os.WriteFile(path, nil, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 0, 46); err != nil {
		t.Fatal(err)
	}
	if err := Withdraw(path); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Gid != 0 || st.Mode&0o777 != 0o600 {
		t.Errorf("group %d, mode %o, %v", st.Gid, st.Mode, err)
	}
}

func TestAccessIsToldWithoutOpening(t *testing.T) {
	if err := Access("/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := Access("/dev/null"); err != nil {
		t.Error(err)
	}
	if os.Geteuid() != 0 {
		path := filepath.Join(t.TempDir(), "hidraw3")
		if err := os.WriteFile(path, nil, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := Access(path); !errors.Is(err, fs.ErrPermission) {
			t.Error(err)
		}
	}
}
