package netwatch

import (
	"context"
	"log/slog"
	"time"
)

// Change is what has happened.
type Change uint8

// Changes.
const (
	Moved Change = iota + 1 // an address or a route came or went
	Woke                    // the machine slept
)

func (c Change) String() string {
	switch c {
	case Moved:
		return "addresses or routes have changed"
	case Woke:
		return "the machine has woken from sleep"
	}
	return "nothing has changed"
}

const (
	calm    = 500 * time.Millisecond // changes come in bunches: this long after the last one is the time to act
	longest = 3 * time.Second        // but no bunch is waited for longer
)

// Watch calls changed for each bunch of changes, from one goroutine, until ctx ends. It returns at once. What the
// machine cannot tell is left out, with a line in the log at debug level.
func Watch(ctx context.Context, log *slog.Logger, changed func(Change)) {
	raw := make(chan Change, 16)
	watch(ctx, log, func(c Change) {
		select {
		case raw <- c:
		case <-ctx.Done():
		}
	})
	go settle(ctx, raw, changed)
}

// settle makes one change of a bunch; having slept outweighs having moved.
func settle(ctx context.Context, raw <-chan Change, changed func(Change)) {
	for {
		var c Change
		select {
		case c = <-raw:
		case <-ctx.Done():
			return
		}
		end := time.NewTimer(longest)
		quiet := time.NewTimer(calm)
	bunch:
		for {
			select {
			case more := <-raw:
				c = max(c, more)
				quiet.Reset(calm)
			case <-quiet.C:
				break bunch
			case <-end.C:
				break bunch
			case <-ctx.Done():
				return
			}
		}
		end.Stop()
		quiet.Stop()
		changed(c)
	}
}

// sleeper notices from two clocks, one of which stands still in sleep, that the machine has slept.
type sleeper struct{ ahead time.Duration }

// leastSleep is how far the clocks must part; less is the time between reading them.
const leastSleep = time.Second

// slept compares the clocks; both count from the start of the machine.
func (s *sleeper) slept(running, all time.Duration) bool {
	ahead := all - running
	woke := ahead-s.ahead >= leastSleep
	s.ahead = ahead
	return woke
}
