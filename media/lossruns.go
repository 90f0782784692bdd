package media

import "time"

// lossRuns tells bursts of loss from the gaps between them as RFC 3611 section
// 4.7.2 and its appendix A.2 do: a burst is a stretch in which fewer than
// gmin packets in a row came between two losses. The names of the counts are
// the appendix's: 1 is a packet that came in a gap, 2 one in a burst, 3 one
// lost in a burst, 4 one lost alone in a gap; cxy counts the steps from x to y.
type lossRuns struct {
	run                     uint64 // packets that came since the last loss
	lost                    uint64 // losses in the present burst
	c11, c13, c14, c22, c23 uint64
	c33                     uint64
	longest, together       uint64 // the most packets lost in a row; how many now
}

const gmin = 16

// came notes a packet that was played.
func (l *lossRuns) came() {
	l.run++
	l.together = 0
}

// miss notes a packet that was not there for playing.
func (l *lossRuns) miss() {
	l.together++
	l.longest = max(l.longest, l.together)
	if l.run >= gmin {
		if l.lost == 1 {
			l.c14++
		} else if l.lost > 1 {
			l.c13++
		}
		l.lost = 1
		l.c11 += l.run
	} else {
		l.lost++
		if l.run == 0 {
			l.c33++
		} else {
			l.c23++
			l.c22 += l.run - 1
		}
	}
	l.run = 0
}

// BurstLoss is how losses come together: those in bursts, and those in the gaps
// between bursts, in which at least 16 packets in a row came between losses.
type BurstLoss struct {
	BurstDensity, GapDensity float64       // share of packets lost within bursts and gaps
	BurstLength, GapLength   time.Duration // mean
	Longest                  int           // packets lost in a row, at most
}

// measure sums up; frame is the length of a packet.
func (l lossRuns) measure(frame time.Duration) (b BurstLoss) {
	b.Longest = int(l.longest)
	// What is under way counts as if it ended here.
	l.c11 += l.run
	switch {
	case l.lost == 1:
		l.c14++
	case l.lost > 1:
		l.c13++
	}
	if n := l.c11 + l.c14; n > 0 {
		b.GapDensity = float64(l.c14) / float64(n)
	}
	if l.c13 == 0 {
		b.GapLength = time.Duration(l.c11+l.c14) * frame
		return b
	}
	c32 := float64(l.c23)
	p32, p23 := c32/(float64(l.c13)+c32+float64(l.c33)), 1.0
	if n := l.c22 + l.c23; n > 0 {
		p23 = 1 - float64(l.c22)/float64(n)
	}
	if p23+p32 > 0 {
		b.BurstDensity = p23 / (p23 + p32)
	}
	// A burst of n losses has one step 1→3, and n-1 steps among 2 and 3.
	burst := l.c13 + l.c22 + 2*l.c23 + l.c33
	b.BurstLength = time.Duration(burst) * frame / time.Duration(l.c13)
	b.GapLength = time.Duration(l.c11+l.c14) * frame / time.Duration(l.c13)
	return b
}
