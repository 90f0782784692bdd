package devices

import (
	"fmt"
	"time"
)

// goodcom drives the GoodCom WJT602 on a Holtek chip (04d9:0602), also sold as
// Kinamax and Sabrent IP-USBPH. Source: ezrec/ip-usbph, src/ip-usbph.c.
//
//	input   02 61 90 KK …              KK = pressed<<5 | key; others mean nothing here
//	output  02 00 00 00 00 00 00 00    at the beginning
//	output  02 64 12 01 FD 00 00 00    lights the display for 7 s
//
// It has no hook, and neither light nor ringer; "yes" and "no" are taken for the
// green and the red key. What the display shows is in goodcom_lcd.go.
type goodcom struct {
	keyed
	begun bool // the writer's own: the first report has been rendered
}

var goodcomKeys = keyTable{
	0x14: {Kind: OffHook}, 0x13: {Kind: OnHook}, // yes, no
	0x01: keypadKey('1'), 0x02: keypadKey('2'), 0x03: keypadKey('3'),
	0x05: keypadKey('4'), 0x06: keypadKey('5'), 0x07: keypadKey('6'),
	0x09: keypadKey('7'), 0x0A: keypadKey('8'), 0x0B: keypadKey('9'),
	0x0C: keypadKey('*'), 0x0E: keypadKey('0'), 0x0F: keypadKey('#'),
	0x04: {Kind: VolumeUp}, 0x08: {Kind: VolumeDown},
	// 10 is S, 11 up, 12 down, 15 C.
}

func newGoodcom(name string) driver {
	return &goodcom{keyed: keyed{driver: "goodcom-phone", name: name, keys: handKeys{table: goodcomKeys}}}
}

func (d *goodcom) about() about {
	a := d.keyed.about()
	a.lights = []string{"display"}
	return a
}

func (d *goodcom) longest() int { return 8 }

func (d *goodcom) take(raw []byte, _ time.Time, _ bool) ([]Event, error) {
	switch {
	case len(raw) < 4 || raw[0] != 2:
		return nil, fmt.Errorf("no report of this phone: % x", raw[:min(len(raw), 8)])
	case raw[1] != 0x61 || raw[2] != 0x90:
		return nil, nil // about something else than keys
	case raw[3]&0x20 == 0:
		return d.keys.release(), nil
	}
	return d.keys.press(raw[3] & 0x1F), nil
}

func (d *goodcom) render(i Indicators) []message {
	var list []message
	inUse := i.OffHook || i.Ring
	if !d.begun || !inUse { // again while idle: it may have been reset meanwhile
		d.begun = true
		list = append(list, message{report: []byte{2, 0, 0, 0, 0, 0, 0, 0}})
	}
	list = append(list, goodcomScreen(i)...)
	if inUse {
		list = append(list, message{report: []byte{2, 0x64, 0x12, 0x01, 0xFD, 0, 0, 0}})
	}
	return list
}
