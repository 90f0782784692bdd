package devices

import (
	"time"

	"offhook/devices/profile"
)

// adapter drives a plain C-Media sound adapter to which somebody has wired a hook
// switch, and perhaps a bell: an old telephone with a USB inside. Where they are
// wired to the user says; see Model. Source of what the pins are: see
// cmediaReport.
type adapter struct {
	hook     func(ir0, ir1 byte) bool
	inverted bool
	ring     byte // the pin of the bell as a bit, 0 none
	volume   cmediaKeys
	bell     cadence

	lifted, seen bool
}

func newAdapter(m Model) driver {
	d := &adapter{inverted: m.HookInverted, bell: cadence{on: time.Second, off: 4 * time.Second}}
	switch m.Hook {
	case "vol-up":
		d.volume.without = 1 << 0
	case "vol-down":
		d.volume.without = 1 << 1
	}
	if hook := d.volume.without; hook != 0 {
		d.hook = func(ir0, _ byte) bool { return ir0&hook != 0 }
	} else {
		pin := profile.Pin(m.Hook)
		d.hook = func(_, ir1 byte) bool { return ir1&pin != 0 }
	}
	d.ring = profile.Pin(m.Ring)
	return d
}

func (d *adapter) about() about {
	a := about{
		driver: "cmedia-adapter", name: "Telephone on a sound adapter", kind: Handset,
		controls: []string{"hook", "mute", "volume"}, lights: []string{},
	}
	if d.ring != 0 {
		a.lights = []string{"ring"}
	}
	return a
}

func (d *adapter) longest() int                           { return cmediaReport }
func (d *adapter) questions() []question                  { return []question{{size: cmediaReport}} }
func (d *adapter) opened() (bool, error)                  { return d.lifted, nil }
func (d *adapter) shown(Indicators) bool                  { return true }
func (d *adapter) astray() bool                           { return false }
func (d *adapter) writing(message, Indicators, time.Time) {}
func (d *adapter) wrote(time.Time)                        {}

func (d *adapter) answer(_ question, raw []byte, _ time.Time) error {
	ir0, ir1, err := cmediaPins(raw)
	if err != nil || d.seen {
		return err
	}
	d.seen, d.lifted = true, d.hook(ir0, ir1) != d.inverted
	d.volume.last = ir0
	return nil
}

func (d *adapter) take(raw []byte, _ time.Time, opening bool) ([]Event, error) {
	ir0, ir1, err := cmediaPins(raw)
	if err != nil {
		return nil, err
	}
	was, baseline := d.lifted, opening && !d.seen
	d.seen, d.lifted = true, d.hook(ir0, ir1) != d.inverted
	events := d.volume.take(ir0)
	switch {
	case baseline:
		return nil, nil
	case d.lifted && !was:
		events = append([]Event{{Kind: OffHook}}, events...)
	case was && !d.lifted:
		events = append(events, Event{Kind: OnHook})
	}
	return events, nil
}

func (d *adapter) show(i Indicators, now time.Time) { d.bell.ring(i.Ring && d.ring != 0, now) }

func (d *adapter) due() time.Time {
	if !d.bell.ringing {
		return time.Time{}
	}
	return d.bell.next
}

func (d *adapter) talk(now time.Time) ([]message, []Event) {
	d.bell.step(now)
	return d.render(Indicators{}), nil
}

// render drives the pin of the bell and no other; without one nothing is written.
func (d *adapter) render(Indicators) []message {
	if d.ring == 0 {
		return nil
	}
	return []message{cmediaOut(0, bit(d.bell.sounds)*d.ring, d.ring)}
}
