package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// RunningError says that another phone holds the socket.
type RunningError struct {
	Path string
	PID  int // 0 when it could not be told
}

func (e *RunningError) Error() string {
	who := ""
	if e.PID > 0 {
		who = fmt.Sprintf(" (process %d)", e.PID)
	}
	return "offhook is already running" + who + ": end it with `offhook quit`, or give this one another --state-dir"
}

// Listener is the claimed control socket. Close gives it up and removes it; it may be called more than once.
type Listener struct {
	net.Listener
	lock *os.File
	once sync.Once
	err  error
}

// Listen claims the socket at path: it makes the folder (mode 0700) when there is none, replaces a socket whose phone
// is gone, and refuses with a [*RunningError] when a phone is alive. Connections queue up from now on; they are answered
// when a [Server] serves the listener.
func Listen(path string) (*Listener, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the control socket: %w", err)
	}
	lock, err := lockFile(strings.TrimSuffix(path, ".sock") + ".lock")
	if err != nil {
		if errors.Is(err, errLocked) {
			return nil, &RunningError{Path: path, PID: readPID(lock)}
		}
		return nil, fmt.Errorf("lock the control socket: %w", err)
	}
	l, err := listenLocked(path, lock)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return l, nil
}

func listenLocked(path string, lock *os.File) (*Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: ownerOnly}
	inner, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	// Once more for systems where ownerOnly has no effect.
	if err := os.Chmod(path, 0o600); err != nil {
		inner.Close()
		return nil, fmt.Errorf("control socket: %w", err)
	}
	// The process ID is for messages only; the lock is what counts.
	if err := lock.Truncate(0); err == nil {
		_, _ = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Listener{Listener: inner, lock: lock}, nil
}

// Close removes the socket and lets the next phone have the place. The lock file stays: to remove it is to let two
// phones hold locks on two files of one name.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.err = l.Listener.Close() // also unlinks the socket
		l.lock.Close()             // lets go of the lock
	})
	return l.err
}

// removeStale removes what a phone that was killed left behind. The caller holds the lock.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("control socket: %w", err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("control socket: %s is in the way and is no socket: move it, or choose another --state-dir", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the control socket of a phone that is gone: %w", err)
	}
	return nil
}

// checkPath says when a path cannot be a socket's, which the system calls only an "invalid argument".
func checkPath(path string) error {
	longest := 107 // sun_path of unix(7) is 108 with its closing zero
	if runtime.GOOS != "linux" {
		longest = 103
	}
	if len(path) <= longest {
		return nil
	}
	return fmt.Errorf("the path of the control socket is %d bytes long and a socket's can have %d: choose a shorter --state-dir (%s)",
		len(path), longest, path)
}

func readPID(f *os.File) int {
	if f == nil {
		return 0
	}
	defer f.Close()
	buf := make([]byte, 16)
	n, _ := f.ReadAt(buf, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// errLocked is lockFile's answer when another process holds the lock; the file is returned open with it.
var errLocked = errors.New("locked by another process")
