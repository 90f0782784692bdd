package media

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
)

// arrival is a packet on its way.
type arrival struct {
	at time.Duration
	h  header
	b  []byte
}

// stream makes the packets of a sound: ptime 20 ms, sent at their time, with a
// clock that is off by ppm.
func stream(pcm []int16, ppm float64) []arrival { return longStream(pcm, len(pcm), ppm) }

// longStream is a stream of n samples that says pcm over and over.
func longStream(pcm []int16, n int, ppm float64) []arrival {
	e, _ := codec.PCMU.NewEncoder(codec.Options{})
	var list []arrival
	for i := 0; i+160 <= n; i += 160 {
		b, _ := e.Encode(nil, pcm[i%len(pcm):][:160])
		at := float64(i/160) * 20e6 * (1 + ppm/1e6)
		list = append(list, arrival{time.Duration(at), header{sequence: uint16(65500 + i/160), timestamp: uint32(0xfffffe00 + int64(i)), ssrc: 7}, b})
	}
	return list
}

// play runs the packets through a buffer that is pulled every 10 ms from phase
// on, and returns what it played. each is called after every pull.
func play(b *jitterBuffer, list []arrival, phase time.Duration, each func(now time.Duration)) []int16 {
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	d := pcmu()
	start := time.Unix(1000, 0)
	var out []int16
	end := list[len(list)-1].at + 100*time.Millisecond
	for now := phase; now < end; now += 10 * time.Millisecond {
		for len(list) > 0 && list[0].at <= now {
			b.put(list[0].h, list[0].b, d, start.Add(list[0].at))
			list = list[1:]
		}
		var part [step]int16
		b.pull(part[:], start.Add(now))
		out = append(out, part[:]...)
		if each != nil {
			each(now)
		}
	}
	return out
}

func TestAPerfectNetworkGivesTheSoundUnchanged(t *testing.T) {
	pcm := voice.Make(8000*4/10, 8000, 1) // 400 ms: before anything is corrected
	b := newJitterBuffer()
	out := play(b, stream(pcm, 0), 3*time.Millisecond, nil)
	dB, lag := voice.SNR(pcm, out, 400)
	if dB < 30 || lag != initialMargin {
		t.Errorf("%.1f dB at a lag of %d samples, want the initial margin of %d", dB, lag, initialMargin)
	}
	if s := b.stats; s.late+s.duplicate+s.dropped+s.reordered+s.cut+s.pasted != 0 || b.stream.lost() != 0 {
		t.Errorf("%+v, lost %d", s, b.stream.lost())
	}
}

func TestWithoutJitterTheDelayFallsToAFewMilliseconds(t *testing.T) {
	for phase := time.Duration(0); phase < 10*time.Millisecond; phase += 2 * time.Millisecond {
		pcm := voice.Make(8000*10, 8000, 2)
		b := newJitterBuffer()
		out := play(b, stream(pcm, 0), phase, nil)
		if got := duration(uint64(b.slack.mean())); got > 13*time.Millisecond || got < 2*time.Millisecond {
			t.Errorf("phase %v: packets wait %v", phase, got)
		}
		tail := pcm[8*8000 : 9*8000]
		dB, lag := voice.SNR(tail, out[8*8000:], 400)
		if dB < 30 || lag > 160 {
			t.Errorf("phase %v: after 8 s %.1f dB, %.1f ms behind", phase, dB, float64(lag)/8)
		}
		if b.stats.pasted > 0 {
			t.Errorf("phase %v: %d samples pasted", phase, b.stats.pasted)
		}
	}
}

func TestReorderedAndDoubledPacketsAreHarmless(t *testing.T) {
	pcm := voice.Make(8000*4/10, 8000, 3)
	list := stream(pcm, 0)
	for i := 2; i+1 < len(list); i += 4 {
		list[i].at += 25 * time.Millisecond // behind its successor
		list = append(list, arrival{list[i].at + time.Millisecond, list[i].h, list[i].b})
	}
	b := newJitterBuffer()
	b.margin = 320
	out := play(b, list, 0, nil)
	dB, _ := voice.SNR(pcm, out, 400)
	if dB < 30 || b.stats.duplicate == 0 || b.stats.reordered == 0 || b.stats.late > 0 || b.stream.lost() > 0 {
		t.Errorf("%.1f dB, %+v, lost %d", dB, b.stats, b.stream.lost())
	}
}

func TestALossMovesNothing(t *testing.T) {
	pcm := voice.Make(8000*3, 8000, 4)
	list := stream(pcm, 0)
	var kept []arrival
	lost := 0
	for i, a := range list {
		if i%10 == 7 {
			lost++
			continue
		}
		kept = append(kept, a)
	}
	b := newJitterBuffer()
	out := play(b, kept, 4*time.Millisecond, nil)
	if got := b.stream.lost(); int(got) != lost {
		t.Errorf("lost %d, counted %d", lost, got)
	}
	if want := uint64(lost * 160); b.stats.concealed < want || b.stats.concealed > want+12*80 {
		t.Errorf("%d samples concealed for %d lost", b.stats.concealed, want)
	}
	dB, lag := voice.SNR(pcm[2*8000:], out[2*8000:], 400)
	if dB < 5 {
		t.Errorf("%.1f dB at %d", dB, lag)
	}
}

