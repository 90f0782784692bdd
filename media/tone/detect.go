package tone

import (
	"math"
	"slices"
	"time"
)

// Found is a tone found in a recording.
type Found struct {
	Tone       Tone
	Start, End time.Duration // from the beginning of the recording; to about 10 ms
	Level      float64       // of the sounding parts, dBFS (0 = full-scale sine)
	Bursts     int           // how many times it sounded between Start and End
}

// Detection works on windows of 25 ms, one every 10 ms: long enough to part the
// DTMF rows (73 Hz apart), short enough to time a cadence.
const (
	window = 25 * time.Millisecond
	hop    = 10 * time.Millisecond

	// explained is the share of a window's power that must be at a tone's
	// frequencies. A sine that fills the part q of a window has the share q, so
	// a run of windows begins and ends (explained-1/2) windows inside the sound.
	explained = 0.7
	inset     = time.Duration((explained - 0.5) * float64(window))

	// Where notes follow each other within a burst, a window that sees half of
	// each has only half of its power at their frequencies.
	explainedInTurn = 0.45

	floorDBFS = -50 // quieter is silence
	tolerance = 0.15
	slack     = 35 * time.Millisecond // on top, for the grain of the windows
)

// Detect finds the tones of a plan (nil: Default) and DTMF in mono samples of
// the given rate (4 kHz or more), in order of time. Tones of the same
// frequencies are told apart by cadence; a single burst with no silence of the
// right length behind it counts as the tone without cadence. Tones mixed with
// speech or with each other, and sounds shorter than 20 ms such as the key
// click, are not found.
func Detect(plan Plan, samples []int16, rate int) []Found {
	if rate < 4000 {
		return nil
	}
	chords := plan.chords()
	var found []Found
	bursts := findBursts(chords, samples, rate)
	end := at(len(samples), rate)
	for i := 0; i < len(bursts); {
		f, used := chords[bursts[i].chord].name(bursts[i:], end)
		i += used
		if f.Tone != None {
			found = append(found, f)
		}
	}
	return found
}

// Digits returns the DTMF digits among the tones found, in order.
func Digits(found []Found) string {
	var s []byte
	for _, f := range found {
		if d, ok := f.Tone.Digit(); ok {
			s = append(s, d)
		}
	}
	return string(s)
}

// spectrum is the sound of one or more tones: what sounds together, or in turn
// within one burst (the notes of the ringer).
type spectrum struct {
	hz       []float64
	together bool // all components at once, not in turn
	tones    []timing
}

// timing is a tone as a row of bursts and pauses.
type timing struct {
	tone  Tone
	parts []time.Duration // burst, pause, burst, …; 0: without end
	once  bool
}

// chords lists the distinct sounds of a plan, DTMF included.
func (p Plan) chords() []spectrum {
	var all []spectrum
	add := func(t Tone) {
		pat, ok := p.pattern(t)
		if !ok {
			return
		}
		s := spectrum{together: true}
		tm := timing{tone: t, once: pat.Once}
		sounding := false
		for _, step := range pat.Steps {
			var hz []float64
			for _, c := range step.Sound {
				hz = append(hz, c.Hz)
			}
			if len(hz) > 0 && len(s.hz) > 0 && !slices.Equal(s.hz, hz) {
				s.together = false
			}
			for _, f := range hz {
				if !slices.Contains(s.hz, f) {
					s.hz = append(s.hz, f)
				}
			}
			if on := len(hz) > 0; on == sounding && len(tm.parts) > 0 {
				tm.parts[len(tm.parts)-1] += step.For
			} else if on || len(tm.parts) > 0 { // a leading pause cannot be seen
				tm.parts = append(tm.parts, step.For)
				sounding = on
			}
		}
		if len(s.hz) == 0 {
			return
		}
		for i := range all {
			if slices.Equal(all[i].hz, s.hz) && all[i].together == s.together {
				all[i].tones = append(all[i].tones, tm)
				return
			}
		}
		s.tones = []timing{tm}
		all = append(all, s)
	}
	for t := None + 1; t < named; t++ {
		add(t)
	}
	for _, line := range keys {
		for _, d := range line {
			add(DTMF(byte(d)))
		}
	}
	return all
}

