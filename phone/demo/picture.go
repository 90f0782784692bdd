package demo

import (
	"bufio"
	"fmt"
	"html"
	"os"
	"strings"
	"time"

	"offhook/media/measure"
)

// The picture's measures, in pixels.
const (
	perSecond = 60.0
	left      = 110
	band      = 90 // height of one band of sound
	row       = 18
)

// picture draws the demonstration as SVG: sound at earpiece and microphone as levels over time, lights as bars, and
// what was done and sent as marks.
func (s *stage) picture(path string) (err error) {
	entries := s.line.all()
	levels := s.me.sound.levels(2)
	if len(entries) == 0 {
		return nil
	}
	start, end := s.line.start, entries[len(entries)-1].at.Add(500*time.Millisecond)
	x := func(t time.Time) float64 { return left + t.Sub(start).Seconds()*perSecond }

	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("drawing the picture: %w", err)
	}
	w := bufio.NewWriter(f)
	defer func() {
		if e := w.Flush(); err == nil {
			err = e
		}
		if e := f.Close(); err == nil {
			err = e
		}
	}()

	names, bars := lightBars(entries, end)
	texts := map[string][]text{}
	height := 60 + 2*(band+20) + len(names)*row
	kinds := []string{"hand", "sip", "display"}
	for _, kind := range kinds {
		lines := 0
		texts[kind], lines = layOut(entries, kind, x)
		height += (lines + 1) * row
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="sans-serif" font-size="11">`+"\n", x(end)+20, height)
	fmt.Fprint(w, `<rect width="100%" height="100%" fill="#fff"/>`+"\n")
	y := 30.0
	for _, b := range []struct {
		name, colour string
		of           func(level) float64
	}{
		{"earpiece", "#2b6cb0", func(l level) float64 { return l.ear }},
		{"microphone", "#2f855a", func(l level) float64 { return l.mic }},
	} {
		label(w, y+band/2, b.name)
		var d strings.Builder
		for _, l := range levels {
			h := (max(l.at0(b.of), -60) + 60) / 60 * band
			fmt.Fprintf(&d, "M%.1f %.1fV%.1f", x(l.at), y+band, y+band-h)
		}
		fmt.Fprintf(w, `<path d="%s" stroke="%s" fill="none"/>`+"\n", d.String(), b.colour)
		y += band + 20
	}
	for _, name := range names {
		label(w, y+12, name)
		for _, b := range bars[name] {
			fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="#d69e2e"/>`+"\n", x(b.from), y+2, x(b.to)-x(b.from), row-4)
		}
		y += row
	}
	y += row
	for _, kind := range kinds {
		label(w, y+12, kind)
		lines := 0
		for _, e := range texts[kind] {
			base := y + float64(e.line)*row + 12
			fmt.Fprintf(w, `<path d="M%.1f 26V%.1f" stroke="#000" stroke-opacity=".15"/><text x="%.1f" y="%.1f">%s</text>`+"\n", e.x, base, e.x+2, base, html.EscapeString(e.text))
			lines = max(lines, e.line+1)
		}
		y += float64(lines+1) * row
	}
	for t := 0; float64(t) < end.Sub(start).Seconds(); t++ {
		fmt.Fprintf(w, `<text x="%.1f" y="16" fill="#666">%d s</text>`+"\n", left+float64(t)*perSecond, t)
	}
	fmt.Fprintln(w, "</svg>")
	return nil
}

// at0 is one of the levels, silence as the bottom of the scale.
func (l level) at0(of func(level) float64) float64 { return max(of(l), measure.Silence) }

// text is a mark of the picture, with its place.
type text struct {
	x    float64
	line int
	text string
}

// layOut places the entries of a kind in as many lines as it takes for none to cover another.
func layOut(entries []entry, kind string, x func(time.Time) float64) (out []text, lines int) {
	const longest, perLetter = 44, 5.8
	var ends []float64 // of the last text in each line
	for _, e := range entries {
		if e.kind != kind {
			continue
		}
		t := text{x: x(e.at), text: strings.TrimSpace(e.text)}
		if len(t.text) > longest {
			t.text = t.text[:longest] + "…"
		}
		for t.line < len(ends) && ends[t.line] > t.x {
			t.line++
		}
		if t.line == len(ends) {
			ends = append(ends, 0)
		}
		ends[t.line] = t.x + float64(len(t.text))*perLetter + 8
		out = append(out, t)
	}
	return out, len(ends)
}

func label(w *bufio.Writer, y float64, text string) {
	fmt.Fprintf(w, `<text x="8" y="%.1f" font-weight="bold">%s</text>`+"\n", y, html.EscapeString(text))
}

type bar struct{ from, to time.Time }

// lightBars turns "mute on", "mute off" into spans.
func lightBars(entries []entry, end time.Time) (names []string, bars map[string][]bar) {
	bars = map[string][]bar{}
	lit := map[string]time.Time{}
	for _, e := range entries {
		if e.kind != "light" {
			continue
		}
		name, state, _ := strings.Cut(e.text, " ")
		from, on := lit[name]
		switch now := state == "on" || state == "rings"; {
		case now && !on:
			lit[name] = e.at
			if bars[name] == nil {
				names = append(names, name)
				bars[name] = []bar{}
			}
		case !now && on:
			bars[name] = append(bars[name], bar{from, e.at})
			delete(lit, name)
		}
	}
	for name, from := range lit {
		bars[name] = append(bars[name], bar{from, end})
	}
	return names, bars
}
