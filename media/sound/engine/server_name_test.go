package engine

import (
	"errors"
	"strings"
	"testing"
)

func TestNamesOfAServersDevices(t *testing.T) {
	for name, want := range map[string]string{
		"server": "", "server:hw:1": "1", "server:hw:12,0": "12", "server:hw:CARD=NoSuchCard": "-",
	} {
		if card, ok := OfServer(name); !ok || card != want {
			t.Errorf("%q: %q %v, want %q", name, card, ok, want)
		}
	}
	for _, name := range []string{"", "default", "hw:1,0", "server:", "server:1", "servers"} {
		if card, ok := OfServer(name); ok {
			t.Errorf("%q: %q, want none", name, card)
		}
	}
}

func TestAServersDeviceIsFoundByItsCard(t *testing.T) {
	devices := []Device{
		{Index: 1, Name: "Built-in Audio", Node: "alsa_output.pci", Card: "0", Outputs: 2, Default: true},
		{Index: 1, Name: "Built-in Audio", Node: "alsa_input.pci", Card: "0", Inputs: 2, Default: true},
		{Index: 2, Name: "Jabra Mono", Node: "alsa_output.usb", Card: "1", Outputs: 1},
		{Index: 2, Name: "Jabra Mono", Node: "alsa_input.usb", Card: "1", Inputs: 1},
		{Index: 3, Name: "Jabra (hw:3,0)", HW: "hw:3,0", Inputs: 1, Outputs: 1},
	}
	for _, tt := range []struct {
		name string
		dir  direction
		want string
	}{
		{"server", forOutput, "alsa_output.pci"},
		{"server", forInput, "alsa_input.pci"},
		{"server:hw:1", forOutput, "alsa_output.usb"},
		{"server:hw:1,0", forInput, "alsa_input.usb"},
	} {
		d, err := find(devices, tt.name, tt.dir, cardNumber)
		if err != nil || d.Node != tt.want {
			t.Errorf("%s %v: %q %v, want %q", tt.name, tt.dir, d.Node, err, tt.want)
		}
	}
	var f *Failure
	if _, err := find(devices, "server:hw:3", forOutput, cardNumber); !errors.As(err, &f) || f.Code != NoDevice || !strings.Contains(f.Text, "no sound output of the card hw:3") {
		t.Errorf("a card that the server has not: %v", err)
	}
	if _, err := find(devices[2:], "server", forInput, cardNumber); !errors.As(err, &f) || f.Code != NoDevice || !strings.Contains(f.Text, "no default microphone") {
		t.Errorf("no default: %v", err)
	}
}

func TestCardsAreThoseThatAllNamesMean(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
		all   bool
	}{
		{[]string{"hw:1,0", "hw:1"}, "1", true},
		{[]string{"hw:1,0", "plughw:2,0"}, "1 2", true},
		{[]string{"hw:CARD=NoSuchCard"}, "", true},
		{[]string{"hw:1,0", "Headset"}, "", false},
		{[]string{""}, "", false},
		{nil, "", false},
	} {
		if got, all := Cards(tt.names); strings.Join(got, " ") != tt.want || all != tt.all {
			t.Errorf("%q: %q %v", tt.names, got, all)
		}
	}
}
