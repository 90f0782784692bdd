package devices

import (
	"fmt"
	"time"
)

// The report of a C-Media CM108, CM109 or CM119 whose pins are for the product's
// maker to use, 4 bytes each way without an ID. Sources: the kernel's
// drivers/input/misc/cm109.c, AllStarLink/app_rpt res_usbradio.c, and the CM119 data sheet.
//
//	input   IR0 IR1 IR2 IR3   IR0 bit 0 volume up, 1 down, 2 mute of playback, 3 of recording
//	                          IR1 the levels of the pins GPIO 1-8
//	output  OR0 OR1 OR2 OR3   OR0 bit 5 buzzer; OR1 levels, OR2 which pins are driven
//
// Bits 6 and 7 of IR0 and OR0 choose another meaning of the rest. Those of OR0 are
// never set; see hazards.
const (
	cmediaReport = 4
	cmediaBuzzer = 1 << 5
	// cmediaRest is what the chip needs before each request.
	cmediaRest = 3 * time.Millisecond
)

// cmediaOut makes an output report.
func cmediaOut(or0, levels, driven byte) message {
	return message{report: []byte{0, or0, levels, driven, 0}, pause: cmediaRest}
}

// cmediaPins takes an input report, which must be of the pins.
func cmediaPins(raw []byte) (ir0, ir1 byte, err error) {
	if len(raw) < cmediaReport || raw[0]&0xC0 != 0 {
		return 0, 0, fmt.Errorf("no report of the pins: % x", raw[:min(len(raw), 8)])
	}
	return raw[0], raw[1], nil
}

// cmediaKeys follows the volume keys that every such chip has, but for those that
// are wired to something else.
type cmediaKeys struct{ last, without byte }

func (k *cmediaKeys) take(ir0 byte) (events []Event) {
	pressed := ir0 &^ k.last &^ k.without
	k.last = ir0
	for bit, kind := range [...]EventKind{VolumeUp, VolumeDown, 0, MutePress} {
		if pressed>>bit&1 != 0 && kind != 0 {
			events = append(events, Event{Kind: kind})
		}
	}
	return events
}

// cm109 drives phones whose keys are a matrix between the pins of a CM109. Which
// phone it is nothing tells; the user does. Source: the kernel's cm109.c, and
// its tables for each phone.
//
//	          a key: IR1 bits 4-7 change          column 8 is through
//	ALL (F) ────────────────────────────► 1 ─► 2 ─► 4 ─► 8 ────────────► ALL
//	                                      IR1 = row<<4 | column: the key
//
// While all columns are driven a change of the rows tells that there is a key; one
// column after the other tells which. Linux makes no hidraw node of 0d8c:000e.
type cm109 struct {
	name   string
	keys   handKeys
	volume cmediaKeys
	bell   cadence

	column   byte // driven: one of 1 2 4 8, or F
	rows     byte // as last seen with all columns
	found    byte // the key in this scan, 0 none
	drive    bool // the column has yet to be written
	deadline time.Time
	missed   int
}

const (
	cm109All = 0x0F
	// cm109Answer is how long the chip may take to report the rows of a column: the
	// host asks it every 32 ms.
	cm109Answer = 100 * time.Millisecond
)

func newCM109(name string, table keyTable) driver {
	return &cm109{
		name: name, keys: handKeys{table: table}, column: cm109All,
		bell: cadence{on: time.Second, off: 4 * time.Second},
	}
}

