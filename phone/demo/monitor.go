package demo

import (
	"context"
	"sync"
	"time"

	"offhook/media/measure"
	"offhook/media/resample"
	"offhook/media/sound"
)

// monitor is a sound port that passes everything on to another and remembers it, with the time of each period.
// Its methods may be called by any goroutine.
type monitor struct {
	sound.Port

	mu      sync.Mutex // guards all below
	at      []time.Time
	mic     []int16 // 48 kHz, one period for each entry of at
	ear     []int16
	changed chan struct{} // closed and replaced after each period
}

func watchPort(p sound.Port) *monitor { return &monitor{Port: p, changed: make(chan struct{})} }

// Start starts the port under the monitor.
func (m *monitor) Start(process sound.Process) error {
	return m.Port.Start(func(mic, ear []int16) {
		process(mic, ear)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at = append(m.at, time.Now())
		m.mic = append(m.mic, mic...)
		m.ear = append(m.ear, ear...)
		close(m.changed)
		m.changed = make(chan struct{})
	})
}

// span returns what passed between two moments, as 48 kHz samples of microphone and earpiece.
func (m *monitor) span(from, to time.Time) (mic, ear []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, t := range m.at {
		if t.Before(from) || t.After(to) {
			continue
		}
		a, b := i*sound.Period, (i+1)*sound.Period
		mic, ear = append(mic, m.mic[a:b]...), append(ear, m.ear[a:b]...)
	}
	return mic, ear
}

// period is how long one period lasts.
const period = time.Second * sound.Period / sound.Rate

// stalled returns the longest time between two moments in which no period passed.
func (m *monitor) stalled(from, to time.Time) (longest time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := from
	for _, at := range m.at {
		if at.After(to) {
			break
		}
		if at.After(from) {
			longest = max(longest, at.Sub(last))
		}
		last = at
	}
	return max(longest, to.Sub(last))
}

// times returns what the earpiece played between two moments, and when each period of it was.
func (m *monitor) times(from, to time.Time) (at []time.Time, ear []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, t := range m.at {
		if t.After(from) && !t.After(to) {
			at = append(at, t)
			ear = append(ear, m.ear[i*sound.Period:(i+1)*sound.Period]...)
		}
	}
	return at, ear
}

// awaitSound waits until a period at the earpiece after from is louder than level dBFS, and returns its time.
func (m *monitor) awaitSound(ctx context.Context, from time.Time, level float64) (time.Time, error) {
	for seen := 0; ; {
		m.mu.Lock()
		for ; seen < len(m.at); seen++ {
			if m.at[seen].Before(from) {
				continue
			}
			if measure.Level(m.ear[seen*sound.Period:(seen+1)*sound.Period]) > level {
				at := m.at[seen]
				m.mu.Unlock()
				return at, nil
			}
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// level is that of microphone and earpiece over a few periods, in dBFS.
type level struct {
	at       time.Time
	mic, ear float64
}

// levels is the whole recording as levels of step periods each, for the picture.
func (m *monitor) levels(step int) []level {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []level
	for i := 0; i+step <= len(m.at); i += step {
		a, b := i*sound.Period, (i+step)*sound.Period
		out = append(out, level{m.at[i], measure.Level(m.mic[a:b]), measure.Level(m.ear[a:b])})
	}
	return out
}

// narrow brings 48 kHz samples to the 8 kHz of the telephone, where speech is compared.
func narrow(in []int16) []int16 {
	r, err := resample.New(sound.Rate, 8000)
	if err != nil {
		panic(err) // a fixed pair of rates that the resampler has
	}
	out := make([]int16, len(in)/6+1)
	return out[:r.Process(out, in[:len(in)/6*6])]
}
