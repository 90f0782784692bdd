package menu

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"

	"offhook/phone/control"
)

// Icon is what the tray shows at a glance. Each has a shape of its own, since colours are not seen by all and some
// desktops draw icons in one.
type Icon int

// Icons, from the most pressing.
const (
	Ringing    Icon = iota // a telephone that shakes
	Muted                  // a lifted receiver, struck through
	InCall                 // a lifted receiver
	Problem                // a telephone and an exclamation mark
	Offline                // a telephone crossed out
	NoEntry                // do not disturb: a disc with a bar
	Idle                   // running without a handset: a cradle without receiver
	Registered             // a telephone at rest
)

// Icons are all icons.
func Icons() []Icon {
	return []Icon{Ringing, Muted, InCall, Problem, Offline, NoEntry, Idle, Registered}
}

func (i Icon) String() string {
	return [...]string{"ringing", "muted", "in-call", "problem", "offline", "dnd", "idle", "registered"}[i]
}

func iconOf(s control.Status) Icon {
	switch s.State {
	case control.StateRinging:
		return Ringing
	case control.StateDialing, control.StateTalking, control.StateHeld:
		if s.Muted {
			return Muted
		}
		return InCall
	case control.StateOffline:
		return Offline
	}
	for _, a := range s.Accounts {
		if a.State == control.AccountFailed {
			return Problem
		}
	}
	for _, h := range s.Handsets {
		if h.Error != "" {
			return Problem
		}
	}
	switch {
	case s.DND:
		return NoEntry
	case s.State == control.StateNoHandset:
		return Idle
	}
	return Registered
}

// stroke is a thick line between two points with round ends, or a disc when they are one; a drawing is a list of them.
// Coordinates and radii are in 32nds of the icon's side, from the top left.
type stroke struct {
	x1, y1, x2, y2, radius float64
	ink                    color.NRGBA
}

var (
	light = color.NRGBA{0xf4, 0xf4, 0xf4, 0xff}
	green = color.NRGBA{0x5f, 0xd3, 0x7a, 0xff}
	amber = color.NRGBA{0xff, 0xb6, 0x3d, 0xff}
	red   = color.NRGBA{0xf0, 0x5b, 0x5b, 0xff}
	grey  = color.NRGBA{0xa8, 0xa8, 0xa8, 0xff}
	edge  = color.NRGBA{0x20, 0x20, 0x20, 0xff} // around all inks, so that the icon stands out from any panel
)

// base is a telephone without its receiver.
func base(ink color.NRGBA) []stroke {
	return []stroke{
		{9, 26, 23, 26, 3.2, ink},
		{12, 20, 20, 20, 3.6, ink},
		{11, 22, 21, 22, 3.6, ink},
	}
}

// receiver is lying on its cradle, moved up by lift.
func receiver(ink color.NRGBA, lift float64) []stroke {
	y := 9 - lift
	return []stroke{
		{6, y + 1, 11, y - 1, 2.2, ink},
		{11, y - 1, 21, y - 1, 2.2, ink},
		{21, y - 1, 26, y + 1, 2.2, ink},
		{5.5, y + 3, 8.5, y + 3, 2.8, ink},
		{23.5, y + 3, 26.5, y + 3, 2.8, ink},
	}
}

// lifted is a receiver at the ear.
func lifted(ink color.NRGBA) []stroke {
	return []stroke{
		{9, 8, 10, 14, 3, ink},
		{10, 14, 18, 22, 3, ink},
		{18, 22, 24, 23, 3, ink},
		{8.5, 6.5, 12, 8, 3.4, ink},
		{24, 20, 25.5, 23.5, 3.4, ink},
	}
}

func drawing(i Icon) [][]stroke {
	switch i {
	case Ringing:
		return [][]stroke{
			base(amber), receiver(amber, 3.5),
			{{2.5, 15, 2.5, 21, 1.3, amber}, {6, 16.5, 6, 19.5, 1.2, amber}},
			{{29.5, 15, 29.5, 21, 1.3, amber}, {26, 16.5, 26, 19.5, 1.2, amber}},
		}
	case Muted:
		return [][]stroke{lifted(green), {{5, 27, 27, 5, 2, red}}}
	case InCall:
		return [][]stroke{lifted(green)}
	case Problem:
		return [][]stroke{base(light), receiver(light, 0), {{25, 11, 25, 19.5, 2.4, amber}, {25, 27.5, 25, 27.5, 2.5, amber}}}
	case Offline:
		return [][]stroke{base(grey), receiver(grey, 0), {{5, 5, 27, 27, 2, red}, {5, 27, 27, 5, 2, red}}}
	case NoEntry:
		return [][]stroke{{{16, 16, 16, 16, 12.5, red}}, {{10, 16, 22, 16, 2.2, light}}}
	case Idle:
		return [][]stroke{base(light)}
	default:
		return [][]stroke{base(light), receiver(light, 0)}
	}
}

// edgeWidth is the dark line around each layer of a drawing, in 32nds.
const edgeWidth = 1.3

// Draw renders the icon as a square of size pixels. Later layers cover earlier ones, each with a dark edge.
func (i Icon) Draw(size int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	scale := 32 / float64(size)
	for y := range size {
		for x := range size {
			px, py := (float64(x)+0.5)*scale, (float64(y)+0.5)*scale
			var out blend
			for _, layer := range drawing(i) {
				nearest, ink := math.Inf(1), color.NRGBA{}
				for _, s := range layer {
					if d := s.distance(px, py); d < nearest {
						nearest, ink = d, s.ink
					}
				}
				// One pixel of soft border stands for the part of the pixel that is covered.
				out.over(edge, coverage((nearest-edgeWidth)/scale))
				out.over(ink, coverage(nearest/scale))
			}
			img.SetNRGBA(x, y, out.color())
		}
	}
	return img
}

// distance from a point to the stroke's border, negative inside, in 32nds.
func (s stroke) distance(x, y float64) float64 {
	dx, dy := s.x2-s.x1, s.y2-s.y1
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = max(0, min(1, ((x-s.x1)*dx+(y-s.y1)*dy)/l))
	}
	return math.Hypot(x-s.x1-t*dx, y-s.y1-t*dy) - s.radius
}

func coverage(pixels float64) float64 { return max(0, min(1, 0.5-pixels)) }

// blend is a colour under construction, premultiplied, each part from 0 to 1.
type blend struct{ r, g, b, a float64 }

func (o *blend) over(c color.NRGBA, part float64) {
	keep := 1 - part
	o.r = float64(c.R)/255*part + o.r*keep
	o.g = float64(c.G)/255*part + o.g*keep
	o.b = float64(c.B)/255*part + o.b*keep
	o.a = part + o.a*keep
}

func (o *blend) color() color.NRGBA {
	if o.a == 0 {
		return color.NRGBA{}
	}
	to := func(v float64) uint8 { return uint8(math.Round(255 * v)) }
	return color.NRGBA{to(o.r / o.a), to(o.g / o.a), to(o.b / o.a), to(o.a)}
}

// PNG is the icon as a file.
func (i Icon) PNG(size int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, i.Draw(size)); err != nil {
		panic(err) // writing to memory does not fail, and the image has a size
	}
	return b.Bytes()
}
