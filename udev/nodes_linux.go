package udev

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// NodeWatch tells when the permissions of nodes change. udev and logind change
// them without an event of the device when another session becomes active. What is
// watched is their folders: to watch a file one must be allowed to read it. One
// goroutine calls Next; the other methods may be called from any.
type NodeWatch struct {
	f   *os.File
	fd  int // of f; used under mu, and not after closed is set
	buf []byte

	pending []string // changed, and not given by Next yet; Next's own

	mu     sync.Mutex // guards everything below
	closed bool
	byPath map[string]*folder // of nodes
	byID   map[int]*folder
}

// folder is a watched folder of nodes.
type folder struct {
	id    int
	nodes map[string]string // paths of watched nodes by their names in it
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
		byPath: map[string]*folder{}, byID: map[int]*folder{},
	}, nil
}

// Add watches a node. From its return on no change is missed.
func (w *NodeWatch) Add(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("watch permissions of %s: %w", path, ErrClosed)
	}
	// The kernel gives a folder that is watched already the same number again.
	id, err := unix.InotifyAddWatch(w.fd, filepath.Dir(path), unix.IN_ATTRIB|unix.IN_DELETE|unix.IN_ONLYDIR)
	if err == nil {
		f := w.byID[id]
		if f == nil {
			f = &folder{id: id, nodes: map[string]string{}}
			w.byID[id] = f
		}
		f.nodes[filepath.Base(path)], w.byPath[path] = path, f
		if _, err = os.Lstat(path); err != nil {
			w.remove(path)
		}
	}
	if err != nil {
		return fmt.Errorf("watch permissions of %s: %w", path, err)
	}
	return nil
}

// Remove ends watching a node, and does nothing when it is not watched.
func (w *NodeWatch) Remove(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.remove(path)
	}
}

// remove forgets a node, and its folder with the last. w.mu is held.
func (w *NodeWatch) remove(path string) {
	f := w.byPath[path]
	if f == nil {
		return
	}
	delete(w.byPath, path)
	delete(f.nodes, filepath.Base(path))
	if len(f.nodes) == 0 && w.byID[f.id] == f {
		delete(w.byID, f.id)
		_, _ = unix.InotifyRmWatch(w.fd, uint32(f.id)) // fails when the folder has gone, and the watch with it
	}
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
	add := func(path string) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for len(raw) >= unix.SizeofInotifyEvent {
		id := int(int32(binary.NativeEndian.Uint32(raw)))
		mask := binary.NativeEndian.Uint32(raw[4:])
		length := min(unix.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(raw[12:])), len(raw))
		name := string(bytes.TrimRight(raw[unix.SizeofInotifyEvent:length], "\x00"))
		raw = raw[length:]
		f := w.byID[id]
		if f == nil {
			continue // removed meanwhile
		}
		gone := mask&unix.IN_IGNORED != 0 // the folder is
		for base, path := range f.nodes {
			if !gone && base != name {
				continue
			}
			add(path)
			if gone || mask&unix.IN_DELETE != 0 {
				w.remove(path)
			}
		}
		if gone {
			delete(w.byID, id)
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
