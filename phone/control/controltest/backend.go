// Package controltest has a phone that does nothing but remember, for tests of programs that speak to one.
package controltest

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"offhook/phone/control"
)

// Backend is a control.Backend that keeps the commands it is given, shows the status it was set to, and emits the
// events it is told to. The zero value is ready. All methods may be called from any goroutine.
type Backend struct {
	// OnDo, when set, answers commands; set it before the backend is served.
	OnDo func(ctx context.Context, c control.Command) (control.Result, error)

	mu       sync.Mutex // guards all below
	status   control.Status
	readers  map[*reader]bool
	joined   chan struct{} // closed and made anew when the number of readers changes
	commands chan control.Command
}

// Do implements control.Backend.
func (b *Backend) Do(ctx context.Context, c control.Command) (control.Result, error) {
	b.Commands() <- c
	if b.OnDo != nil {
		return b.OnDo(ctx, c)
	}
	return control.Result{OK: true}, nil
}

// Commands are the commands as they came; a test that lets more than 64 pile up blocks the backend.
func (b *Backend) Commands() chan control.Command {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.commands == nil {
		b.commands = make(chan control.Command, 64)
	}
	return b.commands
}

// Status implements control.Backend.
func (b *Backend) Status() control.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status
}

// SetStatus changes the status and tells every reader that it did.
func (b *Backend) SetStatus(s control.Status) {
	b.mu.Lock()
	b.status = s
	b.mu.Unlock()
	b.Emit(control.Event{Type: control.EventStatus})
}

// Subscribe implements control.Backend.
func (b *Backend) Subscribe() (<-chan control.Event, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.readers == nil {
		b.readers = map[*reader]bool{}
	}
	r := &reader{events: make(chan control.Event, 16), gone: make(chan struct{})}
	b.readers[r] = true
	b.changed()
	return r.events, sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		close(r.gone)
		delete(b.readers, r)
		b.changed()
	})
}

type reader struct {
	events chan control.Event
	gone   chan struct{} // closed when the reader cancelled
}

func (b *Backend) changed() {
	if b.joined != nil {
		close(b.joined)
	}
	b.joined = make(chan struct{})
}

// Emit hands an event to every reader, and waits until each has taken it or left.
func (b *Backend) Emit(e control.Event) {
	b.mu.Lock()
	readers := slices.Collect(maps.Keys(b.readers))
	b.mu.Unlock()
	for _, r := range readers {
		select {
		case r.events <- e:
		case <-r.gone:
		}
	}
}

// AwaitReaders waits until n streams of events are open.
func (b *Backend) AwaitReaders(t testing.TB, n int) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		b.mu.Lock()
		have := len(b.readers)
		if b.joined == nil {
			b.joined = make(chan struct{})
		}
		changed := b.joined
		b.mu.Unlock()
		if have == n {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d streams of events are open, waited for %d", have, n)
		}
	}
}

// NextCommand waits for a command.
func (b *Backend) NextCommand(t testing.TB) control.Command {
	t.Helper()
	select {
	case c := <-b.Commands():
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("no command came")
		return control.Command{}
	}
}

// Serve serves the backend on a socket of its own until the test ends, and returns the socket's path: short, since a
// socket's path must be, and in a folder that can be used as --state-dir.
func Serve(t testing.TB, b control.Backend) string {
	t.Helper()
	path := filepath.Join(ShortDir(t), "control.sock")
	listener, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ServeOn(t, b, listener)
	return path
}

// ServeOn serves the backend on a listener until the test ends, or the returned function is called.
func ServeOn(t testing.TB, b control.Backend, l net.Listener) (stop func()) {
	t.Helper()
	server := control.NewServer(b, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// ShortDir makes a folder with a short path, gone after the test.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "oh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
