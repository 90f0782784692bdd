package devices

import (
	"fmt"
	"time"
)

// yealink drives the phones of Yealink with numbers 6993:b001 and 6993:b700, and
// the US Robotics USR9601, which has the same. Sources: see yealinkModel. Linux
// makes no hidraw node of them, so they are reached by libusb.
//
//	VERSION ─► INIT ─► KEYS ─► (HOOK) ─► KEYS ─►…    every 100 ms, a P4K or B2K every 50 ms
//	                     │ the counter of key events has changed
//	                     └─► SCANCODE of each event    FF: let go
//
// A phone of the second generation sends its scan codes by itself. Which generation
// it is, it shows by the length of its answers: both are tried in turn.
type yealink struct {
	numbers string // as the family is called, until the model is known
	twin    bool   // the labels of US Robotics
	model   *yealinkModel
	second  bool // generation
	begun   bool // INIT was sent
	keys    handKeys
	tried   int

	hookNext bool
	next     time.Time // of the next question
	asked    bool      // for a scan code, until it is answered or next
	counter  byte      // of key events, as last told
	counted  bool
	events   []byte // numbers of key events whose scan code is to be asked for

	lifted, seen bool
	strayed      bool
	bell         cadence
	line         yealinkLine
}

// yealinkLine is the telephone line of a B2K or B3G.
type yealinkLine struct {
	rings bool
	taken bool // the handset is switched to it
	until time.Time
}

// yealinkLinger is how long after the last sound of its bell the line stays
// switched to the handset: the pause between two is shorter.
const yealinkLinger = 6 * time.Second

func newYealink(name string) driver {
	return &yealink{numbers: name, bell: cadence{on: time.Second, off: 4 * time.Second}}
}

func newYealinkTwin(name string) driver {
	d := newYealink(name).(*yealink)
	d.twin = true
	return d
}

func (d *yealink) about() about {
	if d.model == nil {
		return about{driver: "yealink", name: d.numbers, kind: KeyedHandset, controls: []string{}, lights: []string{}}
	}
	a := about{
		driver: "yealink", name: d.model.name, kind: d.model.kind, lights: d.model.lights,
		controls: d.keys.controls(d.model.kind.Cradled()),
	}
	if d.twin {
		a.name = d.numbers
	}
	return a
}

func (d *yealink) longest() int                             { return yealinkG1 }
func (d *yealink) questions() []question                    { return nil }
func (d *yealink) answer(question, []byte, time.Time) error { return nil }
func (d *yealink) writing(message, Indicators, time.Time)   {}
func (d *yealink) wrote(time.Time)                          {}

func (d *yealink) shown(i Indicators) bool {
	return d.model == nil || d.model.kind.Cradled() || d.keys.offHook == i.OffHook
}

func (d *yealink) ready() bool {
	return d.model != nil && (!d.model.kind.Cradled() || d.seen) && (d.model.poll == 0 || d.counted)
}

func (d *yealink) opened() (bool, error) {
	if d.model == nil {
		return false, fmt.Errorf("%w: it does not answer as the phones with its numbers do", ErrNotTelephony)
	}
	return d.lifted, nil
}

func (d *yealink) astray() bool {
	strayed := d.strayed
	d.strayed = false
	return strayed
}

func (d *yealink) show(i Indicators, now time.Time) {
	d.keys.show(i)
	d.bell.ring(i.Ring, now)
}

// hostRings tells whether the host has to turn the ringer on and off.
func (d *yealink) hostRings() bool {
	return d.model != nil && (d.model.ringer == ringsByItself || d.model.ringer == notesOnce)
}

func (d *yealink) due() time.Time {
	due := d.next
	switch {
	case d.model == nil:
		if due.IsZero() {
			due = soon
		}
		return due
	case !d.begun, len(d.events) > 0 && !d.asked:
		return soon
	case d.model.poll == 0:
		due = time.Time{}
	}
	if d.hostRings() && d.bell.ringing {
		due = earliest(due, d.bell.next)
	}
	return due
}

// soon is a time that has passed, for what is due at once.
var soon = time.Unix(1, 0)

func (d *yealink) talk(now time.Time) ([]message, []Event) { return d.say(now), nil }

