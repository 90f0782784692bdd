package devices

import (
	"slices"
	"time"

	"offhook/hid/report"
)

// cx300 adds to a Polycom CX300 (095d:9201) what its descriptor has on the vendor's
// page FF99, beside the display (see teams): the light of presence, the switch of its
// microphone, and the report that tells it that somebody is there. Source:
// OE4AMW/cx300-control, and the annotated descriptor.
//
//	output   16 color mic     color 01 green, 03 red, 07 off, 08 green and orange
//	                          mic 10 muted, 30 live: FF99:FF1C, +1 and -1
//	feature  17 09 04 01 02   about every 30 s (the language, English)
//
// It rings by sound. What acknowledges its hook is the light Off-Hook, which is the
// red light of its key 1: without, the hook falls back after 50 ms.
type cx300 struct {
	*telephony
	name        string
	color, mic  int // rows, -1 where there is none
	statusID    uint8
	alive       time.Time
	keepAliveID uint8 // 0: none
}

const (
	cx300Alive = 30 * time.Second

	cx300Green     = 0x01
	cx300Red       = 0x03
	cx300Off       = 0x07
	cx300TwoColors = 0x08
)

func newCX300(name string, t *telephony) driver {
	d := &cx300{telephony: t, name: name, color: -1, mic: -1}
	for row := range t.layout.d.Fields {
		f := &t.layout.d.Fields[row]
		switch {
		case f.Kind == report.Output && f.Usage() == report.U(teamsPage, 0xFF18):
			d.color, d.statusID = row, f.ReportID
		case f.Kind == report.Output && f.Usage() == report.U(teamsPage, 0xFF1C) && f.LogicalMin < 0:
			d.mic = row
		case f.Kind == report.Feature && f.Usage() == report.U(teamsPage, 0x64) && t.layout.d.Size(report.Feature, f.ReportID) == 4:
			d.keepAliveID = f.ReportID
		}
	}
	if d.mic >= 0 && (d.color < 0 || t.layout.d.Fields[d.mic].ReportID != d.statusID) {
		d.mic = -1
	}
	return d
}

func (d *cx300) about() about {
	a := d.telephony.about()
	a.driver, a.name = "polycom-cx300", d.name
	has := map[string]bool{"ring": d.color >= 0, "mute": d.mic >= 0}
	for _, light := range a.lights {
		has[light] = true
	}
	a.lights = pick(lightOrder, has)
	return a
}

func (d *cx300) render(i Indicators) []message {
	list := d.telephony.render(i)
	if d.color < 0 {
		return list
	}
	color := int32(cx300Green)
	switch {
	case i == Indicators{}:
		color = cx300Off
	case i.Ring:
		color = cx300TwoColors
	case i.OffHook:
		color = cx300Red
	}
	_ = d.enc.Set(d.color, color) // one that does not fit leaves the light as it is
	if d.mic >= 0 {
		_ = d.enc.Set(d.mic, 2*int32(bit(i.Mute))-1)
	}
	// Before the display, which takes many reports.
	return slices.Insert(list, min(len(d.layout.lightIDs), len(list)), message{report: d.enc.Report(d.statusID)})
}

func (d *cx300) due() time.Time {
	switch {
	case d.keepAliveID == 0:
		return time.Time{}
	case d.alive.IsZero():
		return soon
	}
	return d.alive
}

func (d *cx300) talk(now time.Time) ([]message, []Event) {
	d.alive = now.Add(cx300Alive)
	return []message{{feature: true, report: []byte{d.keepAliveID, 0x09, 0x04, 0x01, 0x02}}}, nil
}

// cx100 drives the Polycom Communicator C100S and CX100 (095d:0005), a speaker with
// keys whose descriptor has the vendor's page FFA1. Source: amsiptools, hid_hooks of
// the Polycom Communicator; where the two values are the descriptor tells.
//
//	input   FFA1:03   1 volume up, 2 down, 3 smart, 4 hook, 5 mute: each report is a press
//	output  FFA1:05   05 red off, 07 green off; then 04 red, 06 green, 13 red, 14 green,
//	                  15 orange blinking
type cx100 struct {
	name    string
	decoder *report.Decoder
	enc     *report.Encoder
	in, out int // rows
	inID    uint8
	outID   uint8
	longID  int
	keys    handKeys
}

// The hook key is a toggle: handKeys makes lifting of it or, while off-hook, the
// send key, which here is putting down.
var cx100Keys = keyTable{
	1: {Kind: VolumeUp}, 2: {Kind: VolumeDown}, 4: {Kind: OffHook}, 5: {Kind: MutePress},
}

func newCX100(name string, desc *report.Descriptor) driver {
	d := &cx100{
		name: name, in: -1, out: -1, keys: handKeys{table: cx100Keys},
		decoder: report.NewDecoder(desc), enc: report.NewEncoder(desc),
	}
	for row := range desc.Fields {
		f := &desc.Fields[row]
		switch {
		case f.IsArray():
		case d.in < 0 && f.Kind == report.Input && f.Usage() == report.U(0xFFA1, 0x03):
			d.in, d.inID = row, f.ReportID
		case d.out < 0 && f.Kind == report.Output && f.Usage() == report.U(0xFFA1, 0x05):
			d.out, d.outID = row, f.ReportID
		}
	}
	if d.in < 0 || d.out < 0 {
		return nil
	}
	for _, id := range desc.IDs(report.Input) {
		d.longID = max(d.longID, 1+desc.Size(report.Input, id))
	}
	return d
}

func (d *cx100) about() about {
	return about{
		driver: "polycom-cx100", name: d.name, kind: Headset, controls: d.keys.controls(false),
		lights: []string{"off-hook", "ring", "mute", "message-waiting"},
	}
}

func (d *cx100) longest() int                             { return d.longID }
func (d *cx100) questions() []question                    { return nil }
func (d *cx100) answer(question, []byte, time.Time) error { return nil }
func (d *cx100) opened() (bool, error)                    { return false, nil }
func (d *cx100) show(i Indicators, _ time.Time)           { d.keys.show(i) }
func (d *cx100) shown(i Indicators) bool                  { return d.keys.offHook == i.OffHook }
func (d *cx100) astray() bool                             { return false }
func (d *cx100) writing(message, Indicators, time.Time)   {}
func (d *cx100) wrote(time.Time)                          {}

func (d *cx100) take(raw []byte, _ time.Time, _ bool) ([]Event, error) {
	if _, err := d.decoder.Decode(raw); err != nil {
		return nil, err
	}
	if d.inID != 0 && raw[0] != d.inID {
		return nil, nil
	}
	code := d.decoder.Value(d.in)
	if code <= 0 || code > 0xFF {
		return nil, nil
	}
	d.keys.release() // which is not reported
	events := d.keys.press(byte(code))
	for n := range events {
		if events[n].Kind == SendPress {
			d.keys.offHook = false
			events[n].Kind = OnHook
		}
	}
	return events, nil
}

func (d *cx100) render(i Indicators) []message {
	colors := []int32{0x05, 0x07}
	switch {
	case i.Ring:
		colors = append(colors, 0x14)
	case i.OffHook && i.Mute:
		colors = append(colors, 0x04)
	case i.OffHook:
		colors = append(colors, 0x06)
	case i.MessageWaiting:
		colors = append(colors, 0x15)
	}
	var list []message
	for _, color := range colors {
		if d.enc.Set(d.out, color) == nil {
			list = append(list, message{report: d.enc.Report(d.outID)})
		}
	}
	return list
}
