// Package figures shows what benchmarks measured: one figure of several phones under several conditions, as a table to
// read, as CSV to calculate with, and as a plot (SVG) to look at. All are written from the same values.
package figures

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"offhook/media/measure"
)

// Figure is what was measured.
type Figure struct {
	Name     string // of its files, as "estoi"
	Title    string // what, in which unit
	Of       string // what the rows are, as "loss, jitter"
	Decimals int    // in tables
	Rows     []string
	Columns  []Column
}

// Column is one phone (or whatever is compared), with a value for each row; fewer values, or NaN, leave gaps.
type Column struct {
	Name   string
	Values []measure.Interval
}

func (c Column) at(row int) measure.Interval {
	if row < len(c.Values) {
		return c.Values[row]
	}
	return measure.Interval{Mean: math.NaN(), Half: math.NaN()}
}

// Table writes it for people.
func (f Figure) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s\n%s", f.Title, f.Of)
	for _, c := range f.Columns {
		fmt.Fprintf(t, "\t%s", c.Name)
	}
	for i, row := range f.Rows {
		fmt.Fprintf(t, "\n%s", row)
		for _, c := range f.Columns {
			fmt.Fprintf(t, "\t%s", c.at(i).Text(f.Decimals))
		}
	}
	fmt.Fprintln(t)
	return t.Flush()
}

// CSV writes a line per row and column: row, column, mean, half of the 95 % interval, number of values. What there is
// not is left empty.
func (f Figure) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{f.Of, "phone", f.Title, "half of the 95 % interval", "n"})
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return fmt.Sprintf("%g", v)
	}
	for i, row := range f.Rows {
		for _, col := range f.Columns {
			v := col.at(i)
			c.Write([]string{row, col.Name, number(v.Mean), number(v.Half), fmt.Sprint(v.N)})
		}
	}
	c.Flush()
	return c.Error()
}

// Save writes NAME.csv and NAME.svg into a folder, which it makes.
func (f Figure) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("folder for the figures: %w", err)
	}
	for ext, write := range map[string]func(io.Writer) error{"csv": f.CSV, "svg": f.SVG} {
		var b strings.Builder
		if err := write(&b); err != nil {
			return fmt.Errorf("figure %s.%s: %w", f.Name, ext, err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name+"."+ext), []byte(b.String()), 0o644); err != nil {
			return fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return nil
}
