package virtual

import (
	"fmt"
	"os"
	"slices"
	"time"

	"offhook/devices"
	"offhook/devices/record"
)

// replay is a device as a recording has it: it says again what it said, at the same
// pace, to whoever opens it. What is written to it is only remembered.
type replay struct {
	plain
	gets map[uint8][]byte
}

func (r *replay) press(string) [][]byte    { return nil }
func (r *replay) release(string) [][]byte  { return nil }
func (r *replay) getInput(id uint8) []byte { return r.gets[id] }

// Replay makes a profile of a recording. The reports begin when the phone is
// opened, and again each time that it is plugged in.
func Replay(rec *record.Recording) Profile {
	gets := map[uint8][]byte{}
	var script []record.Entry
	for _, e := range rec.Entries {
		switch e.Dir {
		case record.Get:
			if gets[e.ID] == nil {
				gets[e.ID] = e.Report
			}
		case record.In:
			script = append(script, e)
		}
	}
	name := rec.Name
	if name == "" {
		name = fmt.Sprintf("%04x:%04x", rec.Vendor, rec.Product)
	}
	return Profile{
		Name: name, Description: "what a recording has", Kind: devices.Headset, Descriptor: rec.Descriptor,
		layout: bare, vendor: rec.Vendor, product: rec.Product, script: script,
		firmware: func() firmware { return &replay{gets: gets} },
	}
}

// Find is ByName, or Replay of the recording in a file of that name.
func Find(name string) (Profile, error) {
	p, err := ByName(name)
	if err == nil {
		return p, nil
	}
	f, ferr := os.Open(name)
	if ferr != nil {
		return Profile{}, fmt.Errorf("%w; nor is there a recording in a file of that name", err)
	}
	defer f.Close()
	rec, err := record.Read(f)
	if err != nil {
		return Profile{}, fmt.Errorf("%s: %w", name, err)
	}
	return Replay(rec), nil
}

// perform sends the reports of the script from now on, until the phone is
// unplugged. p.mu is held.
func (p *Phone) perform() {
	if len(p.profile.script) == 0 || p.performing != nil {
		return
	}
	script := slices.Clone(p.profile.script)
	begun := p.now()
	next := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for p.performing != nil && len(script) > 0 {
			if wait := script[0].At - p.now().Sub(begun); wait > 0 {
				p.performing.Reset(wait)
				return
			}
			p.send(script[0].Report)
			script = script[1:]
		}
	}
	p.performing = time.AfterFunc(script[0].At, next)
}

// interrupt ends perform. p.mu is held.
func (p *Phone) interrupt() {
	if p.performing != nil {
		p.performing.Stop()
		p.performing = nil
	}
}
