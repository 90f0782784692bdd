package virtual

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"offhook/hid"
)

// ErrUnplugged is given by keys pressed on a phone without its cable.
var ErrUnplugged = errors.New("the emulated phone is unplugged")

// historyLength bounds the raw reports that a phone remembers.
const historyLength = 256

// Phone is one emulated phone. Its zero value is not usable; see New.
type Phone struct {
	profile Profile
	layout  *layout
	maker   firmware      // of a phone with a protocol of its own, else nil
	sizes   map[uint8]int // payload bytes of each output report
	now     func() time.Time
	serial  string

	mu      sync.Mutex // guards everything below
	plugged bool
	open    []*handle
	lifted  bool // hook: cradle, or what the headset believes
	muted   bool // mute switch
	pressed map[string]bool
	keys    uint32 // code on the keypad field, the idle code between keys
	volume  byte   // bits 1 up, 2 down

	lights     map[string]bool
	text       [][]byte
	reports    int
	last       map[uint8][]byte // payload of the last output report of each ID
	history    []Report
	changed    chan struct{} // closed and replaced at each change
	performing *time.Timer   // of the script of a recording, nil before and after
	owed       []func()      // answers that wait for AckDelay, oldest first
}

// Option changes how New makes a phone.
type Option func(*Phone)

// WithClock sets the clock of the history; the default is time.Now.
func WithClock(now func() time.Time) Option { return func(p *Phone) { p.now = now } }

// WithSerial sets the serial number that hosts see, for more than one phone.
func WithSerial(serial string) Option { return func(p *Phone) { p.serial = serial } }

// New makes a phone of a profile from this package, on-hook and plugged in.
func New(profile Profile, opts ...Option) *Phone {
	l := profile.layout
	if l == nil {
		panic("virtual: profile " + profile.Name + " was not made by Profiles or ByName")
	}
	p := &Phone{
		profile: profile, layout: l, sizes: l.outputs(), now: time.Now,
		serial: "virtual-1", plugged: true,
		pressed: map[string]bool{}, keys: l.keypad.idle,
		changed: make(chan struct{}), last: map[uint8][]byte{},
	}
	if profile.firmware != nil {
		p.maker = profile.firmware()
	}
	for _, opt := range opts {
		opt(p)
	}
	p.dark()
	return p
}

// Profile gives the profile that the phone was made of.
func (p *Phone) Profile() Profile { return p.profile }

// dark puts lights and display as they are without power.
func (p *Phone) dark() {
	p.lights = map[string]bool{}
	if p.maker != nil {
		p.maker.dark()
		p.look()
		return
	}
	for _, li := range p.layout.lights {
		p.lights[li.name] = false
	}
	p.text = nil
	if d := p.layout.display; d != nil {
		for range d.rows {
			p.text = append(p.text, blank(d.cols))
		}
	}
}

func blank(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	return b
}

// Info is what a host learns from the bus.
func (p *Phone) Info() hid.Info {
	info := p.info()
	if p.profile.script != nil {
		info.Name, info.Manufacturer = p.profile.Name, ""
	}
	if p.profile.vendor != 0 {
		info.VendorID, info.ProductID = p.profile.vendor, p.profile.product
	}
	return info
}

func (p *Phone) info() hid.Info {
	return hid.Info{
		Path: "virtual:" + p.serial, Bus: "virtual",
		VendorID: 0x1209, ProductID: 0x0001,
		Name: "Offhook Virtual " + p.profile.Name, Manufacturer: "Offhook", Serial: p.serial,
		Phys: "virtual/" + p.serial, Interface: -1, Backend: "virtual",
	}
}

// Plug opens the phone as a host does after it was plugged in. Every call gives
// a device of its own; each gets all input reports. The error wraps hid.ErrGone
// while the phone is unplugged.
func (p *Phone) Plug() (hid.Device, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return nil, fmt.Errorf("open %s: %w", p.Info().Path, hid.ErrGone)
	}
	h := newHandle(p)
	p.open = append(p.open, h)
	if p.maker != nil {
		for _, rep := range p.maker.opened() {
			p.record(false, rep)
			h.put(rep)
		}
	} else if p.profile.ReportAtOpening {
		p.record(false, p.inputReport())
		h.put(p.inputReport())
	}
	p.perform()
	p.touch()
	return h, nil
}

// Unplug pulls the cable: reads and writes of every opened device fail with
// hid.ErrGone, lights and display go dark.
func (p *Phone) Unplug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return
	}
	p.plugged = false
	for _, h := range p.open {
		close(h.gone)
	}
	p.open = nil
	p.interrupt()
	p.dark()
	p.touch()
}

// Replug puts the cable back, so that Plug works again. The phone has the same
// serial number and, if it is a headset, starts on-hook.
func (p *Phone) Replug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plugged {
		return
	}
	p.plugged = true
	if !p.profile.Kind.Cradled() {
		p.lifted = false
	}
	p.muted = false
	p.touch()
}

// forget drops a device that its host closed.
func (p *Phone) forget(h *handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range p.open {
		if o == h {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
			break
		}
	}
	p.touch()
}

// inputReport is the telephony report as it stands, framed.
func (p *Phone) inputReport() []byte { return p.inputWith(p.lifted && !p.layout.hookRelative) }

