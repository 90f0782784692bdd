package ua

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quiet is the logger that sipgo gets. sipgo logs unparseable messages whole,
// credentials included, and as often as somebody sends them: everything is
// brought down to debug level, cut short, redacted, and limited to quietBurst
// lines in a second.
type quiet struct {
	next  slog.Handler
	state *quietState
}

type quietState struct {
	mu      sync.Mutex // guards the rest
	second  int64
	lines   int
	dropped int
}

const (
	quietBurst = 20
	quietText  = 160 // bytes of one value
)

func quietLogger(l *slog.Logger) *slog.Logger {
	return slog.New(quiet{l.Handler(), &quietState{}})
}

func (q quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.next.Enabled(ctx, slog.LevelDebug)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	dropped, ok := q.state.take(r.Time)
	if !ok {
		return nil
	}
	out := slog.NewRecord(r.Time, slog.LevelDebug, "sipgo: "+cut(r.Message), 0)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(quietAttr(a))
		return true
	})
	if dropped > 0 {
		out.AddAttrs(slog.Int("lines_dropped", dropped))
	}
	return q.next.Handle(ctx, out)
}

func (q quiet) WithAttrs(as []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(as))
	for i, a := range as {
		out[i] = quietAttr(a)
	}
	return quiet{q.next.WithAttrs(out), q.state}
}

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.next.WithGroup(name), q.state} }

func quietAttr(a slog.Attr) slog.Attr {
	if a.Key == "data" { // a message as it came
		return slog.Int("bytes", len(a.Value.String()))
	}
	return slog.String(a.Key, cut(redact(a.Value.String())))
}

func cut(s string) string {
	if len(s) > quietText {
		return s[:quietText] + "…"
	}
	return s
}

// take counts a line of the second of t; ok is false when it had its share.
func (s *quietState) take(t time.Time) (dropped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sec := t.Unix(); sec != s.second {
		dropped = s.dropped
		s.second, s.lines, s.dropped = sec, 0, 0
	}
	if s.lines++; s.lines > quietBurst {
		s.dropped++
		return 0, false
	}
	return dropped, true
}
