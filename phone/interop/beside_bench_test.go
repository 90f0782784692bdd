//go:build peers && linux

package interop

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/media/codec"
	"offhook/media/measure"
	"offhook/media/resample"
	"offhook/phone/interop/figures"
)

var (
	besideSeeds  = flag.Int("beside-seeds", 20, "calls of each phone in each weather of BenchmarkQualityBesideOthers")
	besideCopies = flag.Int("beside-copies", 4, "copies of each phone that BenchmarkQualityBesideOthers calls at once")
	besideLength = flag.Duration("beside-length", 8*time.Second, "speech in each of its calls")
	besideTries  = flag.Int("beside-tries", 5, "times that a call is made which the machine's own pauses spoilt")
	besideOnly   = flag.String("beside-weather", "", `only weathers whose name has this in it, as "10 %" or "j80"`)
	besideDir    = flag.String("beside-dir", os.Getenv("BENCH_DIR"), "folder for tables (CSV) and plots (SVG); default: $BENCH_DIR; empty: none")
)

// weathers are what speech is sent through.
func weathers() (w []measure.Weather) {
	w = append(w, measure.Weather{})
	for _, loss := range []float64{0.01, 0.03, 0.05, 0.1} {
		w = append(w, measure.Weather{Loss: loss, Burst: 1}, measure.Weather{Loss: loss, Burst: 3})
	}
	for _, j := range []time.Duration{20, 40, 80} {
		w = append(w, measure.Weather{Jitter: j * time.Millisecond})
	}
	w = append(w, measure.Weather{Loss: 0.05, Burst: 1, Jitter: 40 * time.Millisecond}, measure.Weather{Loss: 0.1, Burst: 3, Jitter: 80 * time.Millisecond})
	return slices.DeleteFunc(w, func(w measure.Weather) bool { return !strings.Contains(w.String(), *besideOnly) })
}

const (
	lead    = time.Second            // of a call that is not judged: phones settle
	longest = 700 * time.Millisecond // delay that is looked for
)

// job is one call to be made by each phone.
type job struct{ weather, seed int }

// result is how the call of a phone was heard. Not all are good for something: see calm.
type result struct {
	job
	kind string
	measure.Judgement
	late time.Duration // the longest pause of the machine itself
	err  error
}

// calm is by how much the machine may be late in a call that says something of the phone.
const calm = 20 * time.Millisecond

// BenchmarkQualityBesideOthers calls Offhook, baresip and linphone side by side with the same speech through the same
// traces of packets, each on a sound server of its own, and compares what their earpieces play with what was said. All
// is in real time. It is no measure of time per operation: run it with -benchtime 1x.
func BenchmarkQualityBesideOthers(b *testing.B) {
	for b.Loop() {
		l := besideLab(b, true)
		all, c, w, weathers := l.speech(), l.caller(), l.watch(), weathers()
		var mu sync.Mutex // guards results and left
		results := map[job]map[string]result{}
		left := make([]int, len(weathers))
		start := time.Now()
		done := func(r result) {
			mu.Lock()
			defer mu.Unlock()
			if results[r.job] == nil {
				results[r.job] = map[string]result{}
			}
			results[r.job][r.kind] = r
			if left[r.weather]++; left[r.weather] == len(kinds)**besideSeeds {
				fmt.Printf("%s of %d weathers done: %s\n", time.Since(start).Round(time.Second), len(weathers), weathers[r.weather])
			}
		}
		var workers sync.WaitGroup
		n := 0
		for _, kind := range kinds {
			jobs := make(chan job, len(weathers)**besideSeeds)
			for i := range weathers {
				for seed := range *besideSeeds {
					jobs <- job{i, seed}
				}
			}
			close(jobs)
			for range min(*besideCopies, *besideSeeds) {
				s := l.subject(kind, n)
				n++
				workers.Add(1)
				go func() {
					defer workers.Done()
					for j := range jobs {
						done(s.calmly(c, w, all, weathers[j.weather], j))
					}
				}()
			}
		}
		workers.Wait()
		report(b, weathers, results)
	}
}

// calmly makes a call again while the machine does not let it be judged.
func (s *subject) calmly(c *caller, w *watch, all []int16, weather measure.Weather, j job) (r result) {
	for range *besideTries {
		begin := time.Now()
		r = result{job: j, kind: s.kind}
		r.Judgement, r.late, r.err = s.listen(c, stretchOf(all, *besideLength, j.seed), weather, uint64(j.seed))
		r.late = max(r.late, w.latest(begin))
		time.Sleep(time.Second) // baresip still closes its card
		if r.err == nil && r.late <= calm {
			break
		}
	}
	return r
}

