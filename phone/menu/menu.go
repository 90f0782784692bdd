package menu

import (
	"fmt"
	"strings"
	"unicode"

	"offhook/phone/control"
)

// Section names a part of the menu.
type Section string

// Sections, from top to bottom.
const (
	Status   Section = "status"
	Calls    Section = "calls"
	Mute     Section = "mute"
	Accounts Section = "accounts"
	Handsets Section = "handsets"
	Missed   Section = "missed"
	DND      Section = "dnd"
	Quit     Section = "quit"
)

// Places is what a section may need at most.
type Places struct {
	Section   Section
	Count     int
	Checkable bool // its items are check boxes
	Rule      bool // a line divides it from what is above
}

// maxCalls is how many calls are shown with what can be done about them; further ones are counted.
const maxCalls = 4

// Layout is the order of the sections and the number of places in each. Build never needs more.
func Layout() []Places {
	return []Places{
		{Section: Status, Count: 1},
		{Section: Calls, Count: maxCalls*3 + 1},
		{Section: Mute, Count: 1, Checkable: true},
		{Section: Accounts, Count: 8, Rule: true},
		{Section: Handsets, Count: 8},
		{Section: Missed, Count: 1},
		{Section: DND, Count: 1, Checkable: true},
		{Section: Quit, Count: 1, Rule: true},
	}
}

// Item is one line of the menu. Items are compared with Equal.
type Item struct {
	Section   Section
	Label     string // at most 60 characters, printable
	Enabled   bool   // can be chosen; false: a heading
	Checkable bool
	Checked   bool
	Action    *control.Command // what to do when chosen; nil when not Enabled, and for Quit without a phone
}

// Equal says whether two items look the same and do the same.
func (i Item) Equal(o Item) bool {
	return i.Section == o.Section && i.Label == o.Label && i.Enabled == o.Enabled && i.Checkable == o.Checkable &&
		i.Checked == o.Checked && sameCommand(i.Action, o.Action)
}

func sameCommand(a, b *control.Command) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Verb != b.Verb || len(a.Args) != len(b.Args) {
		return false
	}
	for k, v := range a.Args {
		if w, ok := b.Args[k]; !ok || v != w {
			return false
		}
	}
	return true
}

// Menu is the tray's whole contents.
type Menu struct {
	Icon  Icon
	Title string // one line that says what the icon shows
	Items []Item // in the order of the layout
}

// In returns the items of one section.
func (m Menu) In(s Section) []Item {
	var out []Item
	for _, i := range m.Items {
		if i.Section == s {
			out = append(out, i)
		}
	}
	return out
}

// NotRunning is the menu while no phone answers.
func NotRunning() Menu {
	const title = "Offhook is not running"
	return Menu{Icon: Offline, Title: title, Items: []Item{
		heading(Status, title),
		{Section: Quit, Label: "Close this icon", Enabled: true},
	}}
}

// Build is the menu of a running phone.
func Build(s control.Status) Menu {
	m := Menu{Icon: iconOf(s), Title: titleOf(s)}
	m.add(heading(Status, m.Title))
	m.calls(s)
	if onCall(s.Calls) {
		m.add(check(Mute, "Mute", s.Muted, control.VerbMute))
	}
	m.list(Accounts, len(s.Accounts), func(i int) string { return accountLine(s.Accounts[i]) })
	m.list(Handsets, len(s.Handsets), func(i int) string { return handsetLine(s.Handsets[i]) })
	if s.Missed > 0 {
		m.add(heading(Missed, plural(s.Missed, "missed call")))
	}
	m.add(check(DND, "Do not disturb", s.DND, control.VerbDND))
	m.add(action(Quit, "Quit Offhook", control.VerbQuit, nil))
	return m
}

func (m *Menu) add(items ...Item) { m.Items = append(m.Items, items...) }

// list adds a heading for each of n things, as far as there are places.
func (m *Menu) list(s Section, n int, line func(int) string) {
	places := 0
	for _, p := range Layout() {
		if p.Section == s {
			places = p.Count
		}
	}
	shown := n
	if n > places {
		shown = places - 1
	}
	for i := range shown {
		m.add(heading(s, line(i)))
	}
	if n > shown {
		m.add(heading(s, fmt.Sprintf("… and %d more", n-shown)))
	}
}

func heading(s Section, label string) Item { return Item{Section: s, Label: clip(label)} }

func action(s Section, label, verb string, args map[string]string) Item {
	return Item{Section: s, Label: clip(label), Enabled: true, Action: &control.Command{Verb: verb, Args: args}}
}

// check is a switch: to choose it is to order the other state, whatever the tray has made of its mark by then.
func check(s Section, label string, on bool, verb string) Item {
	i := action(s, label, verb, map[string]string{"on": fmt.Sprint(!on)})
	i.Checkable, i.Checked = true, on
	return i
}

// clip makes a label short and printable: names come from callers. Underscores stay; a tray that takes them for marks
// of shortcuts has to double them.
func clip(s string) string {
	const longest = 60
	s = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
	if r := []rune(strings.TrimSpace(s)); len(r) > longest {
		return string(r[:longest-1]) + "…"
	} else {
		return string(r)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func titleOf(s control.Status) string {
	switch s.State {
	case control.StateRinging:
		return "Ringing"
	case control.StateDialing:
		return "Calling"
	case control.StateTalking:
		if s.Muted {
			return "In a call, muted"
		}
		return "In a call"
	case control.StateHeld:
		return "A call is on hold"
	}
	for _, a := range s.Accounts {
		if a.State == control.AccountFailed {
			return "Account " + a.Name + " is not registered"
		}
	}
	for _, h := range s.Handsets {
		if h.Error != "" {
			return handsetName(h) + ": " + h.Error
		}
	}
	switch {
	case s.State == control.StateOffline:
		return "Offline"
	case s.DND:
		return "Do not disturb is on"
	case s.State == control.StateNoHandset:
		return "No handset is plugged in"
	}
	return "Ready"
}

func accountLine(a control.Account) string {
	line := a.Name + ": " + a.State
	if a.State == control.AccountFailed && a.Reason != "" {
		line += " (" + a.Reason + ")"
	}
	return line
}

func handsetLine(h control.Handset) string {
	state := h.State
	switch {
	case h.Error != "":
		state = h.Error
	case h.State == control.HandsetIdle && h.Lifted:
		state = "lifted"
	case h.State == control.HandsetIdle:
		state = "ready"
	case h.State == control.HandsetConnected:
		state = "in a call"
	case h.State == control.HandsetDialTone, h.State == control.HandsetCollecting, h.State == control.HandsetTone:
		state = "lifted"
	case h.State == control.HandsetCallingBack:
		state = "rings back"
	}
	return handsetName(h) + ": " + state
}

func handsetName(h control.Handset) string {
	if h.Name != "" {
		return h.Name
	}
	return h.ID
}