// Key tables of the phones, by scan code.
var (
	kip1000Keys = keyTable{
		0x82: keypadKey('0'), 0x14: keypadKey('1'), 0x12: keypadKey('2'), 0x11: keypadKey('3'), 0x24: keypadKey('4'),
		0x22: keypadKey('5'), 0x21: keypadKey('6'), 0x44: keypadKey('7'), 0x42: keypadKey('8'), 0x41: keypadKey('9'),
		0x81: keypadKey('#'), 0x84: keypadKey('*'), 0x88: {Kind: OffHook}, 0x48: {Kind: OnHook}, // 28 is IN, 18 OUT
	}
	gtalkKeys = keyTable{
		0x11: keypadKey('0'), 0x21: keypadKey('1'), 0x41: keypadKey('2'), 0x81: keypadKey('3'), 0x12: keypadKey('4'),
		0x22: keypadKey('5'), 0x42: keypadKey('6'), 0x82: keypadKey('7'), 0x14: keypadKey('8'), 0x24: keypadKey('9'),
		0x44: keypadKey('#'), 0x84: keypadKey('*'), 0x18: {Kind: OffHook}, 0x28: {Kind: OnHook}, // 48 is up, 88 down
	}
	atcomKeys = keyTable{
		0x82: keypadKey('0'), 0x11: keypadKey('1'), 0x12: keypadKey('2'), 0x14: keypadKey('3'), 0x21: keypadKey('4'),
		0x22: keypadKey('5'), 0x24: keypadKey('6'), 0x41: keypadKey('7'), 0x42: keypadKey('8'), 0x44: keypadKey('9'),
		0x84: keypadKey('#'), 0x81: keypadKey('*'), 0x18: {Kind: OffHook}, 0x28: {Kind: OnHook}, // 48 is left, 88 right
	}
)

func (d *cm109) about() about {
	controls := d.keys.controls(false)
	return about{
		driver: "cm109-phone", name: d.name, kind: KeyedHandset, lights: []string{"ring"},
		controls: pick(controlOrder, map[string]bool{"hook": len(controls) > 0, "keypad": true, "volume": true, "mute": true}),
	}
}

func (d *cm109) longest() int                             { return cmediaReport }
func (d *cm109) questions() []question                    { return nil }
func (d *cm109) answer(question, []byte, time.Time) error { return nil }
func (d *cm109) opened() (bool, error)                    { return false, nil }
func (d *cm109) shown(i Indicators) bool                  { return d.keys.offHook == i.OffHook }
func (d *cm109) astray() bool                             { return false }
func (d *cm109) writing(message, Indicators, time.Time)   {}
func (d *cm109) wrote(time.Time)                          {}

func (d *cm109) show(i Indicators, now time.Time) {
	d.keys.show(i)
	d.bell.ring(i.Ring, now)
}

// take takes the rows of the column that is driven; those of another are late.
func (d *cm109) take(raw []byte, now time.Time, _ bool) ([]Event, error) {
	ir0, ir1, err := cmediaPins(raw)
	if err != nil {
		return nil, err
	}
	events := d.volume.take(ir0)
	column, rows := ir1&0x0F, ir1>>4
	switch {
	case column != d.column || d.drive:
	case column != cm109All:
		if rows != 0 {
			d.found = ir1
		}
		d.next()
		if d.column == cm109All && d.found == 0 {
			events = append(events, d.keys.release()...)
		} else if d.column == cm109All {
			events = append(events, d.keys.press(d.found)...)
		}
	case rows == d.rows:
	case rows == 0:
		d.rows = 0
		events = append(events, d.keys.release()...)
	default:
		d.rows, d.found, d.missed = rows, 0, 0
		d.column, d.drive = 1, true
	}
	return events, nil
}

// next goes on to the next column, or back to all when the key is found or there is
// none.
func (d *cm109) next() {
	d.drive = true
	if d.column <<= 1; d.column > 8 || d.found != 0 {
		d.column = cm109All
	}
}

func (d *cm109) due() time.Time {
	var due time.Time
	if d.bell.ringing {
		due = d.bell.next
	}
	switch {
	case d.drive:
		return soon
	case d.column != cm109All:
		due = earliest(due, d.deadline)
	}
	return due
}

func (d *cm109) talk(now time.Time) ([]message, []Event) {
	d.bell.step(now)
	if !d.drive && d.column != cm109All && !now.Before(d.deadline) {
		// No report of this column: once more, then from the start.
		if d.missed++; d.missed > 2 {
			d.column, d.rows = cm109All, 0
		}
	}
	d.drive = false
	d.deadline = now.Add(cm109Answer)
	return []message{d.out()}, nil
}

func (d *cm109) out() message {
	return cmediaOut(bit(d.bell.sounds)*cmediaBuzzer, d.column, d.column)
}

func (d *cm109) render(Indicators) []message { return []message{d.out()} }
