package sound

import (
	"testing"
	"time"

	"offhook/media/sound/engine"
	"offhook/media/tone"
)

// A goroutine that is not let run is late; then it gets a thread of its own, where that is permitted.
func TestLatePeriodsCallForRealtime(t *testing.T) {
	if !starved(5*time.Millisecond) || starved(time.Millisecond) {
		t.Error("late is not late")
	}
	p := mustDevice(t, "fine", DeviceConfig{Device: engine.NullDevice})
	l, n := newListener(tone.Dial), 0
	if err := p.Start(func(mic, ear []int16) {
		l.process(mic, ear)
		if n++; n == 10 || n == 30 || n == 50 { // as if others had the processor
			for begin := time.Now(); time.Since(begin) < 3*periodTime+periodTime/2; {
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.await(t, "periods after the late ones", func() bool { return l.calls > 60 })
	p.Stop()
	if haste := p.(*devicePort).haste; haste == unhurried {
		t.Error("nothing was done about late periods")
	}
	if err := p.Start(l.process); err != nil { // and so from the beginning of the next call
		t.Fatal(err)
	}
	l.await(t, "periods of the next call", func() bool { return l.calls > 120 })
}
