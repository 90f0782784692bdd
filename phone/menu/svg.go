package menu

import (
	"bytes"
	"fmt"
	"image/color"
)

// SVG is the icon as a drawing for any size, for menus of programs and lists of them.
func (i Icon) SVG() []byte {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 32 32" fill="none" stroke-linecap="round">` + "\n")
	for _, layer := range drawing(i) {
		// As in Draw: the dark edge of a whole layer is below its inks.
		for _, s := range layer {
			s.svg(&b, edge, edgeWidth)
		}
		for _, s := range layer {
			s.svg(&b, s.ink, 0)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// svg writes the stroke with its radius grown by more. Round caps make a disc of a line without length.
func (s stroke) svg(b *bytes.Buffer, ink color.NRGBA, more float64) {
	fmt.Fprintf(b, `<path d="M%g %gL%g %g" stroke="#%02x%02x%02x" stroke-width="%.3g"/>`+"\n",
		s.x1, s.y1, s.x2, s.y2, ink.R, ink.G, ink.B, 2*(s.radius+more))
}
