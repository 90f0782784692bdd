package figures

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// The plot: a group of marks per row, one per column, each with its interval.
const (
	left, top, bottom = 70.0, 60.0, 110.0
	height            = 300.0 // of the field
	group             = 56.0  // width of a row's
)

var colours = []string{"#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#97266d", "#4a5568"}

// SVG draws it. Two columns or more are told apart by colour and by place.
func (f Figure) SVG(w io.Writer) error {
	low, high := f.extent()
	ticks := scale(low, high)
	low, high = min(low, ticks[0]), max(high, ticks[len(ticks)-1])
	y := func(v float64) float64 { return top + height*(high-v)/(high-low) }
	width := left + group*float64(len(f.Rows)) + 20
	width = max(width, left+130*float64(len(f.Columns)), left+7*float64(len(f.Title)))

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" font-family="sans-serif" font-size="11">`+"\n", width, top+height+bottom)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	fmt.Fprintf(&b, `<text x="%.0f" y="18" font-size="14">%s</text>`+"\n", left, html.EscapeString(f.Title))
	for _, t := range ticks {
		fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%g</text>`+"\n", left, y(t), width-10, left-6, y(t)+4, round(t))
	}
	for i, row := range f.Rows {
		x := left + group*(float64(i)+0.5)
		fmt.Fprintf(&b, `<text transform="translate(%.1f %.1f) rotate(-40)" text-anchor="end">%s</text>`+"\n", x, top+height+16, html.EscapeString(row))
	}
	for n, c := range f.Columns {
		colour := colours[n%len(colours)]
		fmt.Fprintf(&b, `<g stroke="%s" fill="%s"><circle cx="%.1f" cy="36" r="4"/><text x="%.1f" y="40" stroke="none">%s</text>`+"\n",
			colour, colour, left+6+130*float64(n), left+14+130*float64(n), html.EscapeString(c.Name))
		for i := range f.Rows {
			v := c.at(i)
			if math.IsNaN(v.Mean) {
				continue
			}
			x := left + group*(float64(i)+(float64(n)+1)/(float64(len(f.Columns))+1))
			fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1f" stroke-width="2"/><circle cx="%.1f" cy="%.1f" r="4"/>`+"\n", x, y(v.Low()), y(v.High()), x, y(v.Mean))
		}
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// extent is from the least to the most that has to be shown.
func (f Figure) extent() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, c := range f.Columns {
		for i := range f.Rows {
			if v := c.at(i); !math.IsNaN(v.Mean) {
				low, high = min(low, v.Low()), max(high, v.High())
			}
		}
	}
	if low > high {
		return 0, 1
	}
	if high-low < 1e-9 {
		return low - 0.5, high + 0.5
	}
	return low, high
}

// scale gives 4 to 11 round values around a range: multiples of 1, 2 or 5 times a power of ten.
func scale(low, high float64) (ticks []float64) {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, m := range []float64{5, 2, 1} {
		if (high-low)/(m*step) >= 4 {
			step *= m
			break
		}
	}
	for v := math.Floor(low/step) * step; ; v += step {
		ticks = append(ticks, v)
		if v >= high-step*1e-6 {
			return ticks
		}
	}
}

// round takes off what binary fractions leave behind.
func round(v float64) float64 { return math.Round(v*1e9) / 1e9 }
