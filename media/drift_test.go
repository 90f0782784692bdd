package media

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
)

// drifted is what a long call in virtual time came to.
type drifted struct {
	low, mid, high time.Duration // 1st, 50th and 99th percentile of the delay from sending to playing
	stats          jitterStats
}

// drift plays a call of d whose sender's clock is off by ppm, over a network
// with jitter of up to 10 ms.
func drift(c codec.Codec, d time.Duration, ppm float64) drifted {
	k := int32(c.SampleRate() / codecRate)
	pcm := voice.Make(10*c.SampleRate(), c.SampleRate(), 7)
	e, _ := c.NewEncoder(codec.Options{})
	defer e.Close()
	var payloads [][]byte
	n := c.SampleRate() / 50
	for i := 0; i+n <= len(pcm); i += n {
		var b []byte
		for at := i; at < i+n; at += e.Frame() {
			b, _ = e.Encode(b, pcm[at:at+e.Frame()])
		}
		payloads = append(payloads, b)
	}
	decoder, _ := c.NewDecoder()
	defer decoder.Close()
	f := &format{decoder: decoder, k: k, scale: uint32(c.SampleRate() / c.ClockRate()), clock: c.ClockRate()}

	b, rnd := newJitterBuffer(), rand.New(rand.NewPCG(9, 9))
	b.setRate(k)
	start := time.Unix(1000, 0)
	// Packet i leaves at its time by the sender's clock and takes 20 to 30 ms.
	sent := func(i int) time.Duration { return time.Duration(float64(i) * 20e6 * (1 + ppm/1e6)) }
	arrives := func(i int) time.Duration {
		return sent(i) + 20*time.Millisecond + time.Duration(rnd.Int64N(int64(10*time.Millisecond)))
	}
	next, at := 0, arrives(0)
	var delays []time.Duration
	out := make([]int16, b.step)
	for now := time.Duration(0); now < d; now += 10 * time.Millisecond {
		for at <= now {
			h := header{sequence: uint16(next), timestamp: uint32(next * c.ClockRate() / 50), ssrc: 7}
			b.put(h, payloads[next%len(payloads)], f, start.Add(at))
			next++
			at = arrives(next)
		}
		b.pull(out, start.Add(now))
		if now > 20*time.Second && now%time.Second == 0 {
			// What is played next was spoken so many samples into the stream.
			position := float64(int32(b.next)-int32(len(b.pcm))) / float64(k*codecRate)
			if hours := float64(uint64(1)<<32) / float64(k*codecRate); position < now.Seconds()-hours/2 { // the timestamp has wrapped
				position += hours
			}
			delays = append(delays, now-time.Duration(position*1e9*(1+ppm/1e6)))
		}
	}
	slices.Sort(delays)
	p := func(share float64) time.Duration { return delays[int(share*float64(len(delays)-1))] }
	return drifted{p(0.01), p(0.5), p(0.99), b.stats}
}

func checkDrift(t testing.TB, c codec.Codec, ppm float64, d time.Duration, got drifted) {
	t.Helper()
	s := got.stats
	t.Logf("%s, %+.0f ppm over %v: delay %v to %v, middle %v; %d cuts of %v, %d pastes of %v, made up %v", c.Name(), ppm, d,
		got.low, got.high, got.mid, s.cuts, duration(s.cut), s.pastes, duration(s.pasted), duration(s.concealed))
	const within = 20 * time.Millisecond
	if got.high-got.mid > within || got.mid-got.low > within || got.mid > 80*time.Millisecond {
		t.Errorf("%s, %+.0f ppm: the delay goes from %v to %v around %v", c.Name(), ppm, got.low, got.high, got.mid)
	}
	// What the clocks are apart is cut out or put in, and little more is done.
	apart := time.Duration(float64(d) * ppm / 1e6)
	moved := duration(s.pasted) + duration(s.concealed) - duration(s.cut)
	if (moved - apart).Abs() > 100*time.Millisecond {
		t.Errorf("%s, %+.0f ppm: %v were put in, want %v", c.Name(), ppm, moved, apart)
	}
	if ops, limit := s.cuts+s.pastes, uint64(apart.Abs()/(2*time.Millisecond))+200; ops == 0 || ops > limit {
		t.Errorf("%s, %+.0f ppm: %d times the sound was changed, want at most %d", c.Name(), ppm, ops, limit)
	}
}

func TestTheDelayStaysWhereItIsWhileClocksDrift(t *testing.T) {
	const d = 2 * time.Minute
	checkDrift(t, codec.PCMU, -300, d, drift(codec.PCMU, d, -300))
	checkDrift(t, codec.PCMU, 300, d, drift(codec.PCMU, d, 300))
	checkDrift(t, codec.G722, -300, d, drift(codec.G722, d, -300))
}

// A day of calls; memory must not have grown.
func BenchmarkDayOfDrift(b *testing.B) {
	for b.Loop() {
		for _, ppm := range []float64{-300, 300} {
			drift(codec.PCMU, time.Minute, ppm)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			got := drift(codec.PCMU, 24*time.Hour, ppm)
			runtime.GC()
			runtime.ReadMemStats(&after)
			checkDrift(b, codec.PCMU, ppm, 24*time.Hour, got)
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)), "B-growth")
			b.ReportMetric(float64(got.stats.cuts+got.stats.pastes), "operations")
			b.ReportMetric(float64(got.high.Milliseconds()), "delay-p99-ms")
		}
	}
}
