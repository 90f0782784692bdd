package devices

import (
	"encoding/binary"
	"fmt"
	"time"

	"offhook/hid/report"
)

// magicJack drives the socket for a telephone of a magicJack Home (06e6:c200), of
// whose firmware the host has registers of 32 bits in a feature report of 64 bytes.
// Source: Gbrothers1/magicjack-hacking, README and tools/tj_linepower.py, verified
// there on hardware.
//
//	set a register   20 RR 00 01 v0 v1 v2 v3   little-endian
//	ask for it       00 00 RR 00, 2 ms, read: v0 v1 v2 v3
//
//	register 00   bit 0 power of the line; bits 8 and 9 ring, 2 s on and 4 s off
//	register 14   bit 31 off-hook; bit 16 there is a tone, bits 24-27 which: A is 0, B *, C #;
//	              bit 7 a pulse begins; bit 4 takes the tones out of the sound
//	register 38   3 begins
//
// Registers keep their values over a reset, so none is written without having been
// read. It gives its own dial tone beside ours. The keys and the hook that its
// descriptor declares are those of other TigerJet boxes and are not used.
type magicJack struct {
	*telephony
	name  string
	phase magicPhase
	asked byte // the register of the question under way
	next  time.Time
	line  uint32 // register 00 as last read or written
	// status is register 14 as it was at the beginning.
	status uint32
	bell   cadence
	rings  bool // as last written

	keys         handKeys
	lifted, seen bool
	baseline     bool
}

// magicPhase is how far the beginning has come.
type magicPhase uint8

const (
	magicReadLine    magicPhase = iota // register 00 has to be read
	magicPower                         // and written
	magicReadControl                   // register 14 has to be read
	magicPulse                         // and the pulse given
	magicRuns
	magicReadRing // register 00 has to be read again to ring, or to stop
	magicRing
)

const (
	magicSize = 64
	magicPoll = 40 * time.Millisecond
	// magicRetry is how long after a failure the line is asked again.
	magicRetry = time.Second
	magicWait  = 2 * time.Millisecond

	magicPowered   = 1 << 0
	magicRingBits  = 3 << 8
	magicPulseBit  = 1 << 7
	magicNoTones   = 1 << 4
	magicTone      = 1 << 16
	magicOffHook   = 1 << 31
	magicRegLine   = 0x00
	magicRegStatus = 0x14
	magicRegClock  = 0x38
)

var magicKeys = keyTable{
	0xA: keypadKey('0'), 1: keypadKey('1'), 2: keypadKey('2'), 3: keypadKey('3'), 4: keypadKey('4'), 5: keypadKey('5'),
	6: keypadKey('6'), 7: keypadKey('7'), 8: keypadKey('8'), 9: keypadKey('9'), 0xB: keypadKey('*'), 0xC: keypadKey('#'),
}

func newMagicJack(name string, t *telephony) driver {
	if t.layout.d.Size(report.Feature, 0) != magicSize {
		return t // another firmware
	}
	return &magicJack{
		telephony: t, name: name, keys: handKeys{table: magicKeys},
		bell: cadence{on: 2 * time.Second, off: 4 * time.Second},
	}
}

func (d *magicJack) about() about {
	return about{driver: "magicjack", name: d.name, kind: Phone, controls: []string{"hook", "keypad"}, lights: []string{"ring"}}
}

func (d *magicJack) questions() []question                         { return nil }
func (d *magicJack) answer(question, []byte, time.Time) error      { return nil }
func (d *magicJack) take([]byte, time.Time, bool) ([]Event, error) { return nil, nil }
func (d *magicJack) shown(Indicators) bool                         { return true }
func (d *magicJack) astray() bool                                  { return false }
func (d *magicJack) render(Indicators) []message                   { return nil }
func (d *magicJack) writing(message, Indicators, time.Time)        {}
func (d *magicJack) wrote(time.Time)                               {}
func (d *magicJack) ready() bool                                   { return d.seen }
func (d *magicJack) show(i Indicators, now time.Time)              { d.bell.ring(i.Ring, now) }

