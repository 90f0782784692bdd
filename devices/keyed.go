package devices

import (
	"fmt"
	"time"
)

// keyed is what the handsets without a cradle have in common: their keys are all
// that they report, and nothing is known that could be written to them.
type keyed struct {
	driver, name string
	keys         handKeys
}

func (d *keyed) about() about {
	return about{driver: d.driver, name: d.name, kind: KeyedHandset, controls: d.keys.controls(false), lights: []string{}}
}

func (d *keyed) questions() []question                    { return nil }
func (d *keyed) answer(question, []byte, time.Time) error { return nil }
func (d *keyed) opened() (bool, error)                    { return false, nil }
func (d *keyed) show(i Indicators, _ time.Time)           { d.keys.show(i) }
func (d *keyed) shown(i Indicators) bool                  { return d.keys.offHook == i.OffHook }
func (d *keyed) astray() bool                             { return false }
func (d *keyed) render(Indicators) []message              { return nil }
func (d *keyed) writing(message, Indicators, time.Time)   {}
func (d *keyed) wrote(time.Time)                          {}

// cypress drives the phones with a graphic display on a Cypress chip (04b4:0307).
// Sources: lovemhz.com "Skype phone", gato.intaa.net 8600, and the key table in the
// history of arkygeek/voipHandset. How to draw on the display is not known, nor is
// a ringer.
//
//	input  01 KK 00 01 01 01 01 01   KK = key, 00 when it is let go
type cypress struct{ keyed }

var cypressKeys = keyTable{
	0x02: {Kind: OffHook}, 0x0E: {Kind: OnHook}, // green, red
	0x03: keypadKey('1'), 0x09: keypadKey('2'), 0x0F: keypadKey('3'),
	0x04: keypadKey('4'), 0x0A: keypadKey('5'), 0x10: keypadKey('6'),
	0x05: keypadKey('7'), 0x0B: keypadKey('8'), 0x11: keypadKey('9'),
	0x06: keypadKey('*'), 0x0C: keypadKey('0'), 0x12: keypadKey('#'),
	0x19: {Kind: VolumeUp}, 0x1C: {Kind: VolumeDown}, 0x1B: {Kind: MutePress},
	// 01 and 0D are the soft keys, 07 +, 08 S, 13 up, 16 down, 1A F.
}

func newCypress(name string) driver {
	return &cypress{keyed{driver: "cypress-phone", name: name, keys: handKeys{table: cypressKeys}}}
}

func (d *cypress) longest() int { return 8 }

func (d *cypress) take(raw []byte, _ time.Time, _ bool) ([]Event, error) {
	switch {
	case len(raw) < 2 || raw[0] != 1:
		return nil, fmt.Errorf("no report of this phone: % x", raw[:min(len(raw), 8)])
	case raw[1] == 0:
		return d.keys.release(), nil
	}
	return d.keys.press(raw[1]), nil
}

// mcu drives phones with a C-Media CM109 or CM119 whose keys are read by a
// processor of their own, as in the Topcom Webt@lker 211 (0d8c:0008). Source: the
// driver cm109.c in pgid69/asterisk-chan-alsa-input.
//
//	input  IR0 IR1 IR2 IR3   IR0 bits 6-7 not both 0: IR1 = let go<<7 | key
//
// The same numbers are those of sound adapters without keys, and of phones whose
// keys are wired to pins, which have to be scanned. So the device is asked which
// it is, and left alone unless it shows to be the first. Nothing is ever written:
// that chip can be made to overwrite its own settings.
type mcu struct {
	keyed
	shows bool // that it is one
}

var webtalkerKeys = keyTable{
	0x08: {Kind: OffHook}, 0x0D: {Kind: OnHook}, // pick up, hang up
	0x05: keypadKey('1'), 0x06: keypadKey('2'), 0x07: keypadKey('3'),
	0x0A: keypadKey('4'), 0x0B: keypadKey('5'), 0x0C: keypadKey('6'),
	0x0F: keypadKey('7'), 0x10: keypadKey('8'), 0x11: keypadKey('9'),
	0x14: keypadKey('*'), 0x15: keypadKey('0'), 0x16: keypadKey('#'),
	0x01: {Kind: VolumeUp}, 0x02: {Kind: VolumeDown}, 0x12: {Kind: MutePress}, 0x18: {Kind: SpeakerPress},
	// 00 is up, 03 down, 13 Skype, 17 delete.
}

func newMCU(name string) driver {
	return &mcu{keyed: keyed{driver: "cmedia-mcu-phone", name: name, keys: handKeys{table: webtalkerKeys}}}
}

func (d *mcu) longest() int          { return 4 }
func (d *mcu) questions() []question { return []question{{size: 4}} }

// isKeys tells whether a report is of the processor.
func (d *mcu) isKeys(raw []byte) bool {
	keys := len(raw) >= 4 && raw[0]&0xC0 != 0
	d.shows = d.shows || keys
	return keys
}

func (d *mcu) answer(_ question, raw []byte, _ time.Time) error {
	d.isKeys(raw)
	return nil
}

func (d *mcu) opened() (bool, error) {
	if !d.shows {
		return false, fmt.Errorf("%w, and it does not report keys as the phones with its numbers do", ErrNotTelephony)
	}
	return false, nil
}

func (d *mcu) take(raw []byte, _ time.Time, _ bool) ([]Event, error) {
	switch {
	case !d.isKeys(raw):
		return nil, fmt.Errorf("no report of keys: % x", raw[:min(len(raw), 8)])
	case raw[1]&0x80 != 0:
		return d.keys.release(), nil
	}
	return d.keys.press(raw[1]), nil
}
