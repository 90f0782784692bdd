package virtual

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is one raw report as it crossed the cable.
type Report struct {
	At  time.Time `json:"at"`
	Out bool      `json:"out"` // from the host to the phone
	// Bytes is hexadecimal, a space between bytes. Out reports begin with the
	// report ID, 0 when unnumbered.
	Bytes string `json:"bytes"`
}

// State is what somebody looking at the phone sees, and what crossed its cable.
// Lights, ringer and display are as received in output reports.
type State struct {
	Profile string `json:"profile"`
	Plugged bool   `json:"plugged"`
	Opened  bool   `json:"opened"` // a host has it open
	// Lifted is off the cradle; of a headset, what it believes. A handset with
	// neither cradle nor hook button never is.
	Lifted bool `json:"lifted"`
	// Lights has an entry for every light and ringer of the profile, named as
	// in package devices.
	Lights  map[string]bool `json:"lights"`
	Ringing bool            `json:"ringing"` // ring light or ringer is on
	Display []string        `json:"display"` // a line each, without trailing blanks
	Reports int             `json:"reports"` // output reports received since New
	History []Report        `json:"history"` // the latest reports, oldest first
}

// Lit lists the lights that are on, sorted.
func (s State) Lit() []string {
	on := []string{}
	for name, lit := range s.Lights {
		if lit {
			on = append(on, name)
		}
	}
	slices.Sort(on)
	return on
}

// State looks at the phone.
func (p *Phone) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Phone) state() State {
	s := State{
		Profile: p.profile.Name, Plugged: p.plugged, Opened: len(p.open) > 0, Lifted: p.lifted,
		Lights:  maps.Clone(p.lights),
		Ringing: p.lights["ring"] || p.lights["ringer"],
		Display: []string{},
		Reports: p.reports,
		History: slices.Clone(p.history),
	}
	if p.maker != nil {
		s.Display = append(s.Display, p.maker.display()...)
	}
	for _, line := range p.text {
		// The character set of the display is Latin-1.
		var text strings.Builder
		for _, c := range line {
			text.WriteRune(rune(c))
		}
		s.Display = append(s.Display, strings.TrimRight(text.String(), " \x00"))
	}
	return s
}

// Changed gives a channel that is closed at the next change: a report in either
// direction, the cable, opening and closing. To miss nothing, take the channel
// before looking at State.
func (p *Phone) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// Await looks at the phone after each change until ok says yes, and returns what
// it saw then. When ctx ends first, the error says so and the state is the last
// one seen.
func (p *Phone) Await(ctx context.Context, ok func(State) bool) (State, error) {
	for {
		p.mu.Lock()
		s, changed := p.state(), p.changed
		p.mu.Unlock()
		if ok(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, fmt.Errorf("await the emulated %s: %w", p.profile.Name, ctx.Err())
		}
	}
}
