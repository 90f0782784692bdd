package udev

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAChangeOfPermissionsIsToldForTheNodesThatAreWatched(t *testing.T) {
	w, err := WatchNodes()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"watched", "unwatched", "other", "removed"} {
		if err := os.WriteFile(path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"watched", "other", "removed"} {
		if err := w.Add(path(name)); err != nil {
			t.Fatal(err)
		}
	}
	w.Remove(path("removed"))
	w.Remove(path("unwatched")) // is none
	for _, name := range []string{"unwatched", "removed", "watched", "watched", "other"} {
		if err := os.Chmod(path(name), 0o660); err != nil {
			t.Fatal(err)
		}
	}
	// "watched" changed twice, and whether that is told once or twice is no matter.
	var got []string
	for len(got) == 0 || got[len(got)-1] != path("other") {
		p, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if got[0] != path("watched") {
		t.Errorf("%q", got)
	}
	for _, p := range got[1 : len(got)-1] {
		if p != path("watched") {
			t.Errorf("%s changed, though nobody asked", p)
		}
	}
	// A node that goes is told, too, and may be watched when it has come back.
	if err := os.Remove(path("other")); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Next(); err != nil || p != path("other") {
		t.Errorf("%q, %v", p, err)
	}
	if err := w.Add(path("missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("watching what isn't there: %v", err)
	}
}

// That is when it is needed.
func TestANodeThatMayNotBeReadCanBeWatched(t *testing.T) {
	w, err := WatchNodes()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := filepath.Join(t.TempDir(), "hidraw0")
	if err := os.WriteFile(path, nil, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also after it was the last of its folder
		if err := w.Add(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o200); err != nil {
			t.Fatal(err)
		}
		if p, err := w.Next(); err != nil || p != path {
			t.Errorf("%q, %v", p, err)
		}
		w.Remove(path)
	}
}

func TestClosingWakesWhoWaitsForPermissions(t *testing.T) {
	w, err := WatchNodes()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := w.Next()
		ended <- err
	}()
	w.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := w.Add("/dev/null"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
