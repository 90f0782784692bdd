package media

import (
	"testing"
	"time"
)

func TestInterarrivalJitter(t *testing.T) {
	start := time.Unix(0, 0)
	feed := func(late func(i int) time.Duration) time.Duration {
		var j interarrival
		for i := range 500 {
			h := header{ssrc: 1, timestamp: uint32(160 * i)}
			j.packet(h, 8000, start.Add(time.Duration(i)*20*time.Millisecond+late(i)))
		}
		return j.estimate()
	}
	if got := feed(func(int) time.Duration { return 70 * time.Millisecond }); got > time.Microsecond {
		t.Errorf("steady stream: %v, want none", got)
	}
	// Every other packet 8 ms late: each spacing is off by 8 ms.
	got := feed(func(i int) time.Duration { return time.Duration(i%2) * 8 * time.Millisecond })
	if got < 7900*time.Microsecond || got > 8100*time.Microsecond {
		t.Errorf("8 ms to and fro: %v, want 8 ms", got)
	}
	// A pause of a minute with a new time line leaves the estimate alone.
	got = feed(func(i int) time.Duration {
		if i > 250 {
			return time.Minute
		}
		return 0
	})
	if got > time.Microsecond {
		t.Errorf("a step: %v, want none", got)
	}
}
