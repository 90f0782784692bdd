package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// watcher waits for control sockets to appear, by inotify(7): an icon without a phone costs nothing.
type watcher struct {
	file *os.File // nil: inotify is not to be had
	stop func() bool
}

// watch begins to watch the folders of the sockets. The first, which is the user's own, is made when it is missing, as
// the phone would; others that are missing are not watched.
func watch(ctx context.Context, sockets []string) *watcher {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return &watcher{}
	}
	watched := 0
	for i, s := range sockets {
		dir := filepath.Dir(s)
		if i == 0 {
			_ = os.MkdirAll(dir, 0o700)
		}
		// IN_ATTRIB too: the socket gets its name before the phone listens, and its final rights after. Events are not
		// told apart by name; the attempt to connect will show.
		if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ATTRIB|unix.IN_ONLYDIR); err == nil {
			watched++
		}
	}
	if watched == 0 {
		_ = unix.Close(fd)
		return &watcher{}
	}
	// A file of a non-blocking descriptor is read through the runtime's poller, so Close ends a Read.
	w := &watcher{file: os.NewFile(uintptr(fd), "inotify")}
	w.stop = context.AfterFunc(ctx, func() { _ = w.file.Close() })
	return w
}

// wait returns when something has changed in a folder since watch, or the context ends. Where nothing can be watched,
// it returns after a second.
func (w *watcher) wait(ctx context.Context) {
	if w.file == nil {
		pause(ctx, time.Second)
		return
	}
	_, _ = w.file.Read(make([]byte, 4096))
}

func (w *watcher) close() {
	if w.file != nil {
		w.stop()
		_ = w.file.Close()
	}
}
