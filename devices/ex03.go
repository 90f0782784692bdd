package devices

import (
	"fmt"
	"time"
)

// ex03 drives the EX-03 and BeyondTel phones (04b4:0302). Sources:
// tomek-o/tSIP-plugin-PhoneEX03 and bwildenhain/usbphone, which agree on the input.
//
//	input   01 KK HH …(14 bytes of noise)   all the time; KK = key, 00 none; HH = 00 off-hook
//	output  01 FF 11 …0                      33 bytes: ring; 01 00 11 stop; 30 ms of rest around
//	output  03 11 …segments                  33 bytes: the display
//
// The display has no letters: it shows a number, and above it how long the call has
// lasted.
type ex03 struct {
	name   string
	keys   handKeys
	lifted bool
	seen   bool
}

const (
	ex03Report = 33
	ex03Rest   = 30 * time.Millisecond
	ex03Digits = 10
)

var ex03Keys = keyTable{
	0x04: keypadKey('1'), 0x03: keypadKey('2'), 0x02: keypadKey('3'),
	0x0A: keypadKey('4'), 0x09: keypadKey('5'), 0x08: keypadKey('6'),
	0x10: keypadKey('7'), 0x0F: keypadKey('8'), 0x0E: keypadKey('9'),
	0x16: keypadKey('*'), 0x15: keypadKey('0'), 0x14: keypadKey('#'),
	0x07: {Kind: SendPress}, 0x01: {Kind: Reject}, // OK, C
	// 0D and 13 are up and down, on some right and left.
}

func newEX03(name string) driver { return &ex03{name: name, keys: handKeys{table: ex03Keys}} }

func (d *ex03) about() about {
	return about{
		driver: "ex-03", name: d.name, kind: Handset, streams: true,
		controls: d.keys.controls(true), lights: []string{"off-hook", "ring", "display"},
	}
}

func (d *ex03) longest() int                             { return 17 }
func (d *ex03) questions() []question                    { return nil }
func (d *ex03) answer(question, []byte, time.Time) error { return nil }
func (d *ex03) opened() (bool, error)                    { return d.lifted, nil }
func (d *ex03) astray() bool                             { return false }
func (d *ex03) show(i Indicators, _ time.Time)           { d.keys.show(i) }
func (d *ex03) shown(Indicators) bool                    { return true }
func (d *ex03) writing(message, Indicators, time.Time)   {}
func (d *ex03) wrote(time.Time)                          {}

func (d *ex03) take(raw []byte, _ time.Time, opening bool) ([]Event, error) {
	if len(raw) < 3 || raw[0] != 1 {
		return nil, fmt.Errorf("no report of this phone: % x", raw[:min(len(raw), 8)])
	}
	key, lifted, baseline := raw[1], raw[2] == 0, opening && !d.seen
	was := d.lifted
	d.seen, d.lifted = true, lifted
	if baseline {
		return nil, nil
	}
	var events []Event
	if lifted && !was {
		events = append(events, Event{Kind: OffHook})
	}
	if key == 0 {
		events = append(events, d.keys.release()...)
	} else {
		events = append(events, d.keys.press(key)...)
	}
	if !lifted && was {
		events = append(events, Event{Kind: OnHook})
	}
	return events, nil
}

func (d *ex03) render(i Indicators) []message {
	ring := make([]byte, ex03Report)
	ring[0], ring[2] = 0x01, 0x11
	if i.Ring {
		ring[1] = 0xFF
	}
	lcd := make([]byte, ex03Report)
	lcd[0], lcd[1] = 0x03, 0x11
	if i.OffHook {
		lcd[17] |= 0x01 // the picture of a phone
	}
	for n, r := range []byte(i.digits(ex03Digits)) {
		// The second line, from the left in falling bytes.
		s := ex03Digit(r)
		lcd[32-n] |= s<<4 | s>>4
	}
	if clock := i.clock(); clock != "" {
		for n, r := range []byte(clock[:2] + clock[3:]) {
			lcd[18+n] |= ex03Digit(r)
		}
	}
	return []message{{report: ring, pause: ex03Rest}, {report: lcd}}
}

// ex03Segments are the bits of a digit on the first line; on the second their
// nibbles are swapped.
var ex03Segments = [7]byte{0x08, 0x04, 0x02, 0x10, 0x20, 0x80, 0x40}

func ex03Digit(r byte) (b byte) {
	for n, bit := range ex03Segments {
		if segmentsOf[r]>>n&1 != 0 {
			b |= bit
		}
	}
	return b
}
