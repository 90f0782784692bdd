package media

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/media/codec"
	"offhook/media/internal/voice"
	"offhook/media/measure"
	"offhook/media/resample"
	"offhook/media/sound"
)

var (
	qualitySeeds = flag.Int("quality-seeds", 20, "calls for each condition of BenchmarkQuality")
	qualityCodec = flag.String("quality-codec", "", "the only codec of BenchmarkQuality")
)

// weather is what a network does to packets.
type weather struct {
	loss   float64
	burst  float64       // mean packets lost in a row; 1 is random loss
	jitter time.Duration // up to so much beyond the 20 ms that every packet takes
}

func (w weather) String() string {
	return fmt.Sprintf("%2.0f %% lost, runs of %.0f, jitter %2d ms", 100*w.loss, w.burst, w.jitter.Milliseconds())
}

// network delivers by the weather (a model of Gilbert for the losses).
func (w weather) network(to *memConn, rnd *rand.Rand) func([]byte, netip.AddrPort, netip.AddrPort) {
	lost := false
	// The chain loses a share of loss, in runs of a mean length of burst.
	leave := 1 / w.burst
	enter := 0.0
	if w.loss < 1 {
		enter = w.loss * leave / (1 - w.loss)
	}
	return func(b []byte, from, _ netip.AddrPort) {
		switch {
		case w.burst == 1:
			lost = rnd.Float64() < w.loss
		case lost:
			lost = rnd.Float64() >= leave
		default:
			lost = rnd.Float64() < enter
		}
		if lost {
			return
		}
		d := 20 * time.Millisecond
		if w.jitter > 0 {
			d += time.Duration(rnd.Int64N(int64(w.jitter)))
		}
		b = append([]byte(nil), b...)
		time.AfterFunc(d, func() { to.inject(b, from) })
	}
}

// judged is how one call was heard.
type judged struct {
	estoi     float64
	delay     float64 // ms, from mouth to ear, network included
	concealed float64 // share
}

// judge makes a call of 8 s in virtual time and compares what is heard with
// what was said, 2 s at a time and each at its own delay: moving the delay is
// not a fault, what is heard of it is.
func judge(t *testing.T, c codec.Codec, w weather, seed uint64) (j judged) {
	const length = 8
	said := voice.Make(length*sound.Rate, sound.Rate, seed)
	var heard []int16
	synctest.Test(t, func(t *testing.T) {
		a, b, ca, cb := call(t, c, func(p *Params) { p.RTCPMux, p.Fmtp = true, "useinbandfec=1" })
		ca.setDeliver(w.network(cb, rand.New(rand.NewPCG(seed, 1))))
		cb.setDeliver(weather{burst: 1}.network(ca, rand.New(rand.NewPCG(seed, 2))))
		run(length*100, func(i int) {
			a.Push(said[i*sound.Period:][:sound.Period])
			b.Push(nil)
			var p [sound.Period]int16
			b.Pull(p[:])
			drain(a)
			heard = append(heard, p[:]...)
		})
		j.concealed = b.Stats().Concealed.Seconds() / length
	})
	s, h := resample.Convert(said, sound.Rate, 8000), resample.Convert(heard, sound.Rate, 8000)
	var delays []float64
	n := 0
	for from := 2 * 8000; from+2*8000 <= (length-1)*8000; from += 2 * 8000 {
		part := s[from : from+2*8000]
		m := measure.Speech(part, h[from:], 8000, 250*time.Millisecond)
		lag := int(m.Lag.Seconds() * 8000)
		j.estoi += measure.ESTOI(part, h[from+lag:][:min(len(part), len(h)-from-lag)], 8000)
		delays = append(delays, float64(m.Lag.Milliseconds()))
		n++
	}
	slices.Sort(delays)
	j.estoi /= float64(n)
	j.delay = delays[len(delays)/2]
	return j
}

// mean gives the mean and half of its 95 % interval.
func mean(x []float64) (m, half float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	for _, v := range x {
		half += (v - m) * (v - m)
	}
	return m, 1.96 * math.Sqrt(half/float64(max(1, len(x)-1))/float64(len(x)))
}

// BenchmarkQuality prints how speech survives bad networks, by codec: ESTOI and
// delay with their intervals over the seeds, and the share made up. It is no
// measure of time: run it with -benchtime 1x.
func BenchmarkQuality(b *testing.B) {
	var conditions []weather
	for _, loss := range []float64{0, 0.01, 0.03, 0.05, 0.1} {
		conditions = append(conditions, weather{loss, 1, 0})
		if loss > 0 {
			conditions = append(conditions, weather{loss, 3, 0})
		}
	}
	for _, jitter := range []time.Duration{20, 40, 80} {
		conditions = append(conditions, weather{0, 1, jitter * time.Millisecond})
	}
	conditions = append(conditions, weather{0.05, 1, 40 * time.Millisecond})
	for _, name := range []string{"PCMA", "OPUS"} {
		c, err := codec.ByName(name)
		if err != nil || *qualityCodec != "" && *qualityCodec != name {
			continue
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, w := range conditions {
					var estoi, delay, concealed []float64
					for seed := range uint64(*qualitySeeds) {
						// A bubble needs a test, not a benchmark.
						testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "call", F: func(t *testing.T) {
							j := judge(t, c, w, seed+1)
							estoi, delay, concealed = append(estoi, j.estoi), append(delay, j.delay), append(concealed, j.concealed)
						}}})
					}
					e, eh := mean(estoi)
					d, dh := mean(delay)
					m, _ := mean(concealed)
					fmt.Printf("%-5s %s: ESTOI %.3f ±%.3f, delay %3.0f ±%.0f ms, made up %.1f %%\n", name, w, e, eh, d, dh, 100*m)
				}
			}
		})
	}
}

// BenchmarkCalls is the time for a period of n calls on n handsets: what is
// left of 10 ms is for others.
func BenchmarkCalls(b *testing.B) {
	for _, name := range codec.Names() {
		c, _ := codec.ByName(name)
		for _, n := range []int{1, 10, 50} {
			if n > 1 && name != "PCMA" && name != "OPUS" {
				continue
			}
			b.Run(fmt.Sprintf("%s-%d", name, n), func(b *testing.B) {
				var ends []*Endpoint
				for range n {
					e, _ := loopback(b, c)
					ends = append(ends, e)
				}
				mic := periods(64)
				ear := make([]int16, sound.Period)
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					for _, e := range ends {
						e.process(mic[i%64], ear)
					}
					i++
				}
				perPeriod := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(perPeriod*6000/float64(n), "CPU-s/call-min")
				b.ReportMetric(100*perPeriod/0.01, "%core")
			})
		}
	}
}

// BenchmarkConference is the time for a period of a handset with n calls joined.
func BenchmarkConference(b *testing.B) {
	for _, n := range []int{2, MaxJoined + 1} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, s := loopback(b, codec.PCMA)
			e.plan = Plan{Session: s, Play: true, Capture: true}
			for i := range n - 1 {
				_, e.plan.Joined[i] = loopback(b, codec.PCMA)
			}
			mic := periods(64)
			ear := make([]int16, sound.Period)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				e.process(mic[i%64], ear)
				i++
			}
		})
	}
}
