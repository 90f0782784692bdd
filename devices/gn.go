package devices

import (
	"slices"
	"time"

	"offhook/hid/report"
)

// gn8120 drives a GN8120 (0b0e:8120) whose descriptor declares its keys, but no
// lights: they are commands of one byte. Source: amsiptools, hid_hooks of
// GN Netcom. One whose descriptor does declare lights is driven by that.
//
//	output  00 CC   01 green on, 02 off; 0A red on, 09 off; 24 ring on, 23 off
type gn8120 struct {
	*telephony
	name string
}

func newGN8120(name string, t *telephony) driver {
	if len(t.layout.lights) > 0 || t.layout.d.Size(report.Output, 0) == 0 {
		return t
	}
	return &gn8120{t, name}
}

func (d *gn8120) about() about {
	a := d.telephony.about()
	a.driver, a.name, a.lights = "gn8120", d.name, []string{"off-hook", "ring", "mute"}
	return a
}

func (d *gn8120) render(i Indicators) []message {
	var list []message
	for _, light := range []struct {
		on      bool
		yes, no byte
	}{{i.Ring, 0x24, 0x23}, {i.OffHook, 0x01, 0x02}, {i.Mute, 0x0A, 0x09}} {
		rep := make([]byte, 1+d.layout.d.Size(report.Output, 0))
		rep[1] = light.no
		if light.on {
			rep[1] = light.yes
		}
		list = append(list, message{report: rep})
	}
	return list
}

// gn9350 drives the cordless GN 9330 and 9350 (0b0e:9330, 9350). Their headset rings
// once for each time that the ringer is turned on, and the radio link to it is
// brought up by one output and down by another. Source: amsiptools, hid_hooks of
// GN Netcom: ring 0B:9E, up 0B:2A, down 0B:2B, mute 0B:21. Another one, profiles of a
// commercial softphone, has these on page 08; both are looked for.
type gn9350 struct {
	*telephony
	name   string
	bell   cadence
	wanted Indicators
}

func newGN9350(name string, t *telephony) driver {
	l := t.layout
	outputs := map[report.Usage]lightField{
		report.U(report.PageTelephony, 0x2A): {name: "off-hook", lit: func(i Indicators) bool { return i.OffHook }},
		report.U(report.PageTelephony, 0x2B): {name: "on-hook", lit: func(i Indicators) bool { return !i.OffHook }},
		report.U(report.PageTelephony, 0x21): {name: "mute", lit: func(i Indicators) bool { return i.Mute }},
	}
	for row := range l.d.Fields {
		f := &l.d.Fields[row]
		light, ok := outputs[f.Usage()]
		if f.Kind != report.Output || f.IsArray() || !ok {
			continue
		}
		light.row, light.id, light.on, light.off = row, f.ReportID, onValue(f), offValue(f)
		if i := slices.IndexFunc(l.lights, func(o lightField) bool { return o.row == row }); i >= 0 {
			l.lights[i] = light
		} else {
			l.lights = append(l.lights, light)
		}
		if !slices.Contains(l.lightIDs, f.ReportID) {
			l.lightIDs = append(l.lightIDs, f.ReportID)
			slices.Sort(l.lightIDs)
		}
	}
	has := map[string]bool{"display": slices.Contains(l.names, "display")}
	for _, li := range l.lights {
		has[li.name] = true
	}
	l.names = pick(lightOrder, has)
	t.hook = newHookState(l) // whether there is an Off-Hook light to be answered
	return &gn9350{telephony: t, name: name, bell: cadence{on: time.Second, off: 4 * time.Second}}
}

func (d *gn9350) about() about {
	a := d.telephony.about()
	a.driver, a.name = "gn9350", d.name
	return a
}

func (d *gn9350) show(i Indicators, now time.Time) {
	d.telephony.show(i, now)
	d.bell.ring(i.Ring, now)
	d.wanted = i
}

func (d *gn9350) due() time.Time {
	if !d.bell.ringing {
		return time.Time{}
	}
	return d.bell.next
}

func (d *gn9350) talk(now time.Time) ([]message, []Event) {
	d.bell.step(now)
	return d.render(d.wanted), nil
}

func (d *gn9350) render(i Indicators) []message {
	i.Ring = i.Ring && d.bell.sounds
	return d.telephony.render(i)
}
