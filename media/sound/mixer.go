package sound

import (
	"errors"
	"strings"
	"time"

	"offhook/media/sound/engine"
)

// Levels is what the mixer of a device says: of a card, or of what a sound server
// has of it. A direction without a control is nil.
type Levels = engine.Mix

// Level is one direction of a mixer.
type Level = engine.Level

// Mixing is a Port whose device may have a mixer. Its methods may be called from any
// goroutine, and don't wait.
type Mixing interface {
	// Levels tells how the mixer is; false: there is none, or not yet.
	Levels() (Levels, bool)
	// Changed gets a value when Levels has become another, by whomever.
	Changed() <-chan struct{}
	// StepVolume makes the earpiece louder by so many dB, a negative number softer.
	StepVolume(dB int)
	// UnmuteMicrophone takes back a mute that somebody has set in the mixer.
	UnmuteMicrophone()
}

var _ Mixing = (*devicePort)(nil)

// mixLimit is how long a change of the mixer may take.
const mixLimit = time.Second

func (p *devicePort) Levels() (Levels, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.info.Mixer == nil {
		return Levels{}, false
	}
	return *p.info.Mixer, true
}

func (p *devicePort) Changed() <-chan struct{} { return p.mixed }

func (p *devicePort) StepVolume(dB int) { p.change(engine.MixChange{Step: dB}) }

func (p *devicePort) UnmuteMicrophone() {
	off := false
	p.change(engine.MixChange{InputMuted: &off})
}

func (p *devicePort) change(c engine.MixChange) {
	select {
	case p.changes <- c:
	default: // nobody turns a volume faster than that
	}
}

// alter passes a change on. Only the owner calls it.
func (p *devicePort) alter(c engine.MixChange) {
	if p.h == nil || !p.opened {
		return
	}
	_, err := p.h.call(engine.Request{Cmd: engine.CmdMix, Change: &c}, mixLimit, p.closing)
	if err != nil && !errors.Is(err, ErrClosed) {
		p.log.Warn("the mixer", "err", err) // a process that hangs is found when it is needed
	}
}

// mixIs takes over what the mixer says; nil: there is none.
func (p *devicePort) mixIs(m *Levels) {
	p.mu.Lock()
	was := p.info.Mixer
	p.info.Mixer = m
	p.mu.Unlock()
	if was == nil && m == nil || was != nil && m != nil && was.Equal(*m) {
		return
	}
	select {
	case p.mixed <- struct{}{}:
	default:
	}
}

// mixer takes what opening the device has told of its mixer.
func (p *devicePort) mixer(o *engine.Opened) {
	p.mixIs(o.Mix)
	note := strings.Join(o.Mended, "; ")
	if o.Trouble != "" {
		p.log.Warn("the volume of the card can't be seen or set", "err", o.Trouble)
	}
	if note == "" {
		return
	}
	p.log.Warn("sound that nobody could hear was turned up", "device", o.Output.Name, "what", note)
	p.mu.Lock()
	p.info.Mended = note
	p.mu.Unlock()
}
