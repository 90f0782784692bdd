package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"offhook/phone/control"
)

// writeJSON prints v over several lines.
func (a *app) writeJSON(w io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", raw)
	return err
}

// clean makes text that came from afar safe for a terminal: a caller chooses his own name.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || unicode.IsGraphic(c) {
			return c
		}
		return '·'
	}, strings.ToValidUTF8(s, "·"))
}

// word is clean in one line.
func word(s string) string { return strings.ReplaceAll(clean(s), "\n", " ") }

// table prints rows in columns; cells are divided by tabs.
type table struct {
	w    *tabwriter.Writer
	rows int
}

func newTable(w io.Writer) *table {
	return &table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
}

// row adds a row; empty cells at its end leave no blanks behind.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = word(cells[i])
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
	t.rows++
}

func (t *table) flush() error { return t.w.Flush() }

// person is a caller as people name him: name and address, or what there is of them.
func person(name, address string) string {
	switch {
	case name == "" || name == address:
		return orDash(address)
	case address == "":
		return name
	}
	return name + " <" + address + ">"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// order sends a command and prints its answer.
func (a *app) order(verb string, args map[string]string) error {
	result, err := a.do(verb, args)
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(a.out, result)
	}
	if result.Message != "" {
		fmt.Fprintln(a.out, clean(result.Message))
	}
	return nil
}

// do sends a command without empty arguments.
func (a *app) do(verb string, args map[string]string) (control.Result, error) {
	for name, value := range args {
		if value == "" {
			delete(args, name)
		}
	}
	c := control.Command{Verb: verb, Args: args}
	if err := c.Check(); err != nil {
		return control.Result{}, err // known before a phone is asked
	}
	client, err := a.client()
	if err != nil {
		return control.Result{}, err
	}
	defer client.Close()
	return client.Do(a.ctx, c)
}
