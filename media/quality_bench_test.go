package media

import (
	"flag"
	"fmt"
	"net/netip"
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

// network delivers packets as a trace says. Every packet takes 20 ms at least.
func network(to *memConn, trace []measure.Fate) func([]byte, netip.AddrPort, netip.AddrPort) {
	sent := 0
	return func(b []byte, from, _ netip.AddrPort) {
		fate := measure.Fate{}
		if b[1]&0x7f < 64 || b[1]&0x7f > 95 { // reports, which share the port (RFC 5761), all arrive
			fate = trace[min(sent, len(trace)-1)]
			sent++
		}
		if fate.Lost {
			return
		}
		b = append([]byte(nil), b...)
		time.AfterFunc(20*time.Millisecond+fate.Delay, func() { to.inject(b, from) })
	}
}

// judged is how one call was heard.
type judged struct {
	measure.Judgement
	concealed float64 // share
}

// judge makes a call of 10 s in virtual time and compares what is heard with
// what was said, from its second second on.
func judge(t *testing.T, c codec.Codec, w measure.Weather, seed uint64) (j judged) {
	const length, begin = 10, 1
	said := voice.Make(length*sound.Rate, sound.Rate, seed)
	var heard []int16
	synctest.Test(t, func(t *testing.T) {
		a, b, ca, cb := call(t, c, func(p *Params) { p.RTCPMux, p.Fmtp = true, "useinbandfec=1" })
		ca.setDeliver(network(cb, w.Trace(length*50, 25, 20*time.Millisecond, seed)))
		cb.setDeliver(network(ca, make([]measure.Fate, 1)))
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
	j.Judgement = measure.Judge(s[begin*8000:(length-1)*8000], h[begin*8000:], 8000, 250*time.Millisecond)
	return j
}

// BenchmarkQuality prints how speech survives bad networks, by codec and in
// virtual time: ESTOI, delay and the share of speech that was spoilt, with their
// intervals over the seeds, and the share that was made up. It is no
// measure of time: run it with -benchtime 1x.
func BenchmarkQuality(b *testing.B) {
	conditions := []measure.Weather{{}}
	for _, loss := range []float64{0.01, 0.03, 0.05, 0.1} {
		conditions = append(conditions, measure.Weather{Loss: loss, Burst: 1}, measure.Weather{Loss: loss, Burst: 3})
	}
	for _, jitter := range []time.Duration{20, 40, 80} {
		conditions = append(conditions, measure.Weather{Jitter: jitter * time.Millisecond})
	}
	conditions = append(conditions, measure.Weather{Loss: 0.05, Burst: 1, Jitter: 40 * time.Millisecond}, measure.Weather{Loss: 0.1, Burst: 3, Jitter: 80 * time.Millisecond})
	for _, name := range []string{"PCMA", "OPUS"} {
		c, err := codec.ByName(name)
		if err != nil || *qualityCodec != "" && *qualityCodec != name {
			continue
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, w := range conditions {
					var estoi, delay, spoilt, concealed []float64
					for seed := range uint64(*qualitySeeds) {
						// A bubble needs a test, not a benchmark.
						testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "call", F: func(t *testing.T) {
							j := judge(t, c, w, seed+1)
							estoi, delay = append(estoi, j.ESTOI), append(delay, 1000*j.Delay.Seconds())
							spoilt, concealed = append(spoilt, 100*j.Spoilt), append(concealed, 100*j.concealed)
						}}})
					}
					fmt.Printf("%-5s %-15s ESTOI %s, delay %s ms, spoilt %s %%, made up %s %%\n", name, w, measure.IntervalOf(estoi).Text(3),
						measure.IntervalOf(delay).Text(0), measure.IntervalOf(spoilt).Text(1), measure.IntervalOf(concealed).Text(1))
				}
			}
		})
	}
}

// BenchmarkCalls is what n calls on n handsets cost, packets sent and received included: processor time per minute of a
// call, the part of one core, and how long a period takes at the median and in the worst of a hundred cases. So much later
// is the last of the calls served than the first; what is left of 10 ms is for others.
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
				took := make([]float64, 0, 1<<16)
				b.ReportAllocs()
				spent := cpuTime()
				for b.Loop() {
					begin := time.Now()
					for _, e := range ends {
						e.process(mic[i%64], ear)
					}
					if len(took) < cap(took) {
						took = append(took, 1000*time.Since(begin).Seconds())
					}
					i++
				}
				perPeriod := (cpuTime() - spent).Seconds() / float64(b.N)
				b.ReportMetric(perPeriod*6000/float64(n), "CPU-s/call-min")
				b.ReportMetric(100*perPeriod/0.01, "%core")
				b.ReportMetric(measure.Percentile(took, 0.5), "p50-ms")
				b.ReportMetric(measure.Percentile(took, 0.99), "p99-ms")
			})
		}
	}
}

// BenchmarkConference is the time for a period of a handset with n calls joined.
func BenchmarkConference(b *testing.B) {
	for _, n := range []int{2, 10, 50} {
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
