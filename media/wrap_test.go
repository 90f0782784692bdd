package media

import (
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/sound"
)

// stream lets the peer send n packets of which lost stay away, and returns what
// is heard. Where pause tells so, the peer sends nothing, as it does in silence
// that it leaves out: no sequence number is used up.
func (x *hostile) stream(n int, lost, pause func(i int) bool) (heard []int16) {
	frame := x.c.SampleRate() / 50
	for i := range n {
		if !pause(i) {
			b := appendRTP(nil, x.h)
			for at := 0; at < frame; at += x.e.Frame() {
				b, _ = x.e.Encode(b, x.pcm[(i*frame+at)%(len(x.pcm)-frame):][:x.e.Frame()])
			}
			x.h.sequence++
			if !lost(i) {
				x.r.packet(b, x.peer, time.Now())
			}
		}
		x.h.timestamp += uint32(x.c.ClockRate() / 50)
		for range 2 {
			var out [sound.Period]int16
			x.r.pull(out[:])
			heard = append(heard, out[:]...)
			time.Sleep(10 * time.Millisecond)
		}
	}
	return heard
}

func never(int) bool { return false }

// Sequence numbers and timestamps begin anew at 0 in the middle of a stream, also
// just where packets are lost or nothing is sent: nobody hears it.
func TestNumbersThatBeginAnewAreNotHeard(t *testing.T) {
	for _, c := range codec.List() {
		for name, gap := range map[string]struct{ lost, pause func(int) bool }{
			"whole": {never, never},
			"lost":  {func(i int) bool { return i >= 58 && i < 63 || i%17 == 0 }, never},
			"pause": {never, func(i int) bool { return i >= 50 && i < 75 }},
		} {
			synctest.Test(t, func(t *testing.T) {
				plain, wraps := newHostile(c), newHostile(c)
				plain.h.sequence, plain.h.timestamp = 1000, 50000
				wraps.h.sequence = uint16(65536 - 60)
				wraps.h.timestamp = -uint32(60 * c.ClockRate() / 50)
				want, got := plain.stream(150, gap.lost, gap.pause), wraps.stream(150, gap.lost, gap.pause)
				if dB, _ := voice.SNR(want, got, 0); dB < 60 && c.Name() != "OPUS" || dB < 20 {
					t.Errorf("%s, %s: heard as without a wrap to %.0f dB", c.Name(), name, dB)
				}
				a, b := plain.r.buffer, wraps.r.buffer
				if a.stream.lost() != b.stream.lost() || a.stats.resets != b.stats.resets || b.stats.resets != 0 || a.stats.late != b.stats.late {
					t.Errorf("%s, %s: lost %d, resets %d, late %d; without a wrap %d, %d, %d", c.Name(), name,
						b.stream.lost(), b.stats.resets, b.stats.late, a.stream.lost(), a.stats.resets, a.stats.late)
				}
			})
		}
	}
}

// After a time in which nothing came, for the peer was silent, speech is played
// as soon as ever.
func TestALongSilenceCostsNoDelay(t *testing.T) {
	for _, c := range codec.List() {
		for _, silence := range []time.Duration{900 * time.Millisecond, 3 * time.Second, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				x := newHostile(c)
				x.stream(100, never, never)
				before := x.r.buffer.buffered()
				n := int(silence / (20 * time.Millisecond))
				x.stream(n, never, func(int) bool { return true })
				x.stream(100, never, never)
				b := x.r.buffer
				if after := b.buffered(); after > before+b.t(400) || b.stats.late > 1 || b.stream.lost() > 0 {
					t.Errorf("%s, %v of silence: %d samples are buffered, %d before; %+v", c.Name(), silence, after, before, b.stats)
				}
				if heard := x.stream(50, never, never); voice.RMS(heard) < 300 {
					t.Errorf("%s, %v of silence: then heard at RMS %.0f", c.Name(), silence, voice.RMS(heard))
				}
			})
		}
	}
}

// A peer, or whoever mixes for it, may begin another stream at any time, and go
// back to the first one.
func TestStreamsThatTakeTurnsAreAllHeard(t *testing.T) {
	for _, c := range codec.List() {
		synctest.Test(t, func(t *testing.T) {
			x := newHostile(c)
			headers := []header{x.h, {ssrc: 0, payloadType: x.h.payloadType, sequence: 65530, timestamp: 1 << 31}, {ssrc: 1<<32 - 1, payloadType: x.h.payloadType}}
			for turn := range 12 {
				which := turn % 3
				x.h = headers[which]
				heard := x.stream(25, never, never)
				headers[which] = x.h
				if level := voice.RMS(heard[len(heard)/2:]); turn > 2 && level < 100 {
					t.Errorf("%s, turn %d: heard at RMS %.0f", c.Name(), turn, level)
				}
			}
			if b := x.r.buffer; b.count > 8 || b.buffered() > b.t(2400) {
				t.Errorf("%s: %d packets, %d samples are held", c.Name(), b.count, b.buffered())
			}
		})
	}
}