func TestAPacketThatIsOnlyLateIsStillPlayed(t *testing.T) {
	pcm := voice.Make(8000, 8000, 5)
	list := stream(pcm, 0)
	for i := 10; i < len(list); i++ { // the way becomes 70 ms longer
		list[i].at += 70 * time.Millisecond
	}
	b := newJitterBuffer()
	out := play(b, list, 4*time.Millisecond, nil)
	if b.stats.late > 0 || b.stream.lost() > 0 {
		t.Errorf("%+v", b.stats)
	}
	dB, _ := voice.SNR(pcm[4000:7000], out[4000:], 1600)
	if dB < 20 {
		t.Errorf("after the delay grew: %.1f dB", dB)
	}
}

func TestJitterGrowsTheDelayAndItsEndShrinksIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	list := longStream(voice.Make(8000*10, 8000, 6), 8000*60, 0)
	for i := range list {
		if list[i].at > 10*time.Second && list[i].at < 30*time.Second {
			list[i].at += time.Duration(rnd.Int64N(int64(60 * time.Millisecond)))
		}
	}
	b := newJitterBuffer()
	var calm, rough, after, late uint64
	play(b, list, 0, func(now time.Duration) {
		switch now {
		case 9 * time.Second:
			calm = uint64(b.buffered())
		case 20 * time.Second:
			late = b.stats.late + b.stats.concealed/160
		case 29 * time.Second:
			rough = uint64(b.slack.mean())
			late = b.stats.late + b.stats.concealed/160 - late
		case 59 * time.Second:
			after = uint64(b.slack.mean())
		}
	})
	t.Logf("calm: %v buffered; jitter of 60 ms: packets wait %v, %d late or made up in 9 s; after: %v",
		duration(calm), duration(rough), late, duration(after))
	if rough < 200 || rough > 700 {
		t.Errorf("under 60 ms of jitter packets wait %v on average", duration(rough))
	}
	if late > 45 { // of 450
		t.Errorf("%d packets late in 9 s of steady jitter", late)
	}
	if after > 140 {
		t.Errorf("after the jitter packets still wait %v", duration(after))
	}
}

func TestDriftIsFollowedForMinutes(t *testing.T) {
	for _, ppm := range []float64{-300, 300} {
		list := longStream(voice.Make(8000*10, 8000, 7), 8000*300, ppm)
		b := newJitterBuffer()
		low, high := int32(math.MaxInt32), int32(0)
		play(b, list, 0, func(now time.Duration) {
			if now > 10*time.Second && now < 299*time.Second {
				low, high = min(low, b.slack.mean()), max(high, b.slack.mean())
			}
		})
		t.Logf("%+.0f ppm over 5 min: packets wait %.1f to %.1f ms; cut %v, pasted %v, made up %v", ppm, float64(low)/8, float64(high)/8,
			duration(b.stats.cut), duration(b.stats.pasted), duration(b.stats.concealed))
		if high > 30*8 || low < -8 {
			t.Errorf("%+.0f ppm: packets wait %.1f to %.1f ms", ppm, float64(low)/8, float64(high)/8)
		}
		if made := duration(b.stats.concealed); made > time.Second {
			t.Errorf("%+.0f ppm: %v made up", ppm, made)
		}
		if moved := int64(b.stats.cut) - int64(b.stats.pasted); ppm < 0 && moved < 400 {
			t.Errorf("%+.0f ppm: %d samples net cut", ppm, moved)
		}
	}
}

func TestAPauseOfTheSenderKeepsTheTimeLine(t *testing.T) {
	pcm := voice.Make(8000*4, 8000, 8)
	var list []arrival
	seq := uint16(0)
	for _, a := range stream(pcm, 0) {
		if a.at > time.Second && a.at < 3*time.Second {
			continue // silence is not sent
		}
		a.h.sequence = seq
		seq++
		list = append(list, a)
	}
	b := newJitterBuffer()
	out := play(b, list, 5*time.Millisecond, nil)
	dB, lag := voice.SNR(pcm[3*8000+800:], out[3*8000+800:], 400)
	if dB < 25 || lag > initialMargin {
		t.Errorf("after the pause %.1f dB, %d samples behind", dB, lag)
	}
	if b.stream.lost() != 0 {
		t.Errorf("the pause counts as %d lost packets", b.stream.lost())
	}
}

