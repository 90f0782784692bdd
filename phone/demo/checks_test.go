package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"offhook/media/resample"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/media/wav"
)

// feed makes a monitor that has heard these sounds, a period every 10 ms from start on.
func feed(start time.Time, mic, ear []int16) *monitor {
	m := watch(nil)
	for i := 0; (i+1)*sound.Period <= len(ear); i++ {
		m.at = append(m.at, start.Add(time.Duration(i)*period))
	}
	n := len(m.at) * sound.Period
	m.mic, m.ear = append(mic, make([]int16, max(0, n-len(mic)))...)[:n], ear[:n]
	return m
}

func sing(t tone.Tone, d time.Duration) []int16 {
	var g tone.Generator
	g.Set(t)
	out := make([]int16, int(d.Seconds()*sound.Rate))
	for i := 0; i+sound.Period <= len(out); i += sound.Period {
		g.Fill(out[i : i+sound.Period])
	}
	return out
}

// said is one of the recordings at 48 kHz.
func said(t *testing.T, who string) []int16 {
	t.Helper()
	data, err := speech.ReadFile("speech/" + who + ".wav")
	if err != nil {
		t.Fatal(err)
	}
	r, err := wav.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	in := make([]int16, 1<<20)
	n, err := r.Read(in)
	if n == 0 {
		t.Fatal(err)
	}
	up, err := resample.New(8000, sound.Rate)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 6*n)
	return out[:up.Process(out, in[:n])]
}

// Each check holds for what it claims and fails for what it does not: a demonstration that can't fail shows nothing.
func TestChecksHoldAndFail(t *testing.T) {
	start := time.Unix(1000, 0)
	span := 3 * time.Second
	end := start.Add(span)
	ours, theirs := said(t, "handset")[:3*sound.Rate], said(t, "caller")[:3*sound.Rate]
	late := append(make([]int16, sound.Rate/10), ours...)
	quiet := make([]int16, len(ours))
	for _, c := range []struct {
		name  string
		holds bool
		claim func(c *checks)
	}{
		{"dial tone is dial tone", true, func(c *checks) {
			c.heard(feed(start, nil, sing(tone.Dial, span)), tone.Dial, start, end, 0.9)
		}},
		{"busy tone is not dial tone", false, func(c *checks) {
			c.heard(feed(start, nil, sing(tone.Busy, span)), tone.Dial, start, end, 0.9)
		}},
		{"dial tone for a third of the time", false, func(c *checks) {
			c.heard(feed(start, nil, append(sing(tone.Dial, span/3), quiet...)), tone.Dial, start, end, 0.9)
		}},
		{"silence is no dial tone", false, func(c *checks) { c.heard(feed(start, nil, quiet), tone.Dial, start, end, 0.9) }},
		{"silence is silent", true, func(c *checks) { c.silent(feed(start, nil, quiet), "", nothing, start, end) }},
		{"speech is not silent", false, func(c *checks) { c.silent(feed(start, nil, ours), "", codedOff, start, end) }},
		{"nothing recorded is not silent", false, func(c *checks) { c.silent(watch(nil), "", nothing, start, end) }},
		{"our speech comes back", true, func(c *checks) {
			m := feed(start, ours, late)
			c.same("", m, m, start, end, time.Second)
		}},
		{"another voice comes back", false, func(c *checks) {
			m := feed(start, ours, theirs)
			c.same("", m, m, start, end, time.Second)
		}},
		{"nothing comes back", false, func(c *checks) {
			m := feed(start, ours, quiet)
			c.same("", m, m, start, end, time.Second)
		}},
		{"in time", true, func(c *checks) { c.within("", start, start.Add(time.Millisecond), true, time.Second) }},
		{"too late", false, func(c *checks) { c.within("", start, end, true, time.Second) }},
		{"before its cause", false, func(c *checks) { c.within("", end, start, true, time.Second) }},
		{"never", false, func(c *checks) { c.within("", start, start, false, time.Second) }},
	} {
		var out strings.Builder
		k := &checks{out: &out}
		c.claim(k)
		if k.total != 1 || (k.failed == 0) != c.holds {
			t.Errorf("%s: holds %t, want %t: %s", c.name, k.failed == 0, c.holds, out.String())
		}
	}
}
