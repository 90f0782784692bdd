//go:build peers && linux

package interop

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"offhook/media/codec"
)

// chorus sends for many calls from one thread, packets that are made before, so that it takes next to nothing of the
// processor from the phone: speech where there is some to be said, the quietest noise otherwise. One packet each
// packetTime for each call, which have their turns a millisecond apart, as callers have who know nothing of each other.
type chorus struct {
	noise [][]byte // payloads

	mu    sync.Mutex // guards what follows
	lines []*line
	late  time.Duration // the most by which packets were sent too late
	ended bool
	done  chan struct{}
}

// line is one of the calls.
type line struct {
	*spoken
	to     *net.UDPAddr
	turn   int // in which ms of packetTime
	sent   uint16
	speech [][]byte
	begins bool           // the next packet is the first of speech
	origin chan time.Time // when that was due
}

// slots is how many turns there are.
const slots = int(packetTime / time.Millisecond)

func (l *lab) chorus() *chorus {
	c := &chorus{done: make(chan struct{})}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		b := make([]byte, 8000/(time.Second/packetTime))
		for i := range b {
			b[i] = [2]byte{0x55, 0xd5}[r.IntN(2)] // -8 and 8 of 32768 in PCMA (G.711), the least there is: -72 dBFS
		}
		c.noise = append(c.noise, b)
	}
	punctual(c.send)
	l.cleanup(func() {
		c.mu.Lock()
		c.ended = true
		c.mu.Unlock()
		<-c.done
	})
	return c
}

// join lets a call be heard from now on.
func (c *chorus) join(s *spoken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	turn := 7 * len(c.lines) % slots // 7 and 20 have no divisor in common: all turns come before one comes again
	c.lines = append(c.lines, &line{spoken: s, to: net.UDPAddrFromAddrPort(s.media.Remote), turn: turn, origin: make(chan time.Time, 1)})
}

// say has the nth of the calls speak at once, and returns when its first packet was due.
func (c *chorus) say(n int, payloads [][]byte) time.Time {
	c.mu.Lock()
	l := c.lines[n]
	l.speech, l.begins = payloads, true
	c.mu.Unlock()
	return <-l.origin
}

// latest is by how much, at most, a packet was late since it was asked last.
func (c *chorus) latest() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.late
	c.late = 0
	return d
}

func (c *chorus) send() {
	defer close(c.done)
	start := time.Now()
	for tick := 0; ; tick++ {
		due := start.Add(time.Duration(tick) * time.Millisecond)
		doze(time.Until(due))
		c.mu.Lock()
		if c.ended {
			c.mu.Unlock()
			return
		}
		for _, l := range c.lines {
			if l.turn == tick%slots {
				l.packet(c.noise, due)
			}
		}
		c.late = max(c.late, time.Since(due))
		c.mu.Unlock()
	}
}

// packet sends what is next of a call.
func (l *line) packet(noise [][]byte, due time.Time) {
	payload := noise[(int(l.sent)+13*l.turn)%len(noise)]
	if len(l.speech) > 0 {
		if l.begins {
			l.begins = false
			l.origin <- due
		}
		payload, l.speech = l.speech[0], l.speech[1:]
	}
	b := append(make([]byte, 0, 256), 0x80, l.media.PayloadType)
	b = binary.BigEndian.AppendUint16(b, l.sent)
	b = binary.BigEndian.AppendUint32(b, uint32(l.sent)*uint32(codec.PCMA.ClockRate()*slots/1000))
	b = binary.BigEndian.AppendUint32(b, 0x0ff40000+uint32(l.conn.LocalAddr().(*net.UDPAddr).Port))
	l.conn.WriteToUDP(append(b, payload...), l.to)
	l.sent++
}
