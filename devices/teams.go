package devices

import (
	"slices"

	"offhook/hid/report"
)

// teams is the display of Microsoft's vendor page FF99, which Lync and Teams phones
// declare beside their telephony usages; its usages repeat those of the Auxiliary
// Display page. Sources: the annotated report descriptor of the Polycom CX300, and
// OE4AMW/cx300-control, CX300Display.java, for what to write in which order:
//
//	display control   display on, lines of text in the layout 2: one over the other
//	character set     area 5, the first line, or 10, the second; begin
//	character report  8 characters of UTF-16 and whether they are the last
//
// Where each is the descriptor tells.
type teams struct {
	enable, power, layout      int // rows; layout is FF11
	area, begin                int
	last                       int
	chars                      []int
	controlID, areaID, charsID uint8
}

const (
	teamsPage   = uint16(0xFF99)
	teamsTop    = 5  // the areas
	teamsBottom = 10 // are values of an array of FF99:81…8A
	// teamsColumns is how long a line is at most.
	teamsColumns = 28
)

// findTeams looks for such a display, nil when not all of it is declared.
func findTeams(d *report.Descriptor) *teams {
	t := &teams{enable: -1, power: -1, layout: -1, area: -1, begin: -1, last: -1}
	single := map[report.Usage]*int{
		report.U(teamsPage, 0x26): &t.enable, report.U(teamsPage, 0xFF10): &t.power, report.U(teamsPage, 0xFF11): &t.layout,
		report.U(teamsPage, 0xFF22): &t.begin, report.U(teamsPage, 0xFF24): &t.last,
	}
	bottom := report.U(teamsPage, 0x8A)
	for row := range d.Fields {
		f := &d.Fields[row]
		if f.Kind != report.Output {
			continue
		}
		at := single[f.Usage()]
		switch {
		case f.IsArray():
			if t.area < 0 && slices.Contains(f.Usages, bottom) && f.LogicalMin <= teamsTop && f.LogicalMax >= teamsBottom {
				t.area = row
			}
		case at != nil && *at < 0:
			*at = row
		case f.Usage() == report.U(teamsPage, 0xFF2C) && f.Size == 16 && len(t.chars) < teamsColumns:
			t.chars = append(t.chars, row)
		}
	}
	if slices.Contains([]int{t.enable, t.power, t.layout, t.area, t.begin, t.last}, -1) || len(t.chars) == 0 {
		return nil
	}
	id := func(row int) uint8 { return d.Fields[row].ReportID }
	t.controlID, t.areaID, t.charsID = id(t.layout), id(t.area), id(t.chars[0])
	if id(t.enable) != t.controlID || id(t.power) != t.controlID || id(t.begin) != t.areaID || id(t.last) != t.charsID ||
		slices.ContainsFunc(t.chars, func(row int) bool { return id(row) != t.charsID }) {
		return nil
	}
	return t
}

// render appends the reports that show two lines; without text the display is off.
func (t *teams) render(enc *report.Encoder, lines [2]string, reports [][]byte) [][]byte {
	on := lines != [2]string{}
	set := func(row int, v int32) { _ = enc.Set(row, v) } // what does not fit stays 0
	set(t.enable, int32(bit(on)))
	set(t.power, int32(bit(on)))
	set(t.layout, 2*int32(bit(on)))
	reports = append(reports, enc.Report(t.controlID))
	if !on {
		return reports
	}
	for n, area := range []int32{teamsTop, teamsBottom} {
		set(t.area, area)
		set(t.begin, 1)
		reports = append(reports, enc.Report(t.areaID))
		text := teamsText(lines[n])
		for at := 0; at == 0 || at < len(text); at += len(t.chars) {
			for i, row := range t.chars {
				c := int32(0)
				if at+i < len(text) {
					c = text[at+i]
				}
				set(row, c)
			}
			set(t.last, int32(bit(at+len(t.chars) >= len(text))))
			reports = append(reports, enc.Report(t.charsID))
		}
	}
	return reports
}

// teamsText is a line in UTF-16 units; what needs two of them is replaced.
func teamsText(line string) []int32 {
	var text []int32
	for _, r := range line {
		switch {
		case len(text) == teamsColumns:
			return text
		case r < ' ' || r == 0x7F:
			r = ' '
		case r > 0xFFFF:
			r = '?'
		}
		text = append(text, r)
	}
	return text
}
