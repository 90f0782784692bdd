package virtual

import (
	"maps"
	"time"
)

// firmware is a phone with a protocol of its own, as its maker built it. It is
// written from what is known of the phone and shares nothing with the driver. All
// methods are called with Phone.mu held. Reports are as the host reads them.
type firmware interface {
	// press and release give the reports that a key makes; nil of press: there is
	// no such key. Keys are "0" to "9", "*", "#", and the names of package
	// devices ("mute", "hold", "volume-up"); "green" and "red" are the two keys
	// with the receivers.
	press(key string) [][]byte
	release(key string) [][]byte
	// hook gives the reports of a cradle; it is not called without one.
	hook(lifted bool) [][]byte
	// opened gives what the phone sends when a host begins to read.
	opened() [][]byte

	// take reads an output report, and takeFeature a feature report, the first
	// byte the ID, 0 where there are none.
	take(rep []byte)
	takeFeature(rep []byte) bool
	// getInput and getFeature answer GET_REPORT; nil is a stall.
	getInput(id uint8) []byte
	getFeature(id uint8) []byte

	// answers gives what the phone sends because of the reports that it took.
	answers() [][]byte

	// dark is what losing power does to lights and display, lights and display
	// what they show.
	dark()
	lights() map[string]bool
	display() []string
}

// held is a firmware whose keys have to be held for a while to be noticed.
type held interface{ hold() time.Duration }

// plain is what a firmware does that has no cradle, lights and so on.
type plain struct{}

func (plain) hook(bool) [][]byte      { return nil }
func (plain) opened() [][]byte        { return nil }
func (plain) take([]byte)             {}
func (plain) takeFeature([]byte) bool { return false }
func (plain) getInput(uint8) []byte   { return nil }
func (plain) getFeature(uint8) []byte { return nil }
func (plain) answers() [][]byte       { return nil }
func (plain) dark()                   {}
func (plain) lights() map[string]bool { return nil }
func (plain) display() []string       { return nil }

// pressMaker presses and releases keys, one after the other.
func (p *Phone) pressMaker(keys ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged {
		return ErrUnplugged
	}
	for _, key := range keys {
		down := p.maker.press(key)
		if down == nil {
			return p.lacks(key + " key")
		}
		p.sendAll(down)
		if err := p.holding(); err != nil {
			return err
		}
		p.sendAll(p.maker.release(key))
		if err := p.holding(); err != nil {
			return err
		}
	}
	return nil
}

// holding lets the time pass that the phone needs to notice a key, or that it is let
// go. p.mu is held, but not meanwhile.
func (p *Phone) holding() error {
	h, ok := p.maker.(held)
	if !ok {
		return nil
	}
	p.mu.Unlock()
	time.Sleep(h.hold())
	p.mu.Lock()
	if !p.plugged {
		return ErrUnplugged
	}
	return nil
}

// sendAll sends input reports. p.mu is held.
func (p *Phone) sendAll(reports [][]byte) {
	for _, rep := range reports {
		p.send(rep)
	}
}

// takeFeature is the firmware's handling of one feature report.
func (p *Phone) takeFeature(rep []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged || p.maker == nil || len(rep) == 0 {
		return false
	}
	p.record(true, rep)
	p.reports++
	ok := p.maker.takeFeature(rep)
	p.look()
	p.sendAll(p.maker.answers())
	p.touch()
	return ok
}

// look takes over what the lights show. p.mu is held.
func (p *Phone) look() { p.lights = maps.Clone(p.maker.lights()) }
