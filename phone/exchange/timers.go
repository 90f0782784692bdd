package exchange

import (
	"container/heap"
	"time"
)

// timerQueue holds the loop's timers, so that they need no goroutines and end
// with the loop.
type timerQueue struct{ h timerHeap }

type timer struct {
	at    time.Time
	f     func()
	index int // in the heap; -1 = not set
}

// after runs f once, d from now, unless stop is called first.
func (q *timerQueue) after(d time.Duration, f func()) *timer {
	t := &timer{at: time.Now().Add(d), f: f}
	heap.Push(&q.h, t)
	return t
}

// stop forgets t; t may be nil or over.
func (q *timerQueue) stop(t *timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&q.h, t.index)
	}
}

func (q *timerQueue) next() (time.Time, bool) {
	if len(q.h) == 0 {
		return time.Time{}, false
	}
	return q.h[0].at, true
}

// run fires all timers due by now, in order.
func (q *timerQueue) run(now time.Time) {
	for len(q.h) > 0 && !q.h[0].at.After(now) {
		heap.Pop(&q.h).(*timer).f()
	}
}

type timerHeap []*timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	t.index = -1
	*h = old[:len(old)-1]
	return t
}
