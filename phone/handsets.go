package phone

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
	"offhook/media"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/desk"
)

// handset is one phone or headset: its HID side, its sound, and for an emulated one the hand that presses its keys.
type handset struct {
	id      desk.HandsetID
	device  *devices.Device // nil while unplugged
	virtual *virtual.Phone  // nil for real ones
	sound   *media.Endpoint // nil when it has none
	path    string
	name    string // also while unplugged
	kind    string
	port    string // what the sound goes through, in words
	problem string // why it has no sound at all
	trouble string // what is wrong with its port, until that has opened again
	gone    string // why it went away, "" when the cable was pulled
	shown   media.Plan
	clock   *time.Timer // counts the call on the display; nil when there is nothing to count
}

// maxHandsets is how many handsets, most of them unplugged, are remembered.
const maxHandsets = 32

// Sound is what Attach is told of the sound of a handset.
type Sound struct {
	Port sound.Port // nil: none
	Name string     // in words, for the status
	Err  error      // why there is none
}

// Attach hands the phone an opened device. A device with the ID of one that was unplugged is that one again: it keeps
// its sound and its call, and s is closed unless the earlier one had none.
func (p *Phone) Attach(d *devices.Device, path string, s Sound) {
	p.attach(d, nil, path, s)
}

// close lets go of a port that nobody took.
func (s Sound) close() {
	if s.Port != nil {
		s.Port.Close()
	}
}

// AttachVirtual plugs in an emulated phone. It owns s from now on, whatever it returns.
func (p *Phone) AttachVirtual(v *virtual.Phone, s Sound) error {
	t, err := v.Plug()
	if err != nil {
		s.close()
		return fmt.Errorf("plugging in the emulated phone: %w", err)
	}
	models := append(slices.Clone(p.cfg.Models), v.Profile().Model) // an emulated phone tells by itself
	d, err := devices.Open(t, devices.Options{Logger: p.log, Profiles: p.cfg.Profiles, Models: models})
	if err != nil {
		s.close()
		return fmt.Errorf("opening the emulated phone: %w", err)
	}
	p.attach(d, v, t.Info().Path, s)
	return nil
}

func (p *Phone) attach(d *devices.Device, v *virtual.Phone, path string, s Sound) {
	ok := p.inbox.post(func() {
		if p.ending {
			closeInBackground(d)
			s.close()
			return
		}
		id := desk.HandsetID(d.ID())
		h := p.handsets[id]
		if h == nil {
			p.forgetOldest()
			h = &handset{id: id}
			p.handsets[id] = h
			p.order = append(p.order, id)
		}
		if h.device != nil && h.device != d {
			closeInBackground(h.device)
		}
		h.device, h.virtual, h.path, h.gone = d, v, path, ""
		h.name, h.kind = d.Name(), d.Kind().String()
		h.takeSound(p, s)
		p.log.Info("handset plugged in", "handset", id, "name", d.Name(), "kind", d.Kind(), "driver", d.Driver())
		p.send(control.Event{Type: control.EventHandset, Handset: string(id), State: "plugged"})
		p.feed(desk.HandsetPlugged{Handset: id, Cradled: d.Kind().Cradled(), Lifted: d.Lifted()})
		go p.routineDevice(id, d)
	})
	if !ok {
		closeInBackground(d)
		s.close()
	}
}

// forgetOldest makes room for one more handset: a docking station in daily use, or a device without a serial number
// that is plugged in here and there, must not fill the memory.
func (p *Phone) forgetOldest() {
	if len(p.order) < maxHandsets {
		return
	}
	for i, id := range p.order {
		h := p.handsets[id]
		if h.device != nil || p.owns(id) {
			continue
		}
		p.order = slices.Delete(p.order, i, i+1)
		delete(p.handsets, id)
		if h.sound != nil {
			go h.sound.Close()
		}
		return
	}
}

// owns tells whether a handset has a call, if only one that waits for it.
func (p *Phone) owns(id desk.HandsetID) bool {
	return slices.ContainsFunc(p.state.Calls(), func(c desk.Call) bool { return c.Handset == id })
}