func (d *magicJack) opened() (bool, error) {
	d.baseline = true
	if !d.seen {
		return false, fmt.Errorf("the line does not answer: it cannot be told whether the telephone is lifted")
	}
	return d.lifted, nil
}

func magicSet(register byte, v uint32, pause time.Duration) message {
	rep := make([]byte, 1+magicSize)
	copy(rep[1:], []byte{0x20, register, 0x00, 0x01})
	binary.LittleEndian.PutUint32(rep[5:], v)
	return message{feature: true, report: rep, pause: pause}
}

// ask gives the two requests that read a register.
func (d *magicJack) ask(register byte) []message {
	d.asked = register
	rep := make([]byte, 1+magicSize)
	rep[3] = register
	return []message{{feature: true, report: rep}, {feature: true, report: []byte{0}, read: magicSize, pause: magicWait}}
}

func (d *magicJack) due() time.Time {
	due := d.next
	switch {
	case d.phase != magicRuns && due.IsZero():
		return soon
	case d.phase == magicRuns && d.bell.ringing:
		due = earliest(due, d.bell.next)
	}
	if d.phase == magicRuns && d.bell.sounds != d.rings {
		return soon
	}
	return due
}

func (d *magicJack) talk(now time.Time) ([]message, []Event) {
	d.bell.step(now)
	if d.phase == magicRuns && d.bell.sounds != d.rings {
		d.phase = magicReadRing
	}
	// If no answer comes, what was begun is begun again.
	d.next = now.Add(magicRetry)
	switch d.phase {
	case magicReadLine, magicReadRing:
		return d.ask(magicRegLine), nil
	case magicReadControl, magicRuns:
		return d.ask(magicRegStatus), nil
	case magicPower:
		d.phase, d.next = magicReadControl, now
		d.line |= magicPowered
		return []message{magicSet(magicRegLine, d.line, 0), magicSet(magicRegClock, 3, 0)}, nil
	case magicRing:
		d.phase, d.next, d.rings = magicRuns, now, d.bell.sounds
		d.line &^= magicRingBits
		if d.rings {
			d.line |= magicRingBits
		}
		return []message{magicSet(magicRegLine, d.line, 0)}, nil
	}
	// The pulse, of 10 ms.
	d.phase, d.next = magicRuns, now
	status := d.status | magicNoTones
	return []message{
		magicSet(magicRegStatus, status|magicPulseBit, 5*time.Millisecond),
		magicSet(magicRegStatus, status&^magicPulseBit, 5*time.Millisecond),
	}, nil
}

func (d *magicJack) heard(_ message, raw []byte, now time.Time) []Event {
	if len(raw) < 4 {
		return nil
	}
	v := binary.LittleEndian.Uint32(raw)
	d.next = now
	switch {
	case d.asked == magicRegLine:
		d.line = v
		if d.phase == magicReadLine {
			d.phase = magicPower
		} else if d.phase == magicReadRing {
			d.phase = magicRing
		}
		return nil
	case d.phase == magicReadControl:
		d.status, d.phase = v, magicPulse
		return nil
	}
	d.next = now.Add(magicPoll)
	return d.listen(v)
}

// listen takes register 14: the hook, and the tones of the telephone's keys.
func (d *magicJack) listen(v uint32) []Event {
	was, first := d.lifted, !d.seen
	d.seen, d.lifted = true, v&magicOffHook != 0
	var events []Event
	if d.lifted && !was && (!first || d.baseline) {
		events = append(events, Event{Kind: OffHook})
	}
	if tone := v&magicTone != 0; tone {
		events = append(events, d.keys.press(byte(v>>24)&0x0F)...)
	} else {
		events = append(events, d.keys.release()...)
	}
	if was && !d.lifted {
		events = append(events, Event{Kind: OnHook})
	}
	return events
}

// finish takes the power off the line.
func (d *magicJack) finish() []message {
	if d.phase < magicReadControl {
		return nil
	}
	return []message{magicSet(magicRegLine, d.line&^(magicPowered|magicRingBits), 0)}
}