func TestNewStreamsAndTimeLinesArePlayed(t *testing.T) {
	jump := func(name string, change func(h *header)) {
		pcm := voice.Make(8000*2, 8000, 9)
		list := stream(pcm, 0)
		for i := 50; i < len(list); i++ {
			change(&list[i].h)
		}
		b := newJitterBuffer()
		out := play(b, list, 0, nil)
		dB, lag := voice.SNR(pcm[8000+1600:8000+4000], out[8000+1600:], 600)
		if dB < 25 {
			t.Errorf("%s: %.1f dB at a lag of %d; %+v", name, dB, lag, b.stats)
		}
		if b.stream.lost() > 2 {
			t.Errorf("%s: %d counted as lost", name, b.stream.lost())
		}
	}
	jump("SSRC", func(h *header) { h.ssrc = 99; h.sequence -= 31000; h.timestamp += 1 << 30 })
	jump("timestamp forward", func(h *header) { h.timestamp += 1 << 29 })
	jump("timestamp back", func(h *header) { h.timestamp -= 1 << 29 })
	jump("timestamp back a little", func(h *header) { h.timestamp -= 12000 })
	jump("sequence", func(h *header) { h.sequence += 20000 })
}

func TestABurstAfterAnOutageIsBounded(t *testing.T) {
	list := stream(voice.Make(8000*8, 8000, 10), 0)
	for i := range list {
		if list[i].at > 2*time.Second && list[i].at < 4*time.Second {
			list[i].at = 4 * time.Second
		}
	}
	b := newJitterBuffer()
	most := int32(0)
	play(b, list, 0, func(now time.Duration) {
		most = max(most, b.buffered())
		if now > 7*time.Second && b.buffered() > 3000 {
			t.Fatalf("at %v still %v buffered", now, duration(uint64(b.buffered())))
		}
	})
	if most > maxBuffered+2*160 || b.stats.dropped == 0 {
		t.Errorf("at most %v were buffered, %d packets dropped", duration(uint64(most)), b.stats.dropped)
	}
}

func TestNobodyListeningCostsNoDelayLater(t *testing.T) {
	pcm := voice.Make(8000*3, 8000, 11)
	list := stream(pcm, 0)
	b := newJitterBuffer()
	d := pcmu()
	start := time.Unix(1000, 0)
	for len(list) > 0 && list[0].at < time.Second { // parked
		b.put(list[0].h, list[0].b, d, start.Add(list[0].at))
		list = list[1:]
	}
	for i := range list {
		list[i].at -= time.Second
	}
	start = start.Add(time.Second)
	out := play2(b, list, d, start)
	dB, lag := voice.SNR(pcm[8000+1600:8000+3600], out[1600:], 800)
	if dB < 25 || lag > 400 {
		t.Errorf("%.1f dB, %d samples behind", dB, lag)
	}
}

// pcmu is the format of a stream of PCMU.
func pcmu() *format {
	d, _ := codec.PCMU.NewDecoder()
	return &format{decoder: d, k: 1, scale: 1, clock: 8000}
}

func play2(b *jitterBuffer, list []arrival, d *format, start time.Time) (out []int16) {
	for now := time.Duration(0); len(list) > 0; now += 10 * time.Millisecond {
		for len(list) > 0 && list[0].at <= now {
			b.put(list[0].h, list[0].b, d, start.Add(list[0].at))
			list = list[1:]
		}
		var part [step]int16
		b.pull(part[:], start.Add(now))
		out = append(out, part[:]...)
	}
	return out
}

// Any packets at all: the buffer stays within its bounds, never loops, and
// plays a clean stream that follows.
func FuzzJitterBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Add([]byte("\x00\x00\x01\x00\x00\xa0\xff\xff\xff\xff\xff\xff\x80\x80\x80\x80\x80\x80"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		b := newJitterBuffer()
		d := pcmu()
		now := time.Unix(1000, 0)
		var h header
		var part [step]int16
		for ; len(ops) >= 6; ops = ops[6:] {
			h.sequence += uint16(int8(ops[0]))
			h.timestamp += uint32(int32(int8(ops[1])) << (ops[2] & 31))
			if ops[3] > 250 {
				h.ssrc++
			}
			if ops[3] > 252 {
				h.sequence += uint16(ops[0]) << 8
			}
			now = now.Add(time.Duration(ops[4]) * time.Millisecond / 4)
			b.put(h, make([]byte, int(ops[5])*5), d, now)
			if ops[4]&1 == 0 {
				b.pull(part[:], now)
			}
			if b.count > queueSize || len(b.pcm) > maxMargin+2*codec.MaxSamples {
				t.Fatalf("%d packets, %d samples, %d buffered", b.count, len(b.pcm), b.buffered())
			}
		}
		h.ssrc += 1000
		list := stream(voice.Make(8000, 8000, 1), 0)
		for i := range list {
			list[i].h.ssrc = h.ssrc
		}
		now = now.Add(time.Second)
		out := play2(b, list, d, now)
		if voice.RMS(out[4000:]) < 500 {
			t.Error("a clean stream is not heard afterwards")
		}
	})
}

func BenchmarkJitterPull(b *testing.B) {
	list := stream(voice.Make(8000*10, 8000, 1), 0)
	jb := newJitterBuffer()
	d := pcmu()
	now := time.Unix(1000, 0)
	var part [step]int16
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		a := list[i%len(list)]
		jb.put(header{sequence: uint16(i), timestamp: uint32(i * 160), ssrc: 1}, a.b, d, now)
		jb.pull(part[:], now)
		now = now.Add(10 * time.Millisecond)
		jb.pull(part[:], now)
		now = now.Add(10 * time.Millisecond)
		i++
	}
}
