package phone

import (
	"offhook/media"
	"offhook/media/dsp"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
	"strings"
)

// Sound is what Attach is told of the sound of a handset.
type Sound struct {
	// Open opens the port; nil: there is none. It is called by a goroutine of its own, and only when the handset needs
	// a port: one that was plugged in again keeps the port that it had, unless Name is another. When it fails it is
	// called again at the next use of the handset.
	Open func() (sound.Port, error)
	Port sound.Port // is open already; Open is not called
	Name string     // in words, for the status
	Err  error      // why there is none
}

// close lets go of a port that nobody took.
func (s Sound) close() {
	if s.Port != nil {
		s.Port.Close()
	}
}

// takeSound gives the handset its sound. One that was plugged in again keeps the port it had, unless its card has
// another name now.
func (h *handset) takeSound(p *Phone, s Sound) {
	has := h.sound != nil || h.open != nil
	switch {
	case s.Err != nil && !has:
		h.noSound(p, s.Err)
	case (s.Port != nil || s.Open != nil) && (!has || h.port != s.Name):
		if old := h.sound; old != nil {
			go old.Close() // its card is gone: closing may take a while
		}
		h.sound, h.open, h.opening, h.port = nil, s.Open, false, s.Name
		h.problem, h.trouble, h.shown = "", "", media.Plan{}
		if s.Port != nil {
			h.use(p, s.Port)
		} else {
			h.openSound(p)
		}
	default:
		s.close()
		if h.sound != nil {
			h.sound.Retry() // its card is back
		} else {
			h.openSound(p)
		}
	}
}

func (h *handset) noSound(p *Phone, err error) {
	h.problem = "no sound: " + err.Error()
	p.log.Error("a handset has no sound", "handset", h.id, "error", err)
}

// openSound opens the handset's port, in the background: that takes a while.
func (h *handset) openSound(p *Phone) {
	if h.open == nil || h.opening {
		return
	}
	h.opening = true
	open, name := h.open, h.port
	go func() {
		port, err := open()
		if !p.inbox.post(func() { h.opened(p, name, port, err) }) && port != nil {
			port.Close()
		}
	}()
}

// opened takes what came of openSound.
func (h *handset) opened(p *Phone, name string, port sound.Port, err error) {
	if p.ending || h.port != name || h.sound != nil || p.handsets[h.id] != h {
		if port != nil {
			go port.Close()
		}
		return
	}
	h.opening = false
	if err != nil {
		h.noSound(p, err)
		p.send(control.Event{Type: control.EventError, Handset: string(h.id), Reason: h.problem})
		return
	}
	if h.problem != "" {
		h.problem = ""
		p.send(control.Event{Type: control.EventStatus, Handset: string(h.id)})
	}
	if what := port.Info().Mended; what != "" {
		p.send(control.Event{Type: control.EventStatus, Handset: string(h.id), Reason: what})
	}
	h.shown = media.Plan{}
	h.use(p, port)
	h.show(p)
}

// use makes an open port the handset's.
func (h *handset) use(p *Phone, port sound.Port) {
	var e *media.Endpoint
	cfg := p.cfg.Endpoint
	cfg.Logger = p.log
	if p.cfg.Speakerphones && strings.Contains(strings.ToLower(h.name), "speak") {
		cfg.Clean = dsp.Options{Echo: true, Noise: true, Gain: true}
	}
	cfg.OnMutedTalk = func() {
		p.inbox.post(func() {
			on := true
			p.send(control.Event{Type: control.EventMute, Handset: string(h.id), On: &on, Reason: "somebody speaks into the muted microphone"})
		})
	}
	cfg.OnState = func(st media.State) {
		p.inbox.post(func() {
			if h.sound == e {
				p.soundState(h, st)
			}
		})
	}
	cfg.OnLevels = func(l sound.Levels) {
		p.inbox.post(func() {
			if h.sound == e {
				p.mixed(h, l)
			}
		})
	}
	e = media.NewEndpoint(port, cfg)
	h.sound = e
}

// mixed notes how the mixer of a handset's card is. A mute of the microphone that was set there is the phone's mute.
func (p *Phone) mixed(h *handset, l sound.Levels) {
	if p.ending {
		return
	}
	was := h.cardMuted()
	h.mixer = &l
	p.send(control.Event{Type: control.EventStatus, Handset: string(h.id)})
	if muted := h.cardMuted(); muted != was {
		p.feed(desk.MuteSet{Handset: h.id, On: muted})
	}
}

// cardMuted tells whether the microphone is muted in the mixer.
func (h *handset) cardMuted() bool {
	return h.mixer != nil && h.mixer.Input != nil && h.mixer.Input.Muted
}

// soundState notes how a handset's port fares. What went wrong is kept until the port is open and well again: a handset
// that was put down meanwhile has not mended it.
func (p *Phone) soundState(h *handset, st media.State) {
	if p.ending {
		return
	}
	switch {
	case st.Err != nil:
		if text := "no sound: " + st.Err.Error(); text != h.trouble {
			h.trouble = text
			p.send(control.Event{Type: control.EventError, Handset: string(h.id), Reason: text})
		}
	case st.Status == media.Open && h.trouble != "":
		h.trouble = ""
		p.send(control.Event{Type: control.EventStatus, Handset: string(h.id)})
	}
}

// tones are the sounds of the state machine's tones.
var tones = map[desk.Tone]tone.Tone{
	desk.ToneDial: tone.Dial, desk.ToneRingback: tone.Ringback, desk.ToneBusy: tone.Busy, desk.ToneReorder: tone.Reorder,
	desk.ToneConfirm: tone.Confirm, desk.ToneCallWaiting: tone.CallWaiting, desk.ToneRing: tone.Ring,
}

// All that a conference of the desk can join, one of the media can: this builds only if they agree.
var _ [media.MaxJoined]struct{} = [desk.MaxJoined]struct{}{}

// show makes the handset's lights and sound those of the state.
func (h *handset) show(p *Phone) {
	h.showLights(p)
	a := desk.Audio(p.state, h.id)
	plan := media.Plan{Tone: tones[a.Tone], MuteMic: a.Muted}
	if plan.Tone == tone.Ring && p.ringsSpecially() {
		plan.Tone = tone.RingSpecial
	}
	if hs, ok := p.state.Handset(h.id); ok {
		// Nothing may be heard while digits are being pressed but their own tones.
		plan.OffHook = hs.Phase == desk.Collecting || hs.Phase == desk.Connected
	}
	if c := p.calls[a.Call]; c != nil {
		plan.Session, plan.Play, plan.Capture = c.session, a.Play, a.Capture
		n := 0
		for _, id := range a.Joined {
			if o := p.calls[id]; o != nil {
				plan.Joined[n] = o.session
				n++
			}
		}
	}
	if hs, ok := p.state.Handset(h.id); ok {
		if h.muted && !hs.Muted && h.cardMuted() && h.sound != nil {
			h.sound.UnmuteMicrophone() // or the light would lie
		}
		h.muted = hs.Muted
	}
	if plan == h.shown {
		return
	}
	began := h.shown.OnHook() && !plan.OnHook()
	h.shown = plan
	switch {
	case h.sound != nil:
		h.sound.Set(plan)
	case began:
		h.openSound(p)
	}
}
