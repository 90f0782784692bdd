package udev

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// NodeWatch tells when the permissions of nodes change. udev and logind change
// them without an event of the device when another session becomes active. One
// goroutine calls Next; the other methods may be called from any.
type NodeWatch struct {
	f   *os.File
	fd  int // of f; used under mu, and not after closed is set
	buf []byte

	pending []string // changed, and not given by Next yet; Next's own

	mu     sync.Mutex // guards everything below
	closed bool
	byPath map[string]int
	byID   map[int]string
}

// WatchNodes makes a NodeWatch of no node yet.
func WatchNodes() (*NodeWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch permissions of devices: %w", err)
	}
	return &NodeWatch{
		f: os.NewFile(uintptr(fd), "inotify"), fd: fd,
		buf:    make([]byte, 64*(unix.SizeofInotifyEvent+unix.NAME_MAX+1)),
		byPath: map[string]int{}, byID: map[int]string{},
	}, nil
}

// Add watches a node. From its return on no change is missed.
func (w *NodeWatch) Add(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("watch permissions of %s: %w", path, ErrClosed)
	}
	id, err := unix.InotifyAddWatch(w.fd, path, unix.IN_ATTRIB)
	if err != nil {
		return fmt.Errorf("watch permissions of %s: %w", path, err)
	}
	w.byPath[path], w.byID[id] = id, path
	return nil
}

// Remove ends watching a node, and does nothing when it is not watched.
func (w *NodeWatch) Remove(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id, ok := w.byPath[path]
	if !ok || w.closed {
		return
	}
	delete(w.byPath, path)
	delete(w.byID, id)
	_, _ = unix.InotifyRmWatch(w.fd, uint32(id)) // fails when the node has gone, and the watch with it
}

// Next waits until the permissions of a watched node change, and gives its
// path; also when the node is removed. The error is final, ErrClosed after
// Close.
func (w *NodeWatch) Next() (string, error) {
	for len(w.pending) == 0 {
		n, err := w.f.Read(w.buf)
		if err != nil {
			w.mu.Lock()
			closed := w.closed
			w.mu.Unlock()
			if closed {
				err = ErrClosed
			}
			return "", fmt.Errorf("watch permissions of devices: %w", err)
		}
		w.pending = w.paths(w.buf[:n])
	}
	path := w.pending[0]
	w.pending = w.pending[1:]
	return path, nil
}

// paths are those of the watched nodes in inotify's events, each once.
func (w *NodeWatch) paths(raw []byte) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var paths []string
	for len(raw) >= unix.SizeofInotifyEvent {
		id := int(int32(binary.NativeEndian.Uint32(raw)))
		mask := binary.NativeEndian.Uint32(raw[4:])
		length := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(raw[12:]))
		raw = raw[min(length, len(raw)):]
		path, ok := w.byID[id]
		if !ok {
			continue // removed meanwhile
		}
		if mask&unix.IN_IGNORED != 0 { // the node is gone
			delete(w.byID, id)
			delete(w.byPath, path)
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// Close ends watching and wakes Next.
func (w *NodeWatch) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return w.f.Close()
}
