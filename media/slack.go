package media

// slackWindow remembers how long before its time each of the last packets
// arrived, in samples, and says what the playout delay should be.
//
// A packet's slack holds everything that moves the need for delay: network
// jitter, the jitter of the sound device's clock, and the drift between that
// clock and the sender's. When playout is put off or hastened, all remembered
// values move with it; that is what shift is for.
type slackWindow struct {
	values [slackCount]int32 // less offset
	n, at  int
	offset int32
	fresh  int // values since the last measure
}

const (
	slackCount   = 400 // 8 s of 20 ms packets
	slackMinimum = 25  // fewer say nothing yet
	slackEvery   = 5   // measure after so many packets
	slackWorst   = 50  // one packet in so many may be late
)

func (w *slackWindow) add(slack int32) {
	w.values[w.at] = slack - w.offset
	w.at = (w.at + 1) % slackCount
	w.n = min(w.n+1, slackCount)
	w.fresh++
}

// shift moves all values: positive when playout was put off.
func (w *slackWindow) shift(d int32) { w.offset += d }

func (w *slackWindow) reset() { *w = slackWindow{} }

// measure gives the slack that all but one in slackWorst packets had, and the
// mean. It is false until there is something new to say.
func (w *slackWindow) measure() (low, mean int32, ok bool) {
	if w.n < slackMinimum || w.fresh < slackEvery {
		return 0, 0, false
	}
	w.fresh = 0
	var smallest [slackCount/slackWorst + 1]int32
	keep := smallest[:w.n/slackWorst+1]
	used, sum := 0, int64(0)
	for _, v := range w.values[:w.n] {
		sum += int64(v)
		i := used
		if used < len(keep) {
			used++
		} else if v >= keep[used-1] {
			continue
		} else {
			i = used - 1
		}
		for ; i > 0 && keep[i-1] > v; i-- {
			keep[i] = keep[i-1]
		}
		keep[i] = v
	}
	return keep[used-1] + w.offset, int32(sum/int64(w.n)) + w.offset, true
}

// mean of the values held, 0 without any.
func (w *slackWindow) mean() int32 {
	if w.n == 0 {
		return 0
	}
	var sum int64
	for _, v := range w.values[:w.n] {
		sum += int64(v)
	}
	return int32(sum/int64(w.n)) + w.offset
}
