package devices

import (
	"fmt"
	"time"
)

// philips drives the Philips VOIP1511 (0471:2013). Source:
// tomek-o/tSIP-plugin-PhonePhilips1511, CommThread.cpp, Philips1511.h and _doc/dumps.txt.
//
//	input   xx HH LL xx            HHLL = the keys held, a bit or two for each
//	output  10 00 00 30            before the rest
//	        50 9A LL 01            light: 00 off, 04 blinking, 20 on
//	        50 89 00 00            the display is written anew
//	        50 97 c1 c2            two characters; one that is 00 is the last
//	        50 9E 00 04            about every 2 s, else it goes back to its own text
//	        50 9C 07 8D, 00 00     ring, stop
//
// It needs 10 ms between two reports. It has no cradle, and one line of capital
// letters.
type philips struct {
	keyed
	code  uint16 // held, as far as it is known
	sure  bool   // code has been told
	until time.Time
	ping  time.Time
}

const (
	philipsRest = 5 * time.Millisecond // before each report, and after it
	philipsPing = 2 * time.Second
	// philipsDoubt is how long a key may turn out to be half of another: the mute
	// and the Skype key have two bits, and sometimes send one of them alone before.
	philipsDoubt = 100 * time.Millisecond
	// philipsText bounds the text, since each two characters take 10 ms; how many the
	// display has is not known.
	philipsText = 16
)

// philipsKeys are numbered by the place of their bit, and those of two bits after
// them.
const (
	philipsMute  = 0x8800
	philipsSkype = 0x2200
)

var philipsKeys = keyTable{
	15: keypadKey('0'), 8: keypadKey('1'), 12: keypadKey('2'), 0: keypadKey('3'), 9: keypadKey('4'), 13: keypadKey('5'),
	1: keypadKey('6'), 10: keypadKey('7'), 14: keypadKey('8'), 2: keypadKey('9'), 11: keypadKey('*'), 3: keypadKey('#'),
	4: {Kind: OffHook}, 5: {Kind: OnHook}, 16: {Kind: MutePress},
	// 6 is up, 7 down and C, 17 Skype.
}

func newPhilips(name string) driver {
	return &philips{keyed: keyed{driver: "philips-voip1511", name: name, keys: handKeys{table: philipsKeys}}}
}

func (d *philips) about() about {
	a := d.keyed.about()
	a.lights = []string{"off-hook", "ring", "display"}
	return a
}

func (d *philips) longest() int { return 4 }

func (d *philips) take(raw []byte, now time.Time, opening bool) ([]Event, error) {
	if len(raw) != 4 {
		return nil, fmt.Errorf("no report of this phone: % x", raw[:min(len(raw), 8)])
	}
	code := uint16(raw[1])<<8 | uint16(raw[2])
	switch {
	case code == 0:
		events := d.tell()
		d.code, d.sure = 0, false
		return append(events, d.keys.release()...), nil
	case d.sure && code&^d.code == 0: // one of two bits goes before the other
		return nil, nil
	case d.code != 0 && !d.sure:
		code = max(code, d.code)
	}
	if code == d.code {
		return nil, nil
	}
	d.code, d.sure = code, false
	if code&^philipsMute == 0 && code != philipsMute || code&^philipsSkype == 0 && code != philipsSkype {
		d.until = now.Add(philipsDoubt)
		return nil, nil
	}
	return d.tell(), nil
}

// tell gives the event of the key held, once.
func (d *philips) tell() []Event {
	if d.code == 0 || d.sure {
		return nil
	}
	d.sure = true
	switch d.code {
	case philipsMute:
		return d.keys.press(16)
	case philipsSkype:
		return d.keys.press(17)
	}
	for bit := range byte(16) {
		if d.code == 1<<bit {
			return d.keys.press(bit)
		}
	}
	return d.keys.release() // several at once
}

func (d *philips) due() time.Time {
	due := d.ping
	if due.IsZero() {
		due = soon
	}
	if d.code != 0 && !d.sure {
		due = earliest(due, d.until)
	}
	return due
}

func (d *philips) talk(now time.Time) ([]message, []Event) {
	var events []Event
	if d.code != 0 && !d.sure && !now.Before(d.until) {
		events = d.tell()
	}
	if now.Before(d.ping) {
		return nil, events
	}
	d.ping = now.Add(philipsPing)
	return []message{philipsSay(0x50, 0x9E, 0x00, 0x04)}, events
}

func philipsSay(b ...byte) message {
	return message{report: append([]byte{0}, b...), pause: philipsRest}
}

func (d *philips) render(i Indicators) []message {
	light, ring := byte(0), []byte{0x50, 0x9C, 0x00, 0x00}
	switch {
	case i.Ring:
		light, ring = 0x04, []byte{0x50, 0x9C, 0x07, 0x8D}
	case i.OffHook:
		light = 0x20
	}
	list := []message{
		philipsSay(ring...), philipsSay(0x10, 0x00, 0x00, 0x30), philipsSay(0x50, 0x9A, light, 0x01), philipsSay(0x50, 0x89, 0x00, 0x00),
	}
	text := append([]byte(capitals(i.oneLine(), philipsText)), 0, 0)
	for at := 0; at+1 < len(text); at += 2 {
		list = append(list, philipsSay(0x50, 0x97, text[at], text[at+1]))
	}
	return list
}
