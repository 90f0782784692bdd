package virtual

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"offhook/devices"
	"offhook/devices/record"
)

// GetReport is what a phone does when asked for its input report.
type GetReport uint8

// The manners seen in real firmware.
const (
	Answers GetReport = iota
	Refuses           // stalls the control pipe: an error at once
	Stalls            // says nothing until the host gives up after 5 s
)

// Profile is a model of phone. Take one from Profiles or ByName and change the
// manners as needed; the descriptor belongs to the firmware and cannot be
// exchanged.
type Profile struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Kind        devices.Kind `json:"kind"`
	// Descriptor is the raw report descriptor.
	Descriptor []byte `json:"-"`

	GetReport GetReport `json:"-"`
	// ReportAtOpening sends the input report whenever a host opens the phone.
	ReportAtOpening bool `json:"-"`
	// AcknowledgesHook answers an Off-Hook write by an input report: the new
	// level, a press of a relative hook button, or the unchanged cradle.
	AcknowledgesHook bool `json:"-"`
	// AnswersTwice gives each of those answers, and those to the mute light, again.
	AnswersTwice bool `json:"-"`
	// EchoesMute answers a change of the mute light by a mute report.
	EchoesMute bool `json:"-"`
	// AckDelay is how long after the write those answers come.
	AckDelay time.Duration `json:"-"`
	// WriteStall is how long the firmware is busy with each output report. The
	// host's write blocks for that time, then the report is taken.
	WriteStall time.Duration `json:"-"`

	// Model is what a user has to say of the phone before it can be driven, the zero
	// Model when it can be told by its numbers.
	Model devices.Model `json:"-"`

	layout *layout
	// Of a phone with a protocol of its own: its numbers and its firmware. Such a
	// phone answers as its maker built it, whatever the manners above.
	vendor, product uint16
	firmware        func() firmware
	script          []record.Entry // of a recording: what it says
}

// ByName finds a profile. The empty name is the default, "handset".
func ByName(name string) (Profile, error) {
	if name == "" {
		name = "handset"
	}
	var names []string
	for _, p := range slices.Concat(Profiles(), VendorProfiles(), VendorHeadsets(), []Profile{Wired("gpio3", false, 4)}) {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("no emulated phone is called %q; there are: %s", name, strings.Join(names, ", "))
}
