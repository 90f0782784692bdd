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
	c.claim(len(found) == 1 && part >= share, "%s tone at the earpiece for %.0f %% of %d ms, at %.1f dBFS (heard: %v)",
		want, 100*part, to.Sub(from).Milliseconds(), got.Level, names)
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

// same claims that what was said into one microphone came out of an earpiece.
func (c *checks) same(what string, from, to *monitor, begin, end time.Time, lag time.Duration) {
	mic, _ := from.span(begin, end)
	_, ear := to.span(begin, end)
	m := measure.Speech(narrow(mic), narrow(ear), 8000, lag)
	c.claim(m.Windows > 0 && m.Similarity >= speechLike && m.Lag <= lag,
		"%s: similarity %.2f in %d windows of 400 ms, %d ms later, spoken at %.0f dBFS, heard at %.0f dBFS",
		what, m.Similarity, m.Windows, m.Lag.Milliseconds(), measure.Level(mic), measure.Level(ear))
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
