package media

import (
	"log/slog"
	"math"
	"sync"
	"time"

	"offhook/media/dsp"
	"offhook/media/sound"
	"offhook/media/tone"
)

// EndpointConfig configures an Endpoint. Callbacks may be nil and must return
// soon; they may call Set, Beep, Levels and State, not Close.
type EndpointConfig struct {
	Logger *slog.Logger // nil: discard

	// Tones is how tones sound, those of a country for one; nil: tone.Default.
	Tones tone.Plan
	// Ringer is what is heard for tone.Ring, sound.Rate, over and over with a
	// pause between; empty: what Tones says. It is not to be changed.
	Ringer []int16

	// Clean is what is done to the microphone: nothing for a handset at the ear,
	// all of it for a speakerphone. Without libspeexdsp in the build it is
	// logged, and not done.
	Clean dsp.Options
	// Sidetone is how loud its user's voice is in the ear beside the call's, in
	// dB, -40 to -6; 0: not at all, which is right for devices that make their
	// own.
	Sidetone float64

	// OnMutedTalk is called, on the sound port's goroutine, when somebody speaks
	// into the muted microphone of a call; a soft beep tells the talker as well.
	// Not more often than every 15 s.
	OnMutedTalk func()

	// OnFirstSound is called once after each Set, with the first period that
	// is not silent (above -60 dBFS), what fades out from before not counted.
	// It runs on the sound port's goroutine.
	OnFirstSound func(at time.Time, plan Plan)

	// OnLevels is called when the mixer of the device has become another, by
	// whomever, from the same goroutine as OnState.
	OnLevels func(sound.Levels)

	// OnState is called when the state of the port has changed, in order, from
	// the goroutine that opens and closes it.
	OnState func(State)
}

// Endpoint is the sound of one handset. It owns a port: opens it when a plan
// needs it, and closes it idleClose after the last use. What is heard and said
// in between follows the Plan set last.
//
//	           ┌── Session.Pull ──┐
//	ear ◄─ mix ┤   tone, ring     │   faded over 5 ms where the plan changes
//	           └── beep           │
//	mic ──► Session.Push (or silence, or nothing)
//
// All methods may be called from any goroutine.
type Endpoint struct {
	cfg  EndpointConfig
	log  *slog.Logger
	port sound.Port

	wake   chan struct{} // capacity 1: the plan changed
	again  chan struct{} // capacity 1: what failed may work now
	quit   chan struct{}
	done   chan struct{}
	ending sync.Once
	volume volume

	// mu guards all that follows. process holds it for the period it makes, so
	// that once Set has returned not one sample follows the old plan.
	mu     sync.Mutex
	plan   Plan
	fresh  bool // OnFirstSound is still owed for plan
	state  State
	closed bool
	mix    mixer
}

// mixer is what process keeps between periods.
type mixer struct {
	heard    *Session  // whom the last period played
	told     *Session  // who got the last period's microphone, unmuted
	plan     tone.Plan // how tones sound
	ringer   ringer
	cleaner  *dsp.Cleaner // nil: none
	clean    [sound.Period]int16
	sidetone int32 // 1/4096
	side     [sound.Period]int16
	muted    mutedTalk
	tone     tone.Generator
	ring     tone.Generator
	beep     tone.Generator
	beepLeft int // samples until the beep is let go
	mic, ear meter
	limit    limiter
	conf     *conference // made with the first
	sum      [sound.Period]int32
	part     [sound.Period]int16
}

const (
	fadePeriod  = sound.Rate / 200 // 5 ms
	audiblePeak = 32               // -60 dBFS
)

