package devices

import (
	"fmt"
	"time"
)

// hp drives the HP Internet Handset (03f0:1c07): a handset with a cradle, whose
// descriptor is not known. Source: arkygeek/voipHandset, deviceInfo.txt, device.py
// and the table of codes in its history.
//
//	input    00 CC               CC = key<<2 | pressed<<1 | lifted
//	feature  (to it) 1 byte      bit 0 sound to the base's speaker, 4 handset light, 6 mute light
//	feature  (from it) 64 bytes  byte 2 bit 0 lifted
//
// It has no ringer of its own: what it rings with is sound, through the base.
//
// The source says that lifting alone is reported only at times, but compared a whole
// code with one of many, so that may be an error. Until the handset has shown that it
// tells by itself, it is asked twice a second, as the source does.
type hp struct {
	name   string
	keys   handKeys
	lifted bool
	seen   bool // a report or an answer has told where the handset is
	last   byte // key of the last report
	told   bool // lifted, by the last report or at the beginning
	tells  bool // of lifting by itself
	next   time.Time
}

const hpPoll = 500 * time.Millisecond

var hpKeys = keyTable{
	0x01: keypadKey('1'), 0x02: keypadKey('2'), 0x03: keypadKey('3'),
	0x04: keypadKey('4'), 0x05: keypadKey('5'), 0x06: keypadKey('6'),
	0x07: keypadKey('7'), 0x08: keypadKey('8'), 0x09: keypadKey('9'),
	0x0A: keypadKey('*'), 0x0B: keypadKey('0'), 0x0C: keypadKey('#'),
	0x0D: {Kind: SendPress}, 0x10: {Kind: DropPress}, 0x11: {Kind: MutePress}, 0x12: {Kind: HoldPress},
	0x0E: {Kind: VolumeUp}, 0x13: {Kind: VolumeDown},
	// 0F is the big N and 14 the contacts key.
}

func newHP(name string) driver { return &hp{name: name, keys: handKeys{table: hpKeys}} }

func (d *hp) about() about {
	return about{
		driver: "hp-internet-handset", name: d.name, kind: Handset,
		controls: d.keys.controls(true), lights: []string{"off-hook", "mute", "speaker"},
	}
}

func (d *hp) longest() int          { return 2 }
func (d *hp) questions() []question { return []question{{feature: true, size: 64}} }
func (d *hp) opened() (bool, error) { return d.lifted, nil }
func (d *hp) astray() bool          { return false }

func (d *hp) answer(_ question, raw []byte, _ time.Time) error {
	if len(raw) < 3 {
		return fmt.Errorf("the state of the handset has %d bytes, at least 3 are needed", len(raw))
	}
	if !d.seen {
		d.seen, d.lifted, d.told = true, raw[2]&1 != 0, raw[2]&1 != 0
	}
	return nil
}

func (d *hp) take(raw []byte, _ time.Time, opening bool) ([]Event, error) {
	if len(raw) < 2 || raw[0] != 0 {
		return nil, fmt.Errorf("no report of this handset: % x", raw[:min(len(raw), 8)])
	}
	code, pressed, lifted := raw[1]>>2, raw[1]&2 != 0, raw[1]&1 != 0
	d.tells = d.tells || d.seen && lifted != d.told && !pressed && code == d.last
	d.last, d.told = code, lifted
	var events []Event
	if lifted && !d.lifted && (d.seen || !opening) {
		events = append(events, Event{Kind: OffHook})
	}
	putDown := !lifted && d.lifted && (d.seen || !opening)
	d.seen, d.lifted = true, lifted
	if pressed {
		events = append(events, d.keys.press(code)...)
	} else {
		events = append(events, d.keys.release()...)
	}
	if putDown {
		events = append(events, Event{Kind: OnHook})
	}
	return events, nil
}

func (d *hp) show(i Indicators, _ time.Time)         { d.keys.show(i) }
func (d *hp) shown(Indicators) bool                  { return true }
func (d *hp) wrote(time.Time)                        {}
func (d *hp) writing(message, Indicators, time.Time) {}

func (d *hp) due() time.Time {
	switch {
	case d.tells:
		return time.Time{}
	case d.next.IsZero():
		return soon
	}
	return d.next
}

// talk asks for the state, save at the beginning, when it is asked for anyway.
func (d *hp) talk(now time.Time) ([]message, []Event) {
	first := d.next.IsZero()
	d.next = now.Add(hpPoll)
	if first {
		return nil, nil
	}
	return []message{{feature: true, report: []byte{0}, read: 64}}, nil
}

func (d *hp) heard(_ message, raw []byte, _ time.Time) []Event {
	if len(raw) < 3 || d.tells || raw[2]&1 != 0 == d.lifted {
		return nil
	}
	d.seen, d.lifted = true, !d.lifted
	if d.lifted {
		return []Event{{Kind: OffHook}}
	}
	return []Event{{Kind: OnHook}}
}

// render sends the sound to the base while it rings, so that it is heard there.
func (d *hp) render(i Indicators) []message {
	var b byte
	if i.Ring || i.Speaker {
		b |= 1 << 0
	}
	if i.OffHook || i.Ring {
		b |= 1 << 4
	}
	if i.Mute {
		b |= 1 << 6
	}
	return []message{{feature: true, report: []byte{0, b}}}
}
