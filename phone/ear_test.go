package phone

import (
	"sync"
	"time"

	"offhook/media/sound"
)

// ear is a sound port that remembers what was said and heard, and when.
type ear struct {
	sound.Port

	mu      sync.Mutex // guards the two below
	fail    error      // what Start answers
	periods []period
}

type period struct {
	at       time.Time
	mic, ear [sound.Period]int16
}

func (e *ear) Start(process sound.Process) error {
	e.mu.Lock()
	fail := e.fail
	e.mu.Unlock()
	if fail != nil {
		return fail
	}
	return e.Port.Start(func(mic, ear []int16) {
		process(mic, ear)
		p := period{at: time.Now()}
		copy(p.mic[:], mic)
		copy(p.ear[:], ear)
		e.mu.Lock()
		e.periods = append(e.periods, p)
		e.mu.Unlock()
	})
}

// breaks has the port refuse to start, or no longer.
func (e *ear) breaks(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// last is what was said and heard in the last part; silence where the port was closed.
func (e *ear) last(d time.Duration) (said, heard []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := int(d.Seconds() * sound.Rate)
	said, heard = make([]int16, n), make([]int16, n)
	begin := time.Now().Add(-d)
	for _, p := range e.periods {
		if at := p.at.Sub(begin); at >= 0 {
			i := int(at.Seconds()*sound.Rate + 0.5)
			copy(said[min(i, n):], p.mic[:])
			copy(heard[min(i, n):], p.ear[:])
		}
	}
	return said, heard
}
