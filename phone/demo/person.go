package demo

import (
	"sync"
	"time"

	"offhook/media"
	"offhook/media/sound"
	"offhook/media/wav"
)

// maxKept is how much of what an earpiece plays is kept: longer than a demonstration lasts.
const maxKept = 3 * 60 * sound.Rate

// person holds a handset that is plugged into the kernel: says a recording again and again, and hears. It is a usb.Sound
// of one channel at sound.Rate.
type person struct {
	said   []int16
	record string

	mu    sync.Mutex // guards what follows: the bus calls, and keep
	next  int        // in said
	heard []int16
}

func newPerson(play, record string) (*person, error) {
	said, err := media.ReadSound(play, time.Minute)
	if err != nil {
		return nil, err
	}
	return &person{said: said, record: record}, nil
}

// Play keeps what the earpiece plays.
func (p *person) Play(_ time.Time, _ int, samples []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard)+len(samples) <= maxKept {
		p.heard = append(p.heard, samples...)
	}
}

// Capture speaks into the microphone.
func (p *person) Capture(_ time.Time, _ int, samples []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(samples) > 0 && len(p.said) > 0 {
		n := copy(samples, p.said[p.next:])
		samples, p.next = samples[n:], (p.next+n)%len(p.said)
	}
}

// keep writes the file of what was heard.
func (p *person) keep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return wav.WriteFile(p.record, wav.Format{Rate: sound.Rate, Channels: 1}, p.heard)
}
