package demo

import (
	"bytes"
	"io"
	"slices"
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
	m := watchPort(nil)
	for i := 0; (i+1)*sound.Period <= len(ear); i++ {
		m.at = append(m.at, start.Add(time.Duration(i)*period))
	}
	n := len(m.at) * sound.Period
	m.mic, m.ear = append(mic, make([]int16, max(0, n-len(mic)))...)[:n], ear[:n]
	return m
}

// stall makes a monitor whose machine stood still for 400 ms in the middle, and then hurried.
func stall(m *monitor) *monitor {
	n := len(m.at) / 2
	for i := range 40 {
		m.at[n+i] = m.at[n+40]
	}
	return m
}

// torn is a recording with 300 ms missing from every second.
func torn(in []int16) []int16 {
	out := slices.Clone(in)
	for at := sound.Rate / 10; at+sound.Rate*3/10 <= len(out); at += sound.Rate {
		clear(out[at : at+sound.Rate*3/10])
	}
	return out
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

// What a stall hides is not claimed while it can be judged again, but at last it is.
func TestSpeechHiddenByAStallIsJudgedAgain(t *testing.T) {
	start, end := time.Unix(1000, 0), time.Unix(1003, 0)
	ours := said(t, "handset")[:3*sound.Rate]
	deaf := feed(start, ours, make([]int16, len(ours)))
	k := &checks{out: io.Discard}
	if !k.same("", deaf, deaf, start, end, time.Second, true) || k.failed != 1 {
		t.Error("no stall: judged at once")
	}
	if k.same("", stall(deaf), deaf, start, end, time.Second, true) || k.total != 1 {
		t.Error("a stall: to be judged again")
	}
	if !k.same("", deaf, deaf, start, end, time.Second, false) || k.failed != 2 {
		t.Error("the last time: judged")
	}
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
		{"nothing recorded is not silent", false, func(c *checks) { c.silent(watchPort(nil), "", nothing, start, end) }},
		{"our speech comes back", true, func(c *checks) {
			m := feed(start, ours, late)
			c.same("", m, m, start, end, time.Second, false)
		}},
		{"another voice comes back", false, func(c *checks) {
			m := feed(start, ours, theirs)
			c.same("", m, m, start, end, time.Second, false)
		}},
		{"nothing comes back", false, func(c *checks) {
			m := feed(start, ours, quiet)
			c.same("", m, m, start, end, time.Second, false)
		}},
		{"torn dial tone, on a machine that stood still", true, func(c *checks) {
			c.heard(stall(feed(start, nil, append(sing(tone.Dial, 2*span/3), quiet[:sound.Rate]...))), tone.Dial, start, end, 0.9)
		}},
		{"no dial tone, on a machine that stood still", false, func(c *checks) { c.heard(stall(feed(start, nil, quiet)), tone.Dial, start, end, 0.9) }},
		{"torn speech, on a machine that stood still", true, func(c *checks) {
			m := stall(feed(start, ours, torn(late)))
			c.same("", m, m, start, end, time.Second, false)
		}},
		{"another voice, on a machine that stood still", false, func(c *checks) {
			m := stall(feed(start, ours, theirs))
			c.same("", m, m, start, end, time.Second, false)
		}},
		{"nothing comes back, on a machine that stood still", false, func(c *checks) {
			m := stall(feed(start, ours, quiet))
			c.same("", m, m, start, end, time.Second, false)
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
