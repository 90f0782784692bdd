package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"offhook/phone/control"
)

type statusCmd struct{}

func (c *statusCmd) Run(a *app) error {
	s, err := a.status()
	if err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(a.out, s)
	}
	return a.showStatus(s)
}

func (a *app) status() (control.Status, error) {
	client, err := a.client()
	if err != nil {
		return control.Status{}, err
	}
	defer client.Close()
	return client.Status(a.ctx)
}

func (a *app) showStatus(s control.Status) error {
	fmt.Fprintln(a.out, summary(s))
	if len(s.Accounts) > 0 {
		fmt.Fprintln(a.out, "\naccounts")
		t := newTable(a.out)
		accountRows(t, s.Accounts, "  ")
		if err := t.flush(); err != nil {
			return err
		}
	}
	if len(s.Calls) > 0 {
		fmt.Fprintln(a.out, "\ncalls")
		t := newTable(a.out)
		for _, c := range s.Calls {
			t.row("  "+c.ID, a.callState(c), direction(c.Direction)+" "+person(c.PeerName, c.Peer), mediaLine(c))
		}
		if err := t.flush(); err != nil {
			return err
		}
		for _, c := range s.Calls {
			if c.Trouble != "" {
				fmt.Fprintf(a.out, "  %s: %s\n", c.ID, clean(c.Trouble))
			}
		}
	}
	if len(s.Handsets) > 0 {
		fmt.Fprintln(a.out, "\nhandsets")
		t := newTable(a.out)
		return handsetRows(t, s.Handsets, "  ")
	}
	return nil
}

// summary is the state of the phone in one line.
func summary(s control.Status) string {
	words := map[string]string{
		control.StateIdle:      "ready",
		control.StateRinging:   "ringing",
		control.StateDialing:   "calling",
		control.StateTalking:   "in a call",
		control.StateHeld:      "a call is on hold",
		control.StateNoHandset: "no handset is plugged in",
		control.StateOffline:   "offline: no account is registered",
	}
	line := words[s.State]
	if line == "" {
		line = word(s.State)
	}
	if s.Muted {
		line += ", muted"
	}
	if s.DND {
		line += ", do not disturb"
	}
	switch {
	case s.Missed == 1:
		line += ", 1 missed call"
	case s.Missed > 1:
		line += fmt.Sprintf(", %d missed calls", s.Missed)
	}
	return line
}

func direction(d string) string {
	if d == "in" {
		return "from"
	}
	return "to"
}

// callState is the state of a call with what is special about it, and how long it has lasted.
func (a *app) callState(c control.Call) string {
	words := []string{c.State}
	if c.Held {
		words[0] = "held"
	}
	if c.RemoteHeld {
		words = append(words, "held by the other side")
	}
	if c.Conference {
		words = append(words, "in a conference")
	}
	if c.Recording != "" {
		words = append(words, "recorded")
	}
	if c.Muted {
		words = append(words, "muted")
	}
	if c.Answered != nil {
		d := max(a.now().Sub(*c.Answered), 0).Truncate(time.Second)
		words = append(words, fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60))
	}
	return strings.Join(words, ", ")
}

// secure says how the sound of a call is encrypted.
func secure(c control.Call) string {
	switch {
	case c.SRTP == "":
		return ""
	case c.Keying == control.KeyingDTLS:
		return " encrypted (DTLS-SRTP, " + c.SRTP + ")"
	}
	return " encrypted (SRTP, " + c.SRTP + ")"
}

func mediaLine(c control.Call) string {
	if c.Media == nil {
		return c.Codec
	}
	m := c.Media
	line := fmt.Sprintf("%s, sent %d, received %d, lost %d, late %d, jitter %.1f ms, buffer %.0f ms",
		orDash(m.Codec)+secure(c), m.PacketsSent, m.PacketsReceived, m.Lost, m.Late, m.JitterMS, m.BufferMS)
	if m.R > 0 {
		scale := ""
		if m.RScale == "wideband" {
			scale = " of 129, wideband"
		}
		line += fmt.Sprintf(", delay %.0f ms, R %.0f%s (MOS %.1f)", m.DelayMS, m.R, scale, m.MOS)
	}
	return line
}

// mixerWords say what is worth knowing of a handset's volume.
func mixerWords(m *control.Mixer) []string {
	if m == nil {
		return nil
	}
	var words []string
	for _, d := range []struct {
		name    string
		percent *int
		muted   bool
	}{{"earpiece", m.Ear, m.EarMuted}, {"microphone", m.Mic, m.MicMuted}} {
		switch {
		case d.percent == nil:
		case d.muted:
			words = append(words, d.name+" muted in the mixer")
		default:
			words = append(words, fmt.Sprintf("%s %d %%", d.name, *d.percent))
		}
	}
	return words
}

// handsetRows prints handsets, and below them what is wrong with each.
func handsetRows(t *table, handsets []control.Handset, indent string) error {
	for _, h := range handsets {
		words := []string{h.State}
		if h.Digits != "" {
			words = append(words, h.Digits)
		}
		if h.Lifted {
			words = append(words, "lifted")
		}
		if h.Muted {
			words = append(words, "muted")
		}
		words = append(words, mixerWords(h.Mixer)...)
		if h.Virtual {
			words = append(words, "emulated")
		}
		lit := ""
		for _, name := range slices.Sorted(maps.Keys(h.Lights)) {
			if h.Lights[name] {
				lit += " " + name
			}
		}
		if lit != "" {
			words = append(words, "lights:"+lit)
		}
		t.row(indent+h.ID, h.Kind, h.Name, strings.Join(words, ", "))
	}
	for _, h := range handsets {
		if h.Error != "" {
			t.row(indent + h.ID + ": " + h.Error)
		}
	}
	return t.flush()
}
