//go:build !linux

package netwatch

import (
	"context"
	"log/slog"
	"time"
)

// watch compares the two clocks that every system has, once in half a minute; changes of addresses are not seen.
func watch(ctx context.Context, _ *slog.Logger, tell func(Change)) {
	go func() {
		start := time.Now()
		wall := start.Round(0) // without the clock that stands still
		s := &sleeper{}
		t := time.NewTicker(30 * time.Second)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if s.slept(time.Since(start), time.Now().Round(0).Sub(wall)) {
					tell(Woke)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}
