package netwatch

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBunchesOfChangesAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		raw := make(chan Change)
		start := time.Now()
		var got []string
		go settle(ctx, raw, func(c Change) { got = append(got, fmt.Sprint(c, " ", time.Since(start))) })
		for range 4 {
			raw <- Moved
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		raw <- Moved
		raw <- Woke
		raw <- Moved
		time.Sleep(time.Second)
		for range 100 { // and one that never calms down
			raw <- Moved
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		if text := strings.Join(got, ", "); !strings.HasPrefix(text, "addresses or routes have changed 800ms, the machine has woken from sleep 1.9s, addresses or routes have changed 5.4s") || len(got) < 5 || len(got) > 7 {
			t.Errorf("%s", text)
		}
	})
}

func TestSleepShowsInTheClocks(t *testing.T) {
	var s sleeper
	s.slept(time.Hour, 3*time.Hour) // slept before we began
	for _, c := range []struct {
		running, all time.Duration
		want         bool
	}{
		{time.Minute, time.Minute, false},
		{2 * time.Minute, 2*time.Minute + time.Millisecond, false},
		{3 * time.Minute, 3*time.Minute + 5*time.Second, true},
		{4 * time.Minute, 4*time.Minute + 5*time.Second, false},
		{5 * time.Minute, 9 * time.Hour, true},
	} {
		if got := s.slept(time.Hour+c.running, 3*time.Hour+c.all); got != c.want {
			t.Errorf("%v running, %v in all: %v", c.running, c.all, got)
		}
	}
}
