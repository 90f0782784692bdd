package demo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// entry is one line of the timeline.
type entry struct {
	at   time.Time
	kind string // "hand", "hid in", "hid out", "light", "sip", "sound", "call"
	text string
}

// timeline collects what happens, from any goroutine.
type timeline struct {
	start time.Time

	mu      sync.Mutex // guards entries and printed
	entries []entry
	printed int
}

func (t *timeline) add(at time.Time, kind, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, entry{at, kind, fmt.Sprintf(format, args...)})
}

// print writes the entries since the last print, in order of time.
func (t *timeline) print(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := t.entries[t.printed:]
	slices.SortStableFunc(fresh, func(a, b entry) int { return a.at.Compare(b.at) })
	for _, e := range fresh {
		fmt.Fprintf(w, "%9.1f ms  %-8s %s\n", float64(e.at.Sub(t.start).Microseconds())/1000, e.kind, e.text)
	}
	t.printed = len(t.entries)
}

// all returns every entry in order of time.
func (t *timeline) all() []entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.entries)
	slices.SortStableFunc(out, func(a, b entry) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return out
}

// first finds the first entry of a kind at or after from whose text passes.
func (t *timeline) first(kind string, from time.Time, ok func(text string) bool) (time.Time, bool) {
	for _, e := range t.all() {
		if e.kind == kind && !e.at.Before(from) && ok(e.text) {
			return e.at, true
		}
	}
	return time.Time{}, false
}
