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
	"offhook/phone/control"
	"offhook/phone/desk"
)

// handset is one phone or headset: its HID side, its sound, and for an emulated one the hand that presses its keys.
type handset struct {
	id      desk.HandsetID
	device  *devices.Device            // nil while unplugged
	virtual *virtual.Phone             // nil for real ones
	sound   *media.Endpoint            // nil when it has none
	open    func() (sound.Port, error) // opens its port; nil: there is none
	opening bool                       // open is under way
	path    string
	info    hid.Info // also while unplugged
	name    string   // also while unplugged
	kind    string
	port    string // what the sound goes through, in words
	problem string // why it has no sound at all
	trouble string // what is wrong with its port, until that has opened again
	gone    string // why it went away, "" when the cable was pulled
	shown   media.Plan
	mixer   *sound.Levels // of its sound device; nil: none, or not known yet
	muted   bool          // as it was shown last
	clock   *time.Timer   // counts the call on the display; nil when there is nothing to count
}

// maxHandsets is how many handsets, most of them unplugged, are remembered.
const maxHandsets = 32

// Attach hands the phone an opened device. A device with the ID of one that was unplugged is that one again: it keeps
// its sound and its call, and s is closed unless the earlier one had none.
func (p *Phone) Attach(d *devices.Device, path string, s Sound) {
	p.attach(d, nil, path, s)
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
		h.info = d.Info()
		h.name, h.kind = d.Name(), d.Kind().String()
		h.takeSound(p, s)
		p.log.Info("handset plugged in", "handset", id, "name", d.Name(), "kind", d.Kind(), "driver", d.Driver())
		p.send(control.Event{Type: control.EventHandset, Handset: string(id), State: "plugged"})
		p.feed(desk.HandsetPlugged{
			Handset: id, Cradled: d.Kind().Cradled(), Lifted: d.Lifted(), Bell: ringsBySound(d), Line: p.line(d),
		})
		go p.routineDevice(id, d)
	})
	if !ok {
		closeInBackground(d)
		s.close()
	}
}

// line is what the user connected a device to.
func (p *Phone) line(d *devices.Device) desk.Line {
	if p.cfg.Line == nil {
		return desk.Line{}
	}
	return p.cfg.Line(d.Info())
}

// ringsBySound tells a handset without a cradle that has no ringer of its own.
func ringsBySound(d *devices.Device) bool {
	ringer := func(light string) bool { return light == "ring" || light == "ringer" }
	return d.Kind() == devices.KeyedHandset && !slices.ContainsFunc(d.Lights(), ringer)
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
	talking := desk.CallID("")
	if hs, ok := p.state.Handset(id); ok {
		talking = hs.Foreground
	}
	p.feed(desk.HandsetUnplugged{Handset: id})
	p.fallBack(h, talking)
}

// fallBack lets the conversation of a handset that was unplugged go on at the one that the configuration names for that.
// One that can't take it, since it is in use or in its cradle, leaves it on hold.
func (p *Phone) fallBack(h *handset, call desk.CallID) {
	if _, still := p.state.Call(call); !still || p.cfg.Fallback == nil {
		return
	}
	for _, id := range p.order {
		other := p.handsets[id]
		if other.device == nil || !p.cfg.Fallback(h.info, other.info) {
			continue
		}
		p.log.Info("a conversation moves to the fallback of its handset", "call", call, "from", h.id, "to", id)
		p.feed(desk.CmdResume{Call: call, Handset: id})
		if c, ok := p.state.Call(call); ok && c.Handset == id {
			return
		}
	}
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
	case devices.ConferencePress:
		p.feed(desk.ConferencePressed{Handset: id})
	case devices.DropPress:
		p.feed(desk.DropPressed{Handset: id})
	case devices.SendPress:
		p.feed(desk.SendPressed{Handset: id})
	case devices.VolumeUp, devices.VolumeDown:
		// A headset's are the desktop's, to which the kernel gives them as well.
		if h.sound != nil && (d.Kind() != devices.Headset || h.virtual != nil) {
			h.sound.StepVolume(e.Kind == devices.VolumeUp)
		}
	case devices.ClearPress:
		p.feed(desk.ClearPressed{Handset: id})
	case devices.DNDPress:
		p.feed(desk.CmdDND{On: !p.state.DND()})
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
