//go:build peers && linux

package interop

import (
	"flag"
	"fmt"
	"math"
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
	mixTurns = flag.Int("mix-turns", 3, "callers that speak, one after the other, at each number of calls of BenchmarkMixBesideOthers")
	mixTurn  = flag.Duration("mix-turn", 4*time.Second, "how long each of them speaks")
	mixPhone = flag.String("mix-phone", "", "the only phone of BenchmarkMixBesideOthers")
)

// mixed are the numbers of calls at once; 20 and 48 are about the most that baresip and linphone can.
var mixed = []int{1, 10, 20, 48, 50}

// mixing is what was found while one of several callers spoke. NaN is what there was not.
type mixing struct {
	phone, server         float64 // processor seconds a minute: the phone with its sound process; its sound server
	ear, earESTOI         float64 // from the caller's packet to the earpiece, ms
	between, betweenESTOI float64 // from the caller's packet to the packet to another caller, ms
}

// BenchmarkMixBesideOthers gives Offhook, baresip and linphone more and more calls in PCMA, joined into one conference as
// well as each can, and shows what that costs, and how late and how well a caller is heard at the earpiece and by another
// caller. One phone after the other: 50 calls are more than a small machine can carry for several. All is in real time;
// run it with -benchtime 1x.
//
// What they can't, of the versions in Debian 12, stays empty in the tables:
//   - baresip 1.0.0 has no mixer (its module mixminus came later): each call opens the sound device for itself, and the
//     sound server adds them up for the earpiece, while callers don't hear each other. Each takes some 38 file
//     descriptors for ALSA's way to PipeWire, and its main loop has room for 1024 ("fd_listen: … Max 1024 fds"): one of
//     the calls from the 26th to the 29th is refused with 500.
//   - linphone 5.1.65 ends itself when it joins the 49th call ("No more free pin in mixer filter").
func BenchmarkMixBesideOthers(b *testing.B) {
	for b.Loop() {
		found := map[string]map[int][]mixing{}
		var all []int16
		for n, kind := range kinds {
			if !strings.Contains(kind, *mixPhone) {
				continue
			}
			found[kind] = map[int][]mixing{}
			// A lab of its own, which ends before the next: a phone that is still there costs.
			l := besideLab(b, false)
			if all == nil {
				all = l.speech()
			}
			mixes(l, l.subject(kind, n), all, found[kind])
			l.close()
		}
		var rows []string
		for _, n := range mixed {
			rows = append(rows, fmt.Sprint(n))
		}
		for _, f := range []struct {
			name, title string
			decimals    int
			value       func(mixing) float64
		}{
			{"mix-cpu", "processor seconds per minute of all calls together, sound process included", 1, func(m mixing) float64 { return m.phone }},
			{"mix-cpu-server", "and of the sound server that it uses, which mixes for baresip", 1, func(m mixing) float64 { return m.server }},
			{"mix-ear", "a caller's packet to earpiece, ms", 0, func(m mixing) float64 { return m.ear }},
			{"mix-ear-estoi", "ESTOI at the earpiece", 3, func(m mixing) float64 { return m.earESTOI }},
			{"mix-between", "a caller's packet to the packet to another caller, ms", 0, func(m mixing) float64 { return m.between }},
			{"mix-between-estoi", "ESTOI in the packets to another caller", 3, func(m mixing) float64 { return m.betweenESTOI }},
		} {
			fig := figures.Figure{Name: f.name, Title: f.title, Of: "calls", Decimals: f.decimals, Rows: rows}
			for _, kind := range kinds {
				col := figures.Column{Name: kind}
				for _, n := range mixed {
					var values []float64
					for _, m := range found[kind][n] {
						if v := f.value(m); !math.IsNaN(v) {
							values = append(values, v)
						}
					}
					col.Values = append(col.Values, measure.IntervalOf(values))
				}
				fig.Columns = append(fig.Columns, col)
			}
			show(b, fig)
		}
	}
}

