package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The notation of a descriptor in tests, one line for each thing.

func collectionLines(d *Descriptor) []string {
	var out []string
	for i, c := range d.Collections {
		out = append(out, fmt.Sprintf("%d %d %s %s", i, c.Parent, c.Type, plain([]Usage{c.Usage})))
	}
	return out
}

func reportLines(d *Descriptor) []string {
	var out []string
	for _, k := range []Kind{Input, Output, Feature} {
		for _, id := range d.IDs(k) {
			out = append(out, fmt.Sprintf("%v %d: %d bytes", k, id, d.Size(k, id)))
		}
	}
	return out
}

func rowLines(d *Descriptor) []string {
	var out []string
	for i := range d.Fields {
		out = append(out, rowLine(&d.Fields[i]))
	}
	return out
}

// rowLine is "input 2.7+4 flags 40 log 0..12 in 1: [0B:B0 0B:B1]".
func rowLine(f *Field) string {
	return fmt.Sprintf("%v %d.%d+%d flags %02X log %d..%d in %d: %s",
		f.Kind, f.ReportID, f.Bit, f.Size, uint16(f.Flags), f.LogicalMin, f.LogicalMax, f.Collection, plain(f.Usages))
}

// plain is usages without names, so that a test of numbers stays one.
func plain(us []Usage) string {
	var words []string
	for _, u := range us {
		words = append(words, fmt.Sprintf("%02X:%02X", u.Page(), u.ID()))
	}
	return "[" + strings.Join(words, " ") + "]"
}

func compareLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	shown := 0
	for i := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("%s, line %d:\n got %s\nwant %s", what, i, g, w)
			if shown++; shown == 10 {
				t.Fatal("and more")
			}
		}
	}
}
