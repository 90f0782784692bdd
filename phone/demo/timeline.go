package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
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

	mu      sync.Mutex    // guards all below
	news    chan struct{} // closed and replaced by each entry
	entries []entry
	printed int
}

func (t *timeline) add(at time.Time, kind, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, entry{at, kind, fmt.Sprintf(format, args...)})
	close(t.news)
	t.news = make(chan struct{})
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

// await finds the first entry of a kind at or after from whose text begins so, and waits a little for it: news of the
// same thing come by several ways, and in no order.
func (t *timeline) await(ctx context.Context, kind string, from time.Time, begin string) (time.Time, bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for {
		t.mu.Lock()
		news := t.news
		t.mu.Unlock()
		for _, e := range t.all() {
			if e.kind == kind && !e.at.Before(from) && strings.HasPrefix(e.text, begin) {
				return e.at, true
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return time.Time{}, false
		}
	}
}