// inputWith is the telephony report with the hook bit as given. p.mu is held.
func (p *Phone) inputWith(hook bool) []byte {
	l := p.layout
	b := make([]byte, l.size)
	if l.hook != none {
		put(b, l.hook, 1, bit(hook))
	}
	if l.muteLevel != none {
		put(b, l.muteLevel, 1, bit(p.muted))
	}
	for name := range p.pressed {
		put(b, l.keys[name], 1, 1)
	}
	if l.keypad.size > 0 {
		put(b, l.keypad.bit, l.keypad.size, p.keys)
	}
	if l.volumeInput == l.input {
		p.putVolume(b)
	}
	return l.frame(l.input, b)
}

// volumeReport is the report with the volume keys, framed. p.mu is held.
func (p *Phone) volumeReport() []byte {
	l := p.layout
	if l.volumeInput == l.input {
		return p.inputReport()
	}
	b := make([]byte, 1)
	p.putVolume(b)
	return l.frame(l.volumeInput, b)
}

func (p *Phone) putVolume(b []byte) {
	if p.layout.volumeUp != none {
		put(b, p.layout.volumeUp, 1, uint32(p.volume&1))
		put(b, p.layout.volumeDown, 1, uint32(p.volume>>1))
	}
}

func bit(on bool) uint32 {
	if on {
		return 1
	}
	return 0
}

// send puts an input report in the queue of every opener. p.mu is held.
func (p *Phone) send(rep []byte) {
	if !p.plugged {
		return
	}
	p.record(false, rep)
	for _, h := range p.open {
		h.put(rep)
	}
	p.touch()
}

// record remembers a raw report. p.mu is held.
func (p *Phone) record(out bool, rep []byte) {
	if len(p.history) == historyLength {
		p.history = append(p.history[:0], p.history[1:]...)
	}
	p.history = append(p.history, Report{At: p.now(), Out: out, Bytes: fmt.Sprintf("% x", rep)})
}

// touch wakes those who wait for a change. p.mu is held.
func (p *Phone) touch() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// take is the firmware's handling of one output report.
func (p *Phone) take(rep []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged || len(rep) == 0 {
		return
	}
	p.record(true, rep)
	p.reports++
	if p.maker != nil {
		p.maker.take(rep)
		p.look()
		p.sendAll(p.maker.answers())
		p.touch()
		return
	}
	id, payload := rep[0], rep[1:]
	if size, known := p.sizes[id]; !known || size != len(payload) {
		p.touch()
		return // firmware ignores reports of another length
	}
	p.last[id] = append(p.last[id][:0], payload...)
	before := maps.Clone(p.lights)
	for _, li := range p.layout.lights {
		if li.report == id {
			p.lights[li.name] = payload[li.bit/8]>>(li.bit%8)&1 == 1
		}
	}
	if d := p.layout.display; d != nil {
		switch {
		case id == d.control && payload[0]&1 == 1:
			for i := range p.text {
				p.text[i] = blank(d.cols)
			}
		case id == d.characters && int(payload[0]) < d.rows && int(payload[1]) < d.cols:
			copy(p.text[payload[0]][payload[1]:], payload[2:])
		}
	}
	p.touch()
	p.react(before, id)
}

// react does what the profile does after lights were written. p.mu is held.
func (p *Phone) react(before map[string]bool, id uint8) {
	hookWritten := false
	for _, li := range p.layout.lights {
		hookWritten = hookWritten || li.report == id && li.name == "off-hook"
	}
	hook := p.lights["off-hook"]
	switch {
	case p.profile.Kind.Cradled():
		if hook != before["off-hook"] && p.profile.AcknowledgesHook {
			p.later(func() { p.send(p.inputReport()) })
		}
	case hookWritten && p.lifted != hook:
		// A headset takes the host's word, also against its own button.
		p.lifted = hook
		if p.profile.AcknowledgesHook {
			p.later(func() { p.sendHook(hook) })
		}
	}
	if mute := p.lights["mute"]; mute != before["mute"] && p.layout.muteLevel != none {
		if p.muted != mute {
			p.muted = mute
			if p.profile.EchoesMute {
				p.later(func() { p.send(p.inputReport()) })
			}
		}
	} else if mute != before["mute"] && p.profile.EchoesMute {
		p.later(func() { p.click("mute") })
	}
}

// sendHook reports the hook: its level, or a press of the button. p.mu is held.
func (p *Phone) sendHook(level bool) {
	if p.layout.hookRelative {
		p.send(p.inputWith(true))
		p.send(p.inputWith(false))
		return
	}
	p.send(p.inputWith(level))
}

// later calls f with p.mu held, now or after AckDelay, in the order of the calls: timers of the same moment may fire in
// any, but firmware answers one thing after the other.
func (p *Phone) later(f func()) {
	if p.profile.AnswersTwice {
		once := f
		f = func() { once(); once() }
	}
	if p.profile.AckDelay <= 0 {
		f()
		return
	}
	p.owed = append(p.owed, f)
	time.AfterFunc(p.profile.AckDelay, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		next := p.owed[0]
		p.owed = p.owed[1:]
		next()
	})
}
