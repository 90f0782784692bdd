package engine

import (
	"fmt"
	"math"
)

// Level is one direction of a mixer: how loud, and whether muted.
type Level struct {
	Percent int     `json:"percent"`      // of the control's range
	DB      float64 `json:"db,omitempty"` // 0 is as it comes; 0 also where the control does not tell
	Muted   bool    `json:"muted"`
}

// Mix is what a device's mixer says. A direction that has no control is nil.
type Mix struct {
	Output *Level `json:"output,omitempty"`
	Input  *Level `json:"input,omitempty"`
}

// Equal tells whether two mixes say the same.
func (m Mix) Equal(o Mix) bool {
	same := func(a, b *Level) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
	return same(m.Output, o.Output) && same(m.Input, o.Input)
}

// MixChange is what is to become of a mixer. What is not set stays.
type MixChange struct {
	Step        int   `json:"step,omitempty"` // dB that the output is to be louder
	OutputMuted *bool `json:"output_muted,omitempty"`
	InputMuted  *bool `json:"input_muted,omitempty"`
	// Mend makes a direction that can't be heard, being muted or all the way down, audible; only the output with MendOutput.
	Mend       bool `json:"mend,omitempty"`
	MendOutput bool `json:"mend_output,omitempty"`
}

// Mixers is a Backend whose devices have mixers.
type Mixers interface {
	// Mixer opens the mixer of devices, in may be nil. changed is called by a goroutine
	// of the mixer's own after a change by anyone, until Close returns. A device
	// without a mixer gives nil.
	Mixer(out Device, in *Device, changed func(Mix)) (Mixer, error)
}

// Mixer is an open mixer.
type Mixer interface {
	Mix() (Mix, error)
	// Change changes it, and says in words what was mended.
	Change(MixChange) (mended []string, err error)
	Close()
}

// Scale is the range of a control: raw steps, and what they mean in dB, where that is
// known (HasDB).
type Scale struct {
	Min, Max     int
	MinDB, MaxDB float64
	HasDB        bool
}

// silentDB is how soft a control's lowest step is at least to count as silence: some
// microphones have nothing below 0 dB, and are not silent there.
const silentDB = -25

// Silent tells whether nothing can be heard at a step.
func (s Scale) Silent(raw int) bool {
	return s.Max > s.Min && raw <= s.Min && (!s.HasDB || s.MinDB <= silentDB)
}

// Nominal is the step at which sound goes through as it is, or a good part of the range
// where that is not known.
func (s Scale) Nominal() int {
	if !s.HasDB || s.MaxDB <= s.MinDB {
		return s.Min + (s.Max-s.Min)*3/4
	}
	return s.raw(0)
}

// Add is the step that is so many dB louder, at least one step away unless it is the
// last.
func (s Scale) Add(raw, db int) int {
	if db == 0 {
		return raw
	}
	to := raw + (s.Max-s.Min)*db/40
	if s.HasDB && s.MaxDB > s.MinDB {
		to = s.raw(s.DB(raw) + float64(db))
	}
	if to == raw {
		to += db / max(db, -db)
	}
	return min(max(to, s.Min), s.Max)
}

// DB is what a step means, 0 where that is not known. Steps are taken to be equal.
func (s Scale) DB(raw int) float64 {
	if !s.HasDB || s.Max <= s.Min {
		return 0
	}
	return s.MinDB + (s.MaxDB-s.MinDB)*float64(raw-s.Min)/float64(s.Max-s.Min)
}

func (s Scale) raw(db float64) int {
	part := (db - s.MinDB) / (s.MaxDB - s.MinDB)
	return s.Min + int(math.Round(min(max(part, 0), 1)*float64(s.Max-s.Min)))
}

// Percent is where in the range a step is.
func (s Scale) Percent(raw int) int {
	if s.Max <= s.Min {
		return 100
	}
	return (raw - s.Min) * 100 / (s.Max - s.Min)
}

// openMixer opens the mixer of what was opened. That there is none is no failure: the
// software has a volume too.
func (s *Server) openMixer(req Request) {
	if s.mixer != nil {
		s.mixer.Close()
		s.mixer = nil
	}
	o := s.opened
	b, ok := s.backend(o.Output).(Mixers)
	if !ok {
		return
	}
	m, err := b.Mixer(o.Output, o.Input, func(m Mix) { s.send(Reply{Event: EventMix, Mix: &m}) })
	if err != nil {
		o.Trouble = fmt.Sprintf("the mixer of %s: %v", o.Output.Name, err)
		return
	}
	if m == nil {
		return
	}
	s.mixer = m
	if o.Mended, err = m.Change(MixChange{Mend: !req.Running, MendOutput: req.Running}); err == nil {
		var mix Mix
		if mix, err = m.Mix(); err == nil {
			o.Mix = &mix
		}
	}
	if err != nil {
		o.Trouble = fmt.Sprintf("the mixer of %s: %v", o.Output.Name, err)
	}
}

// change carries out CmdMix.
func (s *Server) change(req Request) (*Mix, error) {
	if s.mixer == nil {
		return nil, failf(NoMixer, "the sound device has no mixer")
	}
	if req.Change != nil {
		if _, err := s.mixer.Change(*req.Change); err != nil {
			return nil, err
		}
	}
	m, err := s.mixer.Mix()
	return &m, err
}