// takeSound gives the handset its sound port. One that was plugged in again keeps the port it had, unless its card has
// another number now.
func (h *handset) takeSound(p *Phone, s Sound) {
	switch {
	case s.Err != nil && h.sound == nil:
		h.problem = "no sound: " + s.Err.Error()
		p.log.Error("a handset has no sound", "handset", h.id, "error", s.Err)
	case s.Port != nil && (h.sound == nil || h.port != s.Name):
		if old := h.sound; old != nil {
			go old.Close() // its card is gone: closing may take a while
		}
		h.problem, h.trouble, h.shown = "", "", media.Plan{}
		h.port = s.Name
		var e *media.Endpoint
		e = media.NewEndpoint(s.Port, media.EndpointConfig{
			Logger: p.log,
			OnState: func(st media.State) {
				p.inbox.post(func() {
					if h.sound == e {
						p.soundState(h, st)
					}
				})
			},
		})
		h.sound = e
	default:
		s.close()
	}
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

// routineDevice passes on a device's events until it is closed or gone.
func (p *Phone) routineDevice(id desk.HandsetID, d *devices.Device) {
	for e := range d.Events() {
		p.inbox.post(func() { p.fromDevice(id, d, e) })
	}
	p.inbox.post(func() { p.gone(id, d) })
}

// gone handles the end of a device: unplugged, or closed by us.
func (p *Phone) gone(id desk.HandsetID, d *devices.Device) {
	h := p.handsets[id]
	if p.ending || h == nil || h.device != d {
		return // replaced meanwhile
	}
	h.device = nil
	reason := "unplugged"
	if err := d.Err(); err != nil {
		reason = err.Error()
		if !errors.Is(err, hid.ErrGone) {
			h.gone = reason
		}
	}
	closeInBackground(d)
	p.log.Info("handset gone", "handset", id, "reason", reason)
	p.send(control.Event{Type: control.EventHandset, Handset: string(id), State: "unplugged", Reason: reason})
	p.feed(desk.HandsetUnplugged{Handset: id})
}

// fromDevice translates one event of a device for the state machine.
func (p *Phone) fromDevice(id desk.HandsetID, d *devices.Device, e devices.Event) {
	h := p.handsets[id]
	if h == nil || h.device != d {
		return
	}
	switch e.Kind {
	case devices.KeyDown:
		p.send(control.Event{Type: control.EventKey, Handset: string(id), Key: string(rune(e.Key))})
	case devices.KeyUp:
		return
	default:
		p.send(control.Event{Type: control.EventHandset, Handset: string(id), State: e.Kind.String(), Control: e.Kind.String()})
	}
	switch e.Kind {
	case devices.OffHook:
		p.feed(desk.Lifted{Handset: id})
	case devices.OnHook:
		p.feed(desk.PutDown{Handset: id})
	case devices.KeyDown:
		p.feed(desk.KeyPressed{Handset: id, Key: e.Key})
	case devices.Flash:
		p.feed(desk.FlashPressed{Handset: id})
	case devices.Redial:
		p.feed(desk.RedialPressed{Handset: id})
	case devices.MutePress:
		p.feed(desk.MutePressed{Handset: id})
	case devices.MuteOn:
		p.feed(desk.MuteSet{Handset: id, On: true})
	case devices.MuteOff:
		p.feed(desk.MuteSet{Handset: id, On: false})
	case devices.Reject:
		p.feed(desk.RejectPressed{Handset: id})
	case devices.HoldPress:
		p.feed(desk.HoldPressed{Handset: id})
	case devices.TransferPress:
		p.feed(desk.TransferPressed{Handset: id})
	case devices.DropPress:
		p.feed(desk.DropPressed{Handset: id})
	case devices.SendPress:
		p.feed(desk.SendPressed{Handset: id})
	case devices.VolumeUp, devices.VolumeDown:
		if h.sound != nil {
			h.sound.StepVolume(e.Kind == devices.VolumeUp)
		}
	case devices.DNDPress:
		p.feed(desk.CmdDND{On: !p.state.DND()})
	}
}

// tones are the sounds of the state machine's tones.
var tones = map[desk.Tone]tone.Tone{
	desk.ToneDial: tone.Dial, desk.ToneRingback: tone.Ringback, desk.ToneBusy: tone.Busy, desk.ToneReorder: tone.Reorder,
	desk.ToneConfirm: tone.Confirm, desk.ToneCallWaiting: tone.CallWaiting, desk.ToneRing: tone.Ring,
}

// show makes the handset's lights and sound those of the state.
func (h *handset) show(p *Phone) {
	h.showLights(p)
	if h.sound == nil {
		return
	}
	a := desk.Audio(p.state, h.id)
	plan := media.Plan{Tone: tones[a.Tone], MuteMic: a.Muted}
	if hs, ok := p.state.Handset(h.id); ok {
		// Nothing may be heard while digits are being pressed but their own tones.
		plan.OffHook = hs.Phase == desk.Collecting || hs.Phase == desk.Connected
	}
	if c := p.calls[a.Call]; c != nil {
		plan.Session, plan.Play, plan.Capture = c.session, a.Play, a.Capture
	}
	if plan != h.shown {
		h.shown = plan
		h.sound.Set(plan)
	}
}

func (h *handset) close() {
	h.stopClock()
	if h.sound != nil {
		h.sound.Close()
	}
	if h.device != nil {
		h.device.Close()
	}
}

// closeInBackground ends a device that the loop has no more use for; clearing its lights may take it a while.
func closeInBackground(d *devices.Device) { go d.Close() }

// timerKey names a timer of the state machine.
type timerKey struct {
	handset desk.HandsetID
	timer   desk.Timer
}

func (p *Phone) startTimer(a desk.StartTimer) {
	k := timerKey{a.Handset, a.Timer}
	if t := p.timers[k]; t != nil {
		t.Stop()
	}
	p.timers[k] = time.AfterFunc(a.After, func() {
		p.later(desk.TimerFired{Handset: a.Handset, Timer: a.Timer, Seq: a.Seq})
	})
}

func (p *Phone) stopTimer(a desk.StopTimer) {
	k := timerKey{a.Handset, a.Timer}
	if t := p.timers[k]; t != nil {
		t.Stop()
		delete(p.timers, k)
	}
}