// NewEndpoint takes ownership of port. Nothing is opened before a plan needs
// it.
func NewEndpoint(port sound.Port, cfg EndpointConfig) *Endpoint {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Endpoint{
		cfg: cfg, log: cfg.Logger, port: port,
		wake: make(chan struct{}, 1), again: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	e.mix.ringer.samples, e.mix.plan = cfg.Ringer, cfg.Tones
	if cfg.Clean != (dsp.Options{}) {
		c, err := dsp.New(cfg.Clean)
		if err != nil {
			e.log.Warn("sound: the microphone is used as it is", "err", err)
		}
		e.mix.cleaner = c
	}
	if cfg.Sidetone < 0 {
		e.mix.sidetone = int32(4096 * math.Pow(10, max(-40, cfg.Sidetone)/20))
	}
	e.mix.silence()
	go e.keep()
	return e
}

// Set changes the plan, at once and as a whole: when it returns, no period is
// made by the old one any more. It never waits for the port to open.
func (e *Endpoint) Set(p Plan) {
	e.mu.Lock()
	changed := p != e.plan
	e.plan = p
	e.fresh = e.fresh && !changed || changed && !p.OnHook()
	e.mu.Unlock()
	if changed {
		e.nudge()
	}
}

// Beep plays a tone for a while on top of the plan: a key click, the DTMF of a
// key as its user hears it. A running beep gives way. Without a plan, or with
// the port closed, there is no beep: on hook means silence.
func (e *Endpoint) Beep(t tone.Tone, d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan.OnHook() || e.state.Status != Open {
		return
	}
	e.mix.beep.Set(t)
	e.mix.beepLeft = int(d.Seconds() * sound.Rate)
}

// StepVolume makes the ear one step of 3 dB louder or softer: by the mixer of the device, or where that has none,
// for speech alone, between -24 and +12 dB. Through a desktop's sound server it does nothing: the desktop has seen the
// same key.
func (e *Endpoint) StepVolume(up bool) {
	if e.port.Info().Shared {
		return
	}
	if m, ok := e.port.(sound.Mixing); ok {
		if l, ok := m.Levels(); ok && l.Output != nil {
			if up {
				m.StepVolume(volumeStep)
			} else {
				m.StepVolume(-volumeStep)
			}
			return
		}
	}
	e.volume.step(up)
}

// Mixer tells how the mixer of the device is; false: it has none.
func (e *Endpoint) Mixer() (sound.Levels, bool) {
	if m, ok := e.port.(sound.Mixing); ok {
		return m.Levels()
	}
	return sound.Levels{}, false
}

// UnmuteMicrophone takes back a mute that somebody has set in the mixer of the device.
func (e *Endpoint) UnmuteMicrophone() {
	if m, ok := e.port.(sound.Mixing); ok {
		m.UnmuteMicrophone()
	}
}

// Levels gives the short-time RMS level (about 50 ms) of the microphone and of
// the ear in dBFS: 0 is a full-scale square wave, a full-scale sine is -3,
// SilentLevel the floor. The microphone's is SilentLevel unless its sound is
// wanted for a call; muted, it is still shown.
func (e *Endpoint) Levels() (mic, ear float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mix.mic.level(), e.mix.ear.level()
}

// process makes one period. It is the port's Process.
func (e *Endpoint) process(mic, ear []int16) {
	e.mu.Lock()
	plan := e.plan
	if e.closed || len(ear) != sound.Period || len(mic) != sound.Period {
		clear(ear)
		e.mu.Unlock()
		return
	}
	mic = e.mix.tidy(&plan, mic)
	warn := e.mix.warn(&plan, mic)
	if plan.conferring() {
		e.mix.confer(&plan, mic)
	} else {
		e.mix.capture(plan, mic)
	}
	audible := e.mix.play(&plan, &e.volume, ear)
	if e.mix.cleaner != nil {
		e.mix.cleaner.Played(ear)
	}
	first := audible && e.fresh
	if first {
		e.fresh = false
	}
	e.mu.Unlock()
	if warn && e.cfg.OnMutedTalk != nil {
		e.cfg.OnMutedTalk()
	}
	if first && e.cfg.OnFirstSound != nil {
		e.cfg.OnFirstSound(time.Now(), plan)
	}
}

// capture sends the microphone where the plan wants it. A microphone that is
// let in (again) fades in; one that is shut out is so from this period on.
func (m *mixer) capture(plan Plan, mic []int16) {
	to := plan.told()
	if to == nil {
		m.told = nil
		m.mic.silence()
		return
	}
	m.mic.add(mic)
	if plan.MuteMic {
		m.told = nil
		to.Push(nil)
		return
	}
	if m.told != to {
		m.told = to
		copy(m.part[:], mic)
		fadeIn(m.part[:])
		mic = m.part[:]
	}
	to.Push(mic)
}

// confer gives every call of a conference what the others said, and the
// microphone unless it is muted. play then adds what it pulled to the ear.
func (m *mixer) confer(plan *Plan, mic []int16) {
	if m.conf == nil {
		m.conf = new(conference)
	}
	m.mic.add(mic)
	m.conf.pull(plan)
	if plan.MuteMic {
		m.told = nil
		m.conf.push(plan, nil)
		return
	}
	if m.told == nil {
		copy(m.part[:], mic)
		fadeIn(m.part[:])
		mic = m.part[:]
	}
	m.told = plan.Session
	m.conf.push(plan, mic)
}

// play mixes what the plan wants heard into ear. It tells whether something of
// the present plan is audible.
func (m *mixer) play(plan *Plan, v *volume, ear []int16) (audible bool) {
	clear(m.sum[:])
	now, before := plan.heard(), m.heard
	m.heard = now
	switch {
	case plan.conferring():
		copy(m.sum[:], m.conf.sum[:])
		v.apply(m.sum[:])
		for s := range plan.everybody {
			if s == before {
				before = nil // goes on
			}
		}
	case now != nil:
		now.Pull(m.part[:])
		if now != before {
			fadeIn(m.part[:])
		}
		m.add()
		v.apply(m.sum[:])
	}
	for _, s := range m.sum {
		if s > audiblePeak || s < -audiblePeak {
			audible = true
			break
		}
	}
	say, ring := plan.Tone, plan.Ring
	if len(m.ringer.samples) > 0 {
		say, ring = m.ringer.instead(say), m.ringer.instead(ring)
		if m.ringer.fill(m.part[:], plan.Tone == tone.Ring || plan.Ring == tone.Ring) {
			audible = audible || loud(m.part[:])
			m.add()
		}
	}
	if m.sidetone != 0 && plan.told() != nil && !plan.MuteMic {
		for i, s := range m.side {
			m.sum[i] += int32(s) * m.sidetone >> 12
		}
	}
	audible = m.sing(&m.tone, say) || audible
	audible = m.sing(&m.ring, ring) || audible
	if m.beepLeft -= sound.Period; m.beepLeft <= 0 || plan.OnHook() {
		m.beepLeft = 0
		m.beep.Set(tone.None)
	}
	m.sing(&m.beep, m.beep.Tone())
	if before != nil && before != now {
		before.Pull(m.part[:])
		v.scale(m.part[:])
		fadeOut(m.part[:])
		m.add()
	}
	m.limit.apply(ear, m.sum[:])
	m.ear.add(ear)
	return audible
}

// sing adds a generator's tone. Generators fade by themselves. It tells whether
// the tone is audible, one that fades away not counted.
func (m *mixer) sing(g *tone.Generator, t tone.Tone) (audible bool) {
	if g.Tone() != t {
		g.Set(t)
	}
	if !g.Silent() {
		g.Fill(m.part[:])
		m.add()
		audible = t != tone.None && loud(m.part[:])
	}
	return audible
}

// loud tells whether a period is above -60 dBFS somewhere.
func loud(x []int16) bool {
	for _, s := range x {
		if s > audiblePeak || s < -audiblePeak {
			return true
		}
	}
	return false
}

func (m *mixer) add() {
	for i, s := range m.part {
		m.sum[i] += int32(s)
	}
}

// silence forgets all sound: the port was closed.
func (m *mixer) silence() {
	m.heard, m.told, m.beepLeft = nil, nil, 0
	m.limit = limiter{}
	m.tone, m.ring, m.beep = tone.Generator{Plan: m.plan}, tone.Generator{Plan: m.plan}, tone.Generator{Plan: m.plan}
	m.ringer.at, m.ringer.level = 0, 0
	m.mic.silence()
	m.ear.silence()
}

func fadeIn(x []int16) {
	for i := range int32(fadePeriod) {
		x[i] = int16(int32(x[i]) * i / fadePeriod)
	}
}

func fadeOut(x []int16) {
	for i := range int32(fadePeriod) {
		x[i] = int16(int32(x[i]) * (fadePeriod - i) / fadePeriod)
	}
	clear(x[fadePeriod:])
}
