package devices

import (
	"offhook/hid/report"
)

// Bounds of a display, whatever its descriptor says.
const (
	maxColumns        = 80
	maxDisplayReports = 64 // for one transition
)

// display is a character display on the Auxiliary Display page (HUT section
// 20). A Character Report carries Display Data; Row and Column, in the same
// report or in one of their own, say where it goes. The size is taken from the
// range of Row and Column, as the Display Attributes are a feature report that
// need not be readable. Two lines are used.
type display struct {
	data        []int // rows of Display Data in order, one character each
	dataID      uint8
	wide        bool // characters are UTF-16 units
	row, column int  // rows of the descriptor, -1 when there are none
	cursorID    uint8
	lines, cols int
	firstRow    int32
	firstColumn int32
	clear       int // row of Clear Display, -1
	clearID     uint8
}

// findDisplay looks for a display that can be written, nil when there is none.
func findDisplay(l *layout) *display {
	d := &display{row: -1, column: -1, clear: -1, lines: 1}
	for row := range l.d.Fields {
		f := &l.d.Fields[row]
		if f.Kind != report.Output || f.IsArray() || l.vendor(f) {
			continue
		}
		switch f.Usage() {
		case usageDisplayData:
			if len(d.data) == 0 {
				d.dataID, d.wide = f.ReportID, f.Size >= 16
			}
			if f.ReportID == d.dataID && f.Size >= 7 && len(d.data) < maxColumns {
				d.data = append(d.data, row)
			}
		case usageRow:
			if d.row < 0 {
				d.row, d.cursorID, d.firstRow = row, f.ReportID, f.LogicalMin
				d.lines = int(span(f, 2))
			}
		case usageColumn:
			if d.column < 0 {
				d.column, d.firstColumn = row, f.LogicalMin
				d.cols = int(span(f, maxColumns))
			}
		case usageClear:
			if d.clear < 0 {
				d.clear, d.clearID = row, f.ReportID
			}
		}
	}
	if len(d.data) == 0 {
		return nil
	}
	if d.column >= 0 && (d.row < 0 || l.d.Fields[d.column].ReportID != d.cursorID) {
		d.column = -1 // nothing ties it to the row: write from the start of the line
	}
	if d.column < 0 {
		d.cols = len(d.data)
	}
	// The bound on reports is a bound on columns, too.
	d.cols = min(d.cols, len(d.data)*maxDisplayReports/4)
	return d
}

// span is the number of values that a field can take, at most limit.
func span(f *report.Field, limit int64) int64 {
	return max(1, min(limit, int64(f.LogicalMax)-int64(f.LogicalMin)+1))
}

// blank appends the report that clears the display, if there is one.
func (d *display) blank(enc *report.Encoder, reports [][]byte) [][]byte {
	if d.clear < 0 || enc.Set(d.clear, 1) != nil {
		return reports
	}
	reports = append(reports, enc.Report(d.clearID))
	_ = enc.Set(d.clear, 0) // 0 always fits; a later report with the same ID must not clear
	return reports
}

// render appends the reports that write both lines, each padded with blanks, so
// that nothing of an older text stays.
func (d *display) render(enc *report.Encoder, lines [2]string, reports [][]byte) [][]byte {
	text := lines[:]
	if d.lines == 1 && lines[0] == "" {
		text = lines[1:]
	}
	for n := range d.lines {
		chars := d.encode(text[n])
		for at := 0; at < d.cols; at += len(d.data) {
			// The last piece ends at the last column.
			start := max(0, min(at, d.cols-len(d.data)))
			if d.row >= 0 && enc.Set(d.row, d.firstRow+int32(n)) != nil {
				return reports
			}
			if d.column >= 0 && enc.Set(d.column, d.firstColumn+int32(start)) != nil {
				return reports
			}
			for i, row := range d.data {
				c := int32(' ')
				if start+i < len(chars) {
					c = chars[start+i]
				}
				if enc.Set(row, c) != nil {
					_ = enc.Set(row, ' ')
				}
			}
			if d.row >= 0 && d.cursorID != d.dataID {
				reports = append(reports, enc.Report(d.cursorID))
			}
			reports = append(reports, enc.Report(d.dataID))
		}
	}
	return reports
}

// encode turns text into the display's characters, as many as fit in a line.
func (d *display) encode(text string) []int32 {
	var chars []int32
	for _, r := range text {
		if len(chars) >= d.cols {
			break
		}
		switch {
		case r < ' ' || r == 0x7F:
			chars = append(chars, ' ')
		case d.wide && r <= 0xFFFF:
			chars = append(chars, int32(r))
		default:
			for _, c := range plain(r) {
				chars = append(chars, c)
			}
		}
	}
	return chars[:min(len(chars), d.cols)]
}

// plain gives an ASCII spelling of a character: displays promise ASCII only.
func plain(r rune) string {
	if r < 0x80 {
		return string(r)
	}
	if s, ok := asciiSpelling[r]; ok {
		return s
	}
	return "?"
}

// asciiSpelling covers the letters of western and central European names.
var asciiSpelling = spellings(map[string]string{
	"A": "ÀÁÂÃÅĀĂĄ", "a": "àáâãåāăą", "Ae": "ÄÆ", "ae": "äæ", "C": "ÇĆČ", "c": "çćč",
	"D": "ÐĎĐ", "d": "ðďđ", "E": "ÈÉÊËĒĖĘĚ", "e": "èéêëēėęě", "G": "ĞĢ", "g": "ğģ",
	"I": "ÌÍÎÏĪĮİ", "i": "ìíîïīįı", "L": "ŁĹĽ", "l": "łĺľ", "N": "ÑŃŇ", "n": "ñńň",
	"O": "ÒÓÔÕŌŐ", "o": "òóôõōő", "Oe": "ÖØŒ", "oe": "öøœ", "R": "ŔŘ", "r": "ŕř",
	"S": "ŚŞŠȘ", "s": "śşšș", "ss": "ß", "T": "ŢŤȚ", "t": "ţťț", "Th": "Þ", "th": "þ",
	"U": "ÙÚÛŪŮŰŲ", "u": "ùúûūůűų", "Ue": "Ü", "ue": "ü", "Y": "ÝŸ", "y": "ýÿ",
	"Z": "ŹŻŽ", "z": "źżž", "'": "‘’", "\"": "“”„", "-": "–—", " ": "\u00A0", "...": "…",
})

func spellings(by map[string]string) map[rune]string {
	m := map[rune]string{}
	for ascii, letters := range by {
		for _, r := range letters {
			m[r] = ascii
		}
	}
	return m
}
