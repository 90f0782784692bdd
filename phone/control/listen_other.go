//go:build !unix || solaris || aix

package control

import (
	"os"
	"syscall"
)

// ownerOnly does nothing here: the folder's rights decide.
func ownerOnly(string, string, syscall.RawConn) error { return nil }

// lockFile opens the file without a lock: these systems refuse to remove a socket that is in use.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
