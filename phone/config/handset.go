package config

import (
	"fmt"
	"strings"
)

// Handset is one [[handset]] table: what a handset or headset is connected to.
type Handset struct {
	// Match is how the device is known: its numbers "6993:b02b", its ID, serial number or port, or a part of its name.
	Match string
	// Account is the name of the account whose calls it has; empty: all.
	Account string
	// Seat names the place of one person, whose handsets hand calls to each other; empty: none in particular.
	Seat string
	// Ring is false for a handset that does not ring, though it answers.
	Ring bool
	// Sound is the sound device to use in place of the handset's own ("hw:2,0"); empty: its own.
	Sound string
	// Fallback is where its conversation goes on when it is unplugged: another handset, known as by Match; empty: it is
	// held.
	Fallback string
}

// maxHandsets bounds the [[handset]] tables of one file.
const maxHandsets = 32

// readHandsets reads what handsets are connected to. Accounts are those of the same file.
func readHandsets(doc *table, accounts []Account) []Handset {
	list, ok := doc.tables("handset", "handsets are", maxHandsets)
	if !ok {
		return nil
	}
	var names []string
	for _, a := range accounts {
		names = append(names, a.Name)
	}
	var handsets []Handset
	lines := map[string]string{}
	for i, values := range list {
		path := fmt.Sprintf("handset[%d]", i)
		t := &table{reader: doc.reader, path: path, title: "[[handset]]", values: values}
		h := Handset{Ring: true}
		t.text("match", &h.Match)
		h.Match = strings.TrimSpace(h.Match)
		if t.text("account", &h.Account) {
			t.checkAccount(h.Account, names)
		}
		t.text("seat", &h.Seat)
		t.boolean("ring", &h.Ring)
		t.text("sound", &h.Sound)
		t.text("fallback", &h.Fallback)
		h.Fallback = strings.TrimSpace(h.Fallback)
		t.finish()
		key := strings.ToLower(h.Match)
		switch first, twice := lines[key]; {
		case h.Match == "":
			t.fail("", `this handset has no match: add match = "…", its numbers, port or name as offhook devices list shows them`)
		case twice:
			t.fail("match", "the handset %s is on line %d already", clip(h.Match), t.lines.at(first))
		default:
			lines[key] = path
		}
		handsets = append(handsets, h)
	}
	return handsets
}

func (t *table) checkAccount(name string, names []string) {
	for _, n := range names {
		if n == name {
			return
		}
	}
	if len(names) == 0 {
		t.fail("account", "account = %q: there is no [[account]] in this file", clip(name))
		return
	}
	t.fail("account", "no account is called %q; there are: %s", clip(name), strings.Join(names, ", "))
}
