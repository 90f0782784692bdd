package engine

import (
	"math"
	"sync/atomic"

	"offhook/media/sound/ring"
)

const (
	queueSlots = 8
	// review is how often the queue considers whether it holds a period it
	// never needs: 2 s.
	review = 200
)

// queue takes periods from the microphone's callback to the output's callback.
// put is called by one thread and take by another; neither waits.
//
// It finds its own depth. When the output's callback finds nothing, it goes on
// with silence, and from then on one more period is waiting; when for two
// seconds one was always left, that one is blended away. So it holds just what
// the jitter between two callbacks asks for, and follows two clocks that differ.
type queue struct {
	head, tail atomic.Uint64 // put so far, taken so far
	slots      [queueSlots][ring.MaxPeriod]int16
	n          int // samples in a period

	// Owned by take.
	least int // fewest left over since the last review
	count int
	mixed [ring.MaxPeriod]int16
	out   [ring.MaxPeriod]int16
}

func newQueue(period int) *queue { return &queue{n: period, least: math.MaxInt} }

// begun reports that the microphone has given something.
func (q *queue) begun() bool { return q.head.Load() > 0 }

// put adds one period of interleaved samples, the first channel of each frame.
// When there is no room it is dropped: the output has stalled.
func (q *queue) put(pcm []int16, channels int) {
	head := q.head.Load()
	if head-q.tail.Load() >= queueSlots {
		return
	}
	to := q.slots[head%queueSlots][:q.n]
	if len(pcm) < q.n*channels {
		clear(to)
	} else if channels == 1 {
		copy(to, pcm)
	} else {
		for i := range to {
			to[i] = pcm[i*channels]
		}
	}
	q.head.Store(head + 1)
}

// take returns the next period, valid until the next call, or nil.
func (q *queue) take() []int16 {
	left := int(q.head.Load() - q.tail.Load())
	if left == 0 {
		q.least, q.count = 0, 0
		return nil
	}
	left--
	q.least = min(q.least, left)
	if q.count++; q.count >= review {
		spare := q.least > 0
		q.least, q.count = math.MaxInt, 0
		if spare {
			return q.blend()
		}
	}
	return q.pop(&q.out)
}

func (q *queue) pop(to *[ring.MaxPeriod]int16) []int16 {
	tail := q.tail.Load()
	n := copy(to[:q.n], q.slots[tail%queueSlots][:q.n])
	q.tail.Store(tail + 1)
	return to[:n]
}

// blend makes one period of two, going over from the first to the second.
func (q *queue) blend() []int16 {
	a, b := q.pop(&q.mixed), q.pop(&q.out)
	for i := range b {
		b[i] = int16((int(a[i])*(q.n-i) + int(b[i])*i) / q.n)
	}
	return b
}