// burst is an unbroken stretch of one sound.
type burst struct {
	chord      int
	start, end time.Duration
	power      float64 // mean square
	windows    int
}

// findBursts runs along the samples and joins windows of the same sound.
func findBursts(chords []spectrum, samples []int16, rate int) []burst {
	size, step := count(window, rate), count(hop, rate)
	// Each frequency is measured once per window, however many tones share it.
	power := map[float64]float64{}
	for _, c := range chords {
		for _, f := range c.hz {
			power[f] = 0
		}
	}
	var bursts []burst
	current := -1
	for from := 0; from+size <= len(samples); from += step {
		w := samples[from : from+size]
		total := meanSquare(w)
		best := -1
		if 10*math.Log10(total/fullScale+1e-12) > floorDBFS {
			for f := range power {
				power[f] = Goertzel(w, rate, f)
			}
			best = match(chords, power, total)
		}
		centre := at(from+size/2, rate)
		switch {
		case best < 0:
		case best == current:
			b := &bursts[len(bursts)-1]
			b.end = centre + inset
			b.power += total
			b.windows++
		default:
			bursts = append(bursts, burst{best, max(0, centre-inset), centre + inset, total, 1})
		}
		current = best
	}
	return bursts
}

// match returns the chord that explains a window best, or -1.
func match(chords []spectrum, power map[float64]float64, total float64) int {
	best, most := -1, 0.0
	for i, c := range chords {
		sum, least, largest := 0.0, math.Inf(1), 0.0
		for _, f := range c.hz {
			p := power[f]
			sum += p
			least, largest = min(least, p), max(largest, p)
		}
		if c.together && least < largest/10 {
			continue // a pair has both of its tones, at most 10 dB apart
		}
		need := explained
		if !c.together {
			need = explainedInTurn
		}
		if share := sum / total; share >= max(need, most) {
			best, most = i, share
		}
	}
	return best
}

// name finds the tone whose cadence fits the most of the coming bursts, and
// says how many bursts it covers (at least one).
func (s *spectrum) name(bursts []burst, end time.Duration) (Found, int) {
	best, used, score := None, 1, -1
	for _, tm := range s.tones {
		if n, sc := tm.fit(bursts, end); sc > score {
			best, used, score = tm.tone, n, sc
		}
	}
	f := Found{Tone: best, Start: bursts[0].start, End: bursts[used-1].end, Bursts: used}
	sum, n := 0.0, 0
	for _, b := range bursts[:used] {
		sum += b.power
		n += b.windows
	}
	f.Level = 10 * math.Log10(sum/float64(n)/fullScale)
	return f, used
}

// fit counts how many bursts follow this cadence and how much of it was seen:
// nothing (-1), a sound without end (0), or the number of bursts and pauses
// that had the right length.
func (tm *timing) fit(bursts []burst, end time.Duration) (used, score int) {
	if tm.parts[0] == 0 {
		return 1, 0
	}
	seen, part := 0, 0
	for i, b := range bursts {
		on := b.end - b.start
		if b.chord != bursts[0].chord {
			break
		}
		exact := near(on, tm.parts[part])
		if !exact && (on > tm.parts[part] || i == 0) {
			break // too long, or nothing to go by
		}
		used++
		if !exact {
			break // cut short: the tone was stopped here
		}
		seen++
		pause := end - b.end
		if i+1 < len(bursts) {
			pause = bursts[i+1].start - b.end
		}
		if part++; part == len(tm.parts) { // a tone played once ends with a burst
			seen++
			break
		}
		want := tm.parts[part]
		last := i+1 == len(bursts) || bursts[i+1].chord != b.chord
		if near(pause, want) || last && pause > want {
			seen++
		}
		if !near(pause, want) {
			break
		}
		if part++; part == len(tm.parts) {
			if tm.once {
				break
			}
			part = 0
		}
	}
	if used == 0 || seen < 2 {
		return 1, -1
	}
	return used, seen
}

func near(got, want time.Duration) bool {
	off := (got - want).Abs()
	return off <= slack+time.Duration(tolerance*float64(want))
}

func at(sample, rate int) time.Duration {
	return time.Duration(int64(sample) * int64(time.Second) / int64(rate))
}

func count(d time.Duration, rate int) int { return int(int64(d) * int64(rate) / int64(time.Second)) }