// mixes gives a phone more and more calls and lets callers speak.
func mixes(l *lab, s *subject, all []int16, found map[int][]mixing) {
	c, w, choir := l.caller(), l.watch(), l.chorus()
	var calls []*spoken
	defer func() {
		var ends sync.WaitGroup
		for _, call := range calls {
			ends.Go(func() { call.end() })
		}
		ends.Wait()
	}()
	for _, n := range mixed {
		for len(calls) < n {
			if len(calls) > 0 {
				s.answersAnother()
			}
			call, err := c.call(s.target, "PCMA")
			if err != nil {
				fmt.Printf("%s takes %d calls and not one more: %v\n", s.kind, len(calls), err)
				return
			}
			calls = append(calls, call)
			choir.join(call)
		}
		if err := s.conference(n); err != nil {
			fmt.Printf("%s does not join %d calls: %v\n", s.kind, n, err)
			return
		}
		time.Sleep(2 * time.Second) // phones settle
		for turn := range *mixTurns {
			m, err := s.turn(w, choir, calls, turn, stretchOf(all, *mixTurn, turn))
			if err != nil {
				fmt.Printf("%s, %d calls, turn %d: %v\n", s.kind, n, turn+1, err)
				continue
			}
			found[n] = append(found[n], m)
		}
		fmt.Printf("%s: %d calls done\n", s.kind, n)
	}
}

// turn lets one caller speak, and listens at the earpiece and to what another caller gets. Where the machine paused it is
// done again once, then counts as it is.
func (s *subject) turn(w *watch, choir *chorus, calls []*spoken, turn int, said []int16) (m mixing, err error) {
	for range 2 {
		begin := time.Now()
		choir.latest()
		if m, err = s.turnOnce(choir, calls, turn, said); err != nil {
			return m, err
		}
		late := max(w.latest(begin), choir.latest())
		if late <= calm {
			break
		}
		fmt.Printf("%s, %d calls: the machine itself paused for %v\n", s.kind, len(calls), late.Round(time.Millisecond))
	}
	return m, nil
}

func (s *subject) turnOnce(choir *chorus, calls []*spoken, turn int, said []int16) (m mixing, err error) {
	narrow := resample.Convert(said, tapeRate, 8000)
	payloads, err := encode(codec.PCMA, narrow)
	if err != nil {
		return m, err
	}
	s.ear.forget()
	for _, call := range calls {
		call.mu.Lock()
		call.packets = nil
		call.mu.Unlock()
	}
	time.Sleep(300 * time.Millisecond) // the tape runs before anyone speaks
	speaker := turn * len(calls) / *mixTurns
	listener := (speaker + len(calls)/2) % len(calls)
	begin, phone, server := time.Now(), cpu(s.process), s.server.cpu()
	origin := choir.say(speaker, payloads)
	length := time.Duration(len(payloads)) * packetTime
	time.Sleep(time.Until(origin.Add(length)))
	minutes := time.Since(begin).Minutes()
	m.phone, m.server = (cpu(s.process)-phone).Seconds()/minutes, (s.server.cpu()-server).Seconds()/minutes

	heard, err := s.ear.at(origin, length+longest)
	if err != nil {
		return m, err
	}
	m.ear, m.earESTOI = heardAs(narrow, resample.Convert(heard, tapeRate, 8000))
	m.between, m.betweenESTOI = math.NaN(), math.NaN()
	if speaker == listener {
		return m, nil
	}
	to := calls[listener]
	to.mu.Lock()
	packets := slices.Clone(to.packets)
	to.mu.Unlock()
	// From a bit later on, so that a packet which was late does not make the sound begin before its time.
	sound, came, err := to.decoded(codec.PCMA, packets, origin.Add(lead/2))
	if err != nil {
		return m, err
	}
	m.between, m.betweenESTOI = heardAs(narrow, narrowed(sound, 8000, max(0, came.Sub(origin))))
	return m, nil
}

// heardAs judges what came of speech after its first second; with no delay where it is not found.
func heardAs(said, heard []int16) (delay, estoi float64) {
	from := int(lead.Seconds() * 8000)
	j := measure.Judge(said[from:], heard[min(from, len(heard)):], 8000, longest)
	if j.Spoilt == 1 {
		return math.NaN(), j.ESTOI
	}
	return ms(j.Delay), j.ESTOI
}
