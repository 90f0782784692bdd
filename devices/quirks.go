package devices

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// quirk is what a descriptor does not say about a device. The driver does
// without where it can; a quirk needs a source.
type quirk struct {
	momentaryHook bool // declared as a level, but reports presses
	echoesMute    bool // answers the mute light by a press of the mute key
}

// facts are the words of the table.
var facts = map[string]func(*quirk){
	"momentary-hook": func(q *quirk) { q.momentaryHook = true },
	"echoes-mute":    func(q *quirk) { q.echoesMute = true },
}

//go:embed quirks.txt
var quirksText string

// Bounds of a table, so that a file that is none is refused early.
const (
	maxQuirkLine = 512
	maxQuirkRows = 4096
)

// quirkRow is one line of a table.
type quirkRow struct {
	vendor, product uint16
	every           bool // every product of the vendor
	fact            string
	name            string
	source          string
	line            int
}

// readQuirks reads a table; see quirks.txt for its form. Errors name the line.
func readQuirks(file, text string) ([]quirkRow, error) {
	var rows []quirkRow
	source := ""
	for n, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) ([]quirkRow, error) {
			return nil, fmt.Errorf("%s:%d: %s", file, n+1, fmt.Sprintf(format, args...))
		}
		if len(line) > maxQuirkLine {
			return fail("a line of %d bytes; at most %d", len(line), maxQuirkLine)
		}
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
			continue
		case words[0] == "source":
			if source = strings.Join(words[1:], " "); source == "" {
				return fail("the source is missing")
			}
			continue
		case source == "":
			return fail("a fact without a source: put a line \"source …\" above it")
		case len(words) < 3:
			return fail("want VENDOR:PRODUCT, the fact and the name of the device")
		case facts[words[1]] == nil:
			return fail("no fact is called %q; there are: %s", words[1], strings.Join(factNames(), ", "))
		case len(rows) == maxQuirkRows:
			return fail("more than %d facts", maxQuirkRows)
		}
		row := quirkRow{fact: words[1], name: strings.Join(words[2:], " "), source: source, line: n + 1}
		vendor, product, _ := strings.Cut(words[0], ":")
		var okVendor, okProduct bool
		row.vendor, okVendor = hex16(vendor)
		if row.every = product == "*"; !row.every {
			row.product, okProduct = hex16(product)
		}
		if !okVendor || !row.every && !okProduct {
			return fail("%q is no VENDOR:PRODUCT: want four hexadecimal digits each, or * for the product", words[0])
		}
		for _, r := range rows {
			if r.vendor == row.vendor && r.product == row.product && r.every == row.every && r.fact == row.fact {
				return fail("%s %s is in line %d already", words[0], row.fact, r.line)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func hex16(s string) (uint16, bool) {
	v, err := strconv.ParseUint(s, 16, 16)
	return uint16(v), err == nil && len(s) == 4
}

func factNames() []string {
	var names []string
	for name := range facts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// builtIn is the table of this program. Tests see to it that it can be read.
var builtIn = sync.OnceValue(func() []quirkRow {
	rows, err := readQuirks("quirks.txt", quirksText)
	if err != nil {
		panic(err)
	}
	return rows
})

// quirkOf finds what is known of a device; the zero quirk when nothing is.
func quirkOf(vendor, product uint16) quirk {
	var q quirk
	for _, r := range builtIn() {
		if r.vendor == vendor && (r.every || r.product == product) {
			facts[r.fact](&q)
		}
	}
	return q
}
