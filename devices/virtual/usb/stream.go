package usb

import (
	"encoding/binary"
	"time"
)

// frameTime is the length of a frame of a full-speed bus.
const frameTime = time.Millisecond

// maxSilence bounds the frames that are played as silence when the host left a
// stream alone, with Config.Drop.
const maxSilence = 10_000

// StreamStats is what happened on one isochronous endpoint since the plug.
type StreamStats struct {
	Transfers int
	Frames    int           // carried; one is 1 ms
	Starved   int           // times when the host had nothing queued in time
	Gap       time.Duration // the longest such time
	Lost      int           // frames lost for that, with Config.Drop
	Late      time.Duration // most that a transfer ended after its time
}

// Stats of a device.
type Stats struct {
	Earpiece, Microphone StreamStats
	// Stalled counts control requests that the device refused.
	Stalled int
}

// stream is an isochronous endpoint. The bus owns it, but for stats.
type stream struct {
	in   bool
	open bool // alternate setting 1
	rate int  // Hz
	part int  // of a sample, in 1/1000, that is carried over to the next frame

	running bool
	next    int64 // frame in which queue[0] begins
	queue   []*transfer

	samples []int16 // scratch
	stats   StreamStats
}

// stop forgets where the stream was in time.
func (st *stream) stop() { st.running, st.part = false, 0 }

// frame is the number of the frame that is under way.
func (b *bus) frame(now time.Time) int64 { return int64(now.Sub(b.start) / frameTime) }

// beginning of a frame.
func (b *bus) beginning(frame int64) time.Time { return b.start.Add(time.Duration(frame) * frameTime) }

// streamOf is the stream of a streaming interface, or nil.
func (b *bus) streamOf(number uint8) *stream {
	switch number {
	case interfaceEarpiece:
		return b.streams[endpointEarpiece]
	case interfaceMicrophone:
		return b.streams[endpointMicrophone]
	}
	return nil
}

func (b *bus) stopAll() {
	for _, st := range b.streams {
		st.stop()
		st.open = false
	}
}

// enqueue gives a stream a transfer, and sees whether it came in time.
func (b *bus) enqueue(st *stream, t *transfer, now time.Time) {
	current := b.frame(now)
	switch {
	case !st.running:
		st.running, st.next = true, current+1
	case len(st.queue) == 0 && now.After(b.beginning(st.next)):
		b.mu.Lock()
		st.stats.Starved++
		st.stats.Gap = max(st.stats.Gap, now.Sub(b.beginning(st.next)))
		b.mu.Unlock()
		if b.Drop {
			b.lose(st, current+1-st.next)
		}
		st.next = current + 1
	}
	st.queue = append(st.queue, t)
}

// lose lets n frames pass in which the host takes and gives nothing.
func (b *bus) lose(st *stream, n int64) {
	b.mu.Lock()
	st.stats.Lost += int(n)
	b.mu.Unlock()
	for i := range min(n, maxSilence) {
		samples := st.take(st.advance() * b.Channels)
		if st.in {
			b.Sound.Capture(b.beginning(st.next+i), st.rate, samples)
		} else {
			b.Sound.Play(b.beginning(st.next+i), st.rate, samples)
		}
	}
}

// due is when the first transfer of the queue ends.
func (b *bus) due(st *stream) time.Time {
	return b.beginning(st.next + int64(len(st.queue[0].packets)))
}

// carry carries out the transfers whose time is over.
func (b *bus) carry(st *stream, now time.Time) {
	for len(st.queue) > 0 && !now.Before(b.due(st)) {
		t := st.queue[0]
		st.queue = st.queue[1:]
		late := now.Sub(b.beginning(st.next + int64(len(t.packets))))
		first := st.next
		var data []byte
		for i := range t.packets {
			p, at := &t.packets[i], b.beginning(st.next)
			if st.in {
				data = b.capture(st, p, at, data)
			} else {
				b.play(st, p, at, t.data[p.offset:p.offset+p.length])
			}
			st.next++
		}
		b.mu.Lock()
		st.stats.Transfers++
		st.stats.Frames += len(t.packets)
		st.stats.Late = max(st.stats.Late, late)
		b.mu.Unlock()
		b.complete(t, statusOK, data, uint32(first))
	}
}

// capture fills an IN packet.
func (b *bus) capture(st *stream, p *packet, at time.Time, data []byte) []byte {
	n := min(st.advance(), int(p.length)/(2*b.Channels))
	samples := st.take(n * b.Channels)
	b.Sound.Capture(at, st.rate, samples)
	b.level(st).apply(samples)
	for _, s := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(s))
	}
	p.actual = uint32(2 * len(samples))
	return data
}

// play takes an OUT packet.
func (b *bus) play(st *stream, p *packet, at time.Time, raw []byte) {
	samples := st.take(len(raw) / 2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	b.level(st).apply(samples)
	b.Sound.Play(at, st.rate, samples)
	p.actual = p.length
}

func (b *bus) level(st *stream) Level {
	b.mu.Lock()
	defer b.mu.Unlock()
	if st.in {
		return b.mixer.Microphone
	}
	return b.mixer.Earpiece
}

// advance gives the samples of the next frame: of 44100 Hz nine times 44, then 45.
func (st *stream) advance() int {
	st.part += st.rate
	n := st.part / 1000
	st.part %= 1000
	return n
}

// take gives n samples of silence, valid until the next call.
func (st *stream) take(n int) []int16 {
	if cap(st.samples) < n {
		st.samples = make([]int16, n)
	}
	s := st.samples[:n]
	clear(s)
	return s
}
