package udev

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Access tells whether this process's user may read and write a node, without
// opening it. The error wraps fs.ErrPermission or fs.ErrNotExist.
func Access(path string) error {
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return &os.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

// Withdraw takes a node from users again: rules that are gone do not undo what
// they did.
func Withdraw(path string) error {
	err := unix.Removexattr(path, "system.posix_acl_access")
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
		err = nil // the seat's user had no entry
	}
	if err := errors.Join(err, os.Chown(path, 0, 0), os.Chmod(path, 0o600)); err != nil {
		return fmt.Errorf("withdraw %s: %w", path, err)
	}
	return nil
}
