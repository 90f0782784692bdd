package ring

import (
	"fmt"
	"time"
)

// Device is the sound process's end: its callback.
type Device struct {
	s      *shared
	period int
	n      uint64
}

// Device returns the end for the callback of a device about to start. The
// program has made its own end before.
func (r *Ring) Device() (*Device, error) {
	p := int(r.s.period.Load())
	if p <= 0 || p > MaxPeriod {
		return nil, fmt.Errorf("%w (a period of %d samples)", ErrLayout, p)
	}
	return &Device{s: r.s, period: p, n: r.s.callbacks.Load()}, nil
}

// Period returns the samples in a period.
func (d *Device) Period() int { return d.period }

// Cycle is one callback: it fills play with one period and hands mic on. Both
// have Period samples; a nil mic stands for silence because the
// microphone had nothing. now is any monotonic clock. Cycle neither waits nor allocates.
func (d *Device) Cycle(now time.Duration, mic, play []int16) {
	s := d.s
	d.n++
	from := &s.play[d.n%Slots]
	if from.seq.Load() == d.n {
		copy(play[:d.period], from.pcm[:d.period])
	} else {
		clear(play[:d.period])
		s.underruns.Add(1)
	}
	if mic == nil {
		s.micGaps.Add(1)
	}
	// The slot is free once the program is done with what it held before.
	if d.n <= Slots || s.tail.Load() >= d.n-Slots {
		to := &s.mic[d.n%Slots]
		if n := copy(to.pcm[:d.period], mic); n < d.period {
			clear(to.pcm[n:d.period])
		}
		to.seq.Store(d.n)
	} else {
		s.lost.Add(1)
	}
	s.lastCall.Store(int64(now))
	s.callbacks.Store(d.n)
}

// SetRealtime tells whether the callback's thread has realtime priority.
func (d *Device) SetRealtime(is bool) {
	if is {
		d.s.realtime.Store(1)
	} else {
		d.s.realtime.Store(0)
	}
}

// Gap counts a gap that the device reported.
func (d *Device) Gap(out, in bool) {
	if out {
		d.s.under.Add(1)
	}
	if in {
		d.s.over.Add(1)
	}
}

// Program is the program's end.
type Program struct {
	s      *shared
	period int
	ahead  uint64
	tail   uint64 // microphone periods done with
	missed uint64 // periods passed over because the program was too late
	spare  int    // see Spare
	blend  bool   // the next answer is for a callback that has one already
	mic    [MaxPeriod]int16
	ear    [MaxPeriod]int16
}

// Program resets the ring for a device about to start, with the given period in samples
// and distance (1 to MaxAhead), and returns the program's end. No Device may be in use.
func (r *Ring) Program(period, ahead int) (*Program, error) {
	if period <= 0 || period > MaxPeriod {
		return nil, fmt.Errorf("ring: a period of %d samples, the most is %d", period, MaxPeriod)
	}
	s := r.s
	for i := range Slots {
		s.mic[i].seq.Store(0)
		s.play[i].seq.Store(0)
	}
	s.tail.Store(0)
	s.callbacks.Store(0)
	s.lastCall.Store(0)
	s.underruns.Store(0)
	s.lost.Store(0)
	s.micGaps.Store(0)
	s.under.Store(0)
	s.over.Store(0)
	s.period.Store(uint32(period))
	p := &Program{s: s, period: period, ahead: uint64(min(max(ahead, 1), MaxAhead))}
	for n := uint64(1); n <= p.ahead; n++ {
		p.put(n, nil)
	}
	return p, nil
}

// put publishes the period to be played by callback n; nil is silence.
func (p *Program) put(n uint64, ear []int16) {
	to := &p.s.play[n%Slots]
	to.seq.Store(0) // not valid while it is written
	if ear == nil {
		clear(to.pcm[:p.period])
	} else {
		copy(to.pcm[:p.period], ear[:p.period])
	}
	to.seq.Store(n)
}

// Run calls process for every period of the microphone that has come, and
// returns how many (at most Slots). It is called after each wake-up.
func (p *Program) Run(process func(mic, ear []int16)) int {
	head := p.s.callbacks.Load()
	behind := head - p.tail
	if behind == 0 {
		return 0
	}
	if behind > Slots {
		// A stall, or a number gone wild. Either way go on from the last period.
		p.missed += min(behind-1, 1<<32)
		p.tail = head - 1
	}
	ran := 0
	p.spare = MaxAhead
	for p.tail != head {
		n := p.tail + 1
		mic, ear := p.mic[:p.period], p.ear[:p.period]
		if from := &p.s.mic[n%Slots]; from.seq.Load() == n {
			copy(mic, from.pcm[:p.period])
		} else {
			clear(mic)
		}
		clear(ear)
		process(mic, ear)
		// Played already, or being played: too late.
		next, played := n+p.ahead, p.s.callbacks.Load()
		if p.spare = min(p.spare, int(int64(next-played))-1); next > played {
			if before := &p.s.play[next%Slots]; p.blend && before.seq.Load() == next {
				fade(ear, before)
			}
			p.put(next, ear)
		}
		p.blend = false
		p.tail = n
		p.s.tail.Store(n)
		ran++
	}
	return ran
}

// Due reports whether Run has something to do.
func (p *Program) Due() bool { return p.s.callbacks.Load() != p.tail }

// Spare is by how many periods the latest answer of the last Run was earlier than it had to be; negative, it was too late.
func (p *Program) Spare() int { return p.spare }

// Narrow makes the distance one period shorter, down to 1, and reports whether it did. The next answer and
// the one before, which are for the same callback now, are blended.
func (p *Program) Narrow() bool {
	if p.ahead <= 1 {
		return false
	}
	p.ahead--
	p.blend = true
	return true
}

// fade makes an answer go over from what a slot holds to itself.
func fade(ear []int16, from *slot) {
	n := len(ear)
	for i, s := range ear {
		ear[i] = int16((int(from.pcm[i])*(n-i) + int(s)*i) / n)
	}
}

// Widen makes the distance one period longer, up to MaxAhead, and reports
// whether it did. One period of silence is heard in between.
func (p *Program) Widen() bool {
	if p.ahead >= MaxAhead {
		return false
	}
	p.ahead++
	if next := p.tail + p.ahead; next > p.s.callbacks.Load() {
		p.put(next, nil)
	}
	return true
}

// Ahead returns the distance between a period of the microphone and the one
// played in answer.
func (p *Program) Ahead() int { return int(p.ahead) }

// Missed returns how many periods were passed over in stalls.
func (p *Program) Missed() uint64 { return p.missed }