func (d *yealink) say(now time.Time) []message {
	switch {
	case d.model == nil:
		second := d.tried%2 == 1
		d.tried++
		d.next = now.Add(200 * time.Millisecond)
		if d.tried > 10 {
			d.next = now.Add(2 * time.Second) // what is plugged in there may never answer
		}
		return []message{yealinkPacket(second, yealinkVersion, 0, 0, 0)}
	case !d.begun:
		d.begun, d.strayed = true, true // what it is to show comes after
		d.next = now
		m := yealinkPacket(d.second, yealinkInit, 0, make([]byte, yealinkData)...)
		if d.second {
			m.pause = 100 * time.Millisecond
		}
		return []message{m}
	case d.hostRings() && d.bell.step(now):
		return d.ringing()
	case len(d.events) > 0 && !d.asked:
		d.asked = true
		d.next = now.Add(d.pollTime())
		return []message{yealinkPacket(false, yealinkScancode, int(d.events[0]), 0)}
	}
	d.asked = false // a scan code that did not come is asked for again
	d.next = now.Add(d.pollTime())
	d.hookNext = !d.hookNext && d.model.hook != 0
	switch {
	case d.hookNext:
		return []message{yealinkPacket(false, d.model.hook, 0, 0)}
	case d.model == &yealinkB3G:
		return []message{yealinkPacket(false, yealinkKeys, 0, 0, 0, 0)}
	}
	return []message{yealinkPacket(false, yealinkKeys, 0, 0)}
}

func (d *yealink) pollTime() time.Duration { return time.Duration(d.model.poll) * time.Millisecond }

func (d *yealink) take(raw []byte, now time.Time, opening bool) ([]Event, error) {
	second, cmd, data, err := yealinkAnswer(raw)
	if err != nil {
		return nil, err
	}
	switch {
	case cmd == yealinkVersion && d.model == nil:
		return nil, d.meet(second, uint16(data[0])<<8|uint16(data[1]))
	case d.model == nil || second != d.second:
		return nil, nil // before we know whom we talk to
	case cmd == yealinkScancode && second:
		return d.scanned(data[0]), nil
	case cmd == yealinkScancode && d.asked && len(d.events) > 0:
		d.asked, d.events = false, d.events[1:]
		return d.scanned(data[0]), nil
	case cmd == yealinkKeys:
		d.count(data[0])
		if d.model == &yealinkB3G {
			return d.hooked(data[2]&1 == 0, data[1]&1 != 0, now, opening), nil
		}
	case cmd == yealinkHookP4K && d.model.hook == cmd:
		return d.hooked(data[0]&0x10 == 0, false, now, opening), nil
	case cmd == yealinkHookB2K && d.model.hook == cmd:
		return d.hooked(data[0]&0x02 != 0, data[0]&0x01 != 0, now, opening), nil
	}
	return nil, nil
}

// meet takes the answer to VERSION.
func (d *yealink) meet(second bool, version uint16) error {
	m := yealinkByVersion(version)
	if second {
		m = &yealinkP1KH
	}
	if m == nil {
		return fmt.Errorf("no phone is known with version %04x", version)
	}
	d.model, d.second = m, second
	d.keys.table = m.keys
	if d.twin && m == &yealinkP1K {
		d.keys.table = yealinkKeysTwin
	}
	return nil
}

// count takes the counter of key events. The phone remembers the last 32.
func (d *yealink) count(counter byte) {
	if !d.counted {
		d.counter, d.counted = counter, true
	}
	for d.counter != counter && len(d.events) < 32 {
		d.events = append(d.events, d.counter&0x1F)
		d.counter++
	}
	d.counter = counter
}

func (d *yealink) scanned(code byte) []Event {
	if code == 0xFF {
		return d.keys.release()
	}
	return d.keys.press(code)
}

// hooked takes the state of the hook, and whether the telephone line rings.
func (d *yealink) hooked(lifted, rings bool, now time.Time, opening bool) []Event {
	was, baseline := d.lifted, opening && !d.seen
	d.seen, d.lifted = true, lifted
	if d.onLine(rings, was, now) || baseline || lifted == was {
		return nil
	}
	if lifted {
		return []Event{{Kind: OffHook}}
	}
	return []Event{{Kind: OnHook}}
}

// onLine tells whether the handset is, or has just been, for the telephone line. A
// call that rings there gets it unless it is lifted already, until it is put down.
func (d *yealink) onLine(rings, was bool, now time.Time) bool {
	l := &d.line
	before := *l
	l.rings = rings
	if rings {
		l.until = now.Add(yealinkLinger)
		l.taken = l.taken || !was && !d.lifted
	} else if l.taken && !d.lifted && now.After(l.until) {
		l.taken = false
	}
	d.strayed = d.strayed || before.rings != l.rings || before.taken != l.taken
	return before.taken || l.taken
}
