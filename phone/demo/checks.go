package demo

import (
	"fmt"
	"io"
	"time"

	"offhook/media/measure"
	"offhook/media/sound"
	"offhook/media/tone"
)

// checks counts what was claimed and what held.
type checks struct {
	out    io.Writer
	total  int
	failed int
}

// claim prints a claim with its outcome, and keeps count.
func (c *checks) claim(ok bool, format string, args ...any) {
	c.total++
	mark := "ok  "
	if !ok {
		c.failed++
		mark = "FAIL"
	}
	fmt.Fprintf(c.out, "      %s  %s\n", mark, fmt.Sprintf(format, args...))
}

// Limits of what is shown. A busy machine must not fail a demonstration, so they are far above what is usual: a
// handset lifted gives tone, and a hook is answered, within a few ms; `make bench` measures that.
const (
	liftToTone   = time.Second
	hookToAnswer = time.Second
	inviteToRing = time.Second
	mouthToEar   = 500 * time.Millisecond // to the other end, or to the echo and back
	speechLike   = 0.5                    // other speech stays below 0.4
)

// A machine that is shared may stand still for tenths of a second, and tears whatever sounds just then; that is no fault
// of the phone, and is said. Sound is then judged by the pieces that came through.
const (
	still     = 60 * time.Millisecond // longer is a stall
	tornShare = 0.3                   // of a tone
	tornLag   = time.Second           // of speech
)

// stalls returns the part of a claim that says that the machine stood still, empty when it did not.
func stalls(from, to time.Time, at ...*monitor) string {
	var longest time.Duration
	for _, m := range at {
		longest = max(longest, m.stalled(from, to))
	}
	if longest <= still {
		return ""
	}
	return fmt.Sprintf(" (this machine stood still for %d ms: judged by the pieces that came through)", longest.Milliseconds())
}

// heard claims that a tone, and nothing else, was at the earpiece in a span, sounding for at least share of it.
func (c *checks) heard(m *monitor, want tone.Tone, from, to time.Time, share float64) {
	_, ear := m.span(from, to)
	found := tone.Detect(nil, ear, sound.Rate)
	var names []string
	var got tone.Found
	for _, f := range found {
		names = append(names, f.Tone.String())
		if f.Tone == want {
			got = f
		}
	}
	part := float64(got.End-got.Start) / float64(to.Sub(from))
	torn := stalls(from, to, m)
	if torn != "" {
		share = tornShare
	}
	c.claim(len(found) == 1 && part >= share, "%s tone at the earpiece for %.0f %% of %d ms, at %.1f dBFS (heard: %v)%s",
		want, 100*part, to.Sub(from).Milliseconds(), got.Level, names, torn)
}

// Levels of silence, dBFS: of no sound at all, and of the quietest that A-law can say, whose zero decodes to ±8.
const (
	nothing  = measure.Silence
	codedOff = -70
)

// silent claims that no more than a level was at the earpiece over a span.
func (c *checks) silent(m *monitor, what string, most float64, from, to time.Time) {
	_, ear := m.span(from, to)
	l := measure.Level(ear)
	c.claim(len(ear) > 0 && l <= most, "%s: earpiece silent (%.0f dBFS over %d ms)", what, l, len(ear)/(sound.Rate/1000))
}

// same claims that what was said into one microphone came out of an earpiece. With again it does not claim what a stall
// of the machine hides, but returns false: to be judged later.
func (c *checks) same(what string, from, to *monitor, begin, end time.Time, lag time.Duration, again bool) bool {
	mic, _ := from.span(begin, end)
	_, ear := to.span(begin, end)
	torn := stalls(begin, end, from, to)
	if torn != "" {
		lag = tornLag
	}
	m := measure.Speech(narrow(mic), narrow(ear), 8000, lag)
	good := m.Windows > 0 && m.Similarity >= speechLike || torn != "" && m.Recognised > 0
	if again && torn != "" && !good {
		return false
	}
	c.claim(good && m.Lag <= lag,
		"%s: similarity %.2f, %d of %d windows of 400 ms recognised, %d ms later, spoken at %.0f dBFS, heard at %.0f dBFS%s",
		what, m.Similarity, m.Recognised, m.Windows, m.Lag.Milliseconds(), measure.Level(mic), measure.Level(ear), torn)
	return true
}

// within claims a time between two moments.
func (c *checks) within(what string, from, to time.Time, found bool, limit time.Duration) {
	if !found {
		c.claim(false, "%s: did not happen", what)
		return
	}
	d := to.Sub(from)
	c.claim(d >= 0 && d <= limit, "%s: %.1f ms (limit %d ms)", what, float64(d.Microseconds())/1000, limit.Milliseconds())
}