// listen makes one call of a stretch of speech through a weather, and judges what the earpiece played of it. late is by
// how much a packet was sent too late.
func (s *subject) listen(c *caller, said []int16, w measure.Weather, seed uint64) (j measure.Judgement, late time.Duration, err error) {
	narrow := resample.Convert(said, 48000, 8000)
	payloads, err := encode(codec.PCMA, narrow)
	if err != nil {
		return j, 0, err
	}
	s.ear.forget()
	call, err := c.call(s.target, "PCMA")
	if err != nil {
		return j, 0, err
	}
	time.Sleep(300 * time.Millisecond) // before anyone speaks
	call.says(payloads, w.Trace(len(payloads), 25, packetTime, seed), 8000)
	<-call.sent
	heard, err := s.ear.at(call.origin, time.Duration(len(payloads))*packetTime+longest)
	if failed := call.end(); err == nil {
		err = failed
	}
	if err != nil {
		return j, 0, err
	}
	from := int(lead.Seconds() * 8000)
	return measure.Judge(narrow[from:], resample.Convert(heard, 48000, 8000)[from:], 8000, longest), call.late, nil
}

// report shows what came of it all.
func report(b *testing.B, weathers []measure.Weather, results map[job]map[string]result) {
	b.Helper()
	const of = "loss, jitter"
	var rows []string
	for _, w := range weathers {
		rows = append(rows, w.String())
	}
	estoi := func(r result) float64 { return r.ESTOI }
	delay := func(r result) float64 { return 1000 * r.Delay.Seconds() }
	for _, f := range []struct {
		name, title string
		decimals    int
		value       func(result) float64
		others      bool // ours against each of the others, call by call
	}{
		{"quality-estoi", "ESTOI of speech in PCMA at the earpiece (1: as said)", 3, estoi, false},
		{"quality-delay", "delay, packet due to earpiece, ms", 0, delay, false},
		{"quality-late", "95th percentile of that delay within a call, ms", 0, func(r result) float64 { return 1000 * r.Late.Seconds() }, false},
		{"quality-spoilt", "frames of speech lost or made up in vain, %", 1, func(r result) float64 { return 100 * r.Spoilt }, false},
		{"quality-steps", "changes of the delay by more than 4 ms in a call", 1, func(r result) float64 { return float64(r.Steps) }, false},
		{"quality-estoi-beside", "ESTOI: by how much offhook is better, the same call compared", 3, estoi, true},
		{"quality-delay-beside", "delay: by how many ms offhook is later, the same call compared", 0, delay, true},
	} {
		fig := figures.Figure{Name: f.name, Title: f.title, Of: of, Decimals: f.decimals, Rows: rows}
		for _, kind := range kinds {
			if f.others && kind == kinds[0] {
				continue
			}
			col := figures.Column{Name: kind}
			for w := range weathers {
				var values []float64
				for seed := range *besideSeeds {
					r, ok := results[job{w, seed}][kind]
					ours := results[job{w, seed}][kinds[0]]
					switch {
					case !ok || r.err != nil || r.late > calm:
					case !f.others:
						values = append(values, f.value(r))
					case ours.err == nil && ours.late <= calm:
						values = append(values, f.value(ours)-f.value(r))
					}
				}
				col.Values = append(col.Values, measure.IntervalOf(values))
			}
			fig.Columns = append(fig.Columns, col)
		}
		show(b, fig)
	}
	raw(b, weathers, results)
}

// raw writes all calls, and says which were good for nothing.
func raw(b *testing.B, weathers []measure.Weather, results map[job]map[string]result) {
	b.Helper()
	lines := [][]string{{"phone", "weather", "seed", "estoi", "delay ms", "late ms", "spoilt", "steps", "pause of the machine ms", "error"}}
	dropped := map[string]int{}
	for w := range weathers {
		for seed := range *besideSeeds {
			for _, kind := range kinds {
				r := results[job{w, seed}][kind]
				text := ""
				if r.err != nil {
					text = r.err.Error()
				}
				if r.err != nil || r.late > calm {
					dropped[kind]++
				}
				lines = append(lines, []string{kind, weathers[w].String(), fmt.Sprint(seed), fmt.Sprintf("%.4f", r.ESTOI), fmt.Sprint(r.Delay.Milliseconds()),
					fmt.Sprint(r.Late.Milliseconds()), fmt.Sprintf("%.4f", r.Spoilt), fmt.Sprint(r.Steps), fmt.Sprint(r.late.Milliseconds()), text})
				if r.err != nil {
					fmt.Printf("%s, %s, seed %d: %v\n", kind, weathers[w], seed, r.err)
				}
			}
		}
	}
	for _, kind := range kinds {
		if n := dropped[kind]; n > 0 {
			fmt.Printf("%s: %d of %d calls are left out, since the machine itself paused for more than %v in each of %d tries\n", kind, n, len(results), calm, *besideTries)
		}
	}
	if *besideDir == "" {
		return
	}
	f, err := os.Create(filepath.Join(*besideDir, "quality-calls.csv"))
	if err != nil {
		b.Error(err)
		return
	}
	defer f.Close()
	if err := csv.NewWriter(f).WriteAll(lines); err != nil {
		b.Error(err)
	}
}
