package devices_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	known "offhook/devices/profile"
	"offhook/devices/virtual"
	"offhook/hid/report"
)

// promise is one thing that a device is known to do, or to be told.
type promise struct {
	usage string // "0B:20"
	value byte

	// Of a control: the event that going to value makes while the device shows
	// before. Both of a key's values are gone through, so one that is known to act
	// when it is let go makes its one event of a press as well.
	event  string
	before devices.Indicators

	// Of a light: what is shown for it, or else when.
	shown  *devices.Indicators
	closed bool // after Close
}

func field(usage string, relative bool) virtual.SpecField {
	page, id, _ := strings.Cut(usage, ":")
	p, _ := strconv.ParseUint(page, 16, 16)
	i, _ := strconv.ParseUint(id, 16, 16)
	return virtual.SpecField{Page: uint16(p), ID: uint16(i), Relative: relative}
}

// keepPromises plugs in a device made of the usages of its promises, and does all
// of it. The rows of one usage with both values are those of a state.
func keepPromises(t *testing.T, id known.ID, list []promise, relative bool) {
	synctest.Test(t, func(t *testing.T) {
		spec := virtual.Spec{Name: id.String(), Vendor: id.Vendor, Product: id.Product, Kind: devices.Headset}
		both := map[string]int{} // which values have a meaning
		for _, p := range list {
			f := field(p.usage, relative)
			switch {
			case p.event == "" && !slices.Contains(spec.Outputs, f):
				spec.Outputs = append(spec.Outputs, f)
			case p.event != "" && !slices.Contains(spec.Inputs, f):
				spec.Inputs = append(spec.Inputs, f)
			}
			if p.event != "" {
				both[p.usage] |= 1 << p.value
			}
		}
		made, err := virtual.Synthesize(spec)
		if err != nil {
			t.Fatal(err)
		}
		phone := virtual.New(made)
		dev, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		// As the user's own, so that phones which have a driver are driven by
		// their descriptor here.
		var mine []known.Profile
		for _, p := range known.BuiltIn() {
			if slices.Contains(p.IDs, id) {
				mine = append(mine, p)
			}
		}
		d, err := devices.Open(dev, devices.Options{Profiles: known.With(mine)})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, phone: phone, dev: d}
		time.Sleep(time.Second)
		for _, p := range list {
			what := fmt.Sprintf("%s=%d", p.usage, p.value)
			switch {
			case p.closed:
			case p.event != "":
				if both[p.usage] == 3 && p.value == 0 {
					r.do(phone.Hold(p.usage, true)) // its own promise is another
					time.Sleep(time.Second)
				}
				r.show(p.before)
				time.Sleep(time.Second)
				r.drain()
				if p.value == 1 || both[p.usage] != 3 {
					r.do(phone.Hold(p.usage, true))
				}
				if p.value == 0 || both[p.usage] != 3 {
					r.do(phone.Hold(p.usage, false))
				}
				time.Sleep(time.Second)
				got := r.drain()
				got = slices.DeleteFunc(got, func(e string) bool { return strings.HasPrefix(e, "key-up") })
				if len(got) != 1 || !slices.Contains(strings.Split(p.event, "|"), got[0]) {
					t.Errorf("%s while %+v makes %v, want %s", what, p.before, got, p.event)
				}
				r.do(phone.Hold(p.usage, false))
				r.show(devices.Indicators{})
				time.Sleep(time.Second)
				r.drain()
			case p.shown != nil:
				r.show(*p.shown)
				if v, written := phone.Output(p.usage); !written || v != p.value {
					t.Errorf("%s has %d (written: %t) for %+v", what, v, written, *p.shown)
				}
				r.show(devices.Indicators{})
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		for _, p := range list {
			if v, written := phone.Output(p.usage); p.closed && (!written || v != p.value) {
				t.Errorf("%s has %d (written: %t) after closing", p.usage, v, written)
			}
		}
	})
}

// drain gives the events so far.
func (r *rig) drain() []string {
	synctest.Wait()
	var list []string
	for {
		select {
		case e := <-r.dev.Events():
			list = append(list, words(e))
		default:
			return list
		}
	}
}

func words(e devices.Event) string {
	if e.Key != 0 && e.Kind != devices.SpeedDialPress {
		return e.Kind.String() + " " + string(rune(e.Key))
	}
	return e.Kind.String()
}

var (
	idle   = devices.Indicators{}
	inCall = devices.Indicators{OffHook: true}
)

// promisesOf reads our own table: what every line means to a user.
func promisesOf(p *known.Profile) []promise {
	var list []promise
	name := func(u report.Usage) string { return virtual.SpecField{Page: u.Page(), ID: u.ID()}.Name() }
	for _, in := range p.Inputs {
		u := name(in.At.Usage)
		on := func(event string, before devices.Indicators) {
			list = append(list, promise{usage: u, value: 1, event: event, before: before})
		}
		off := func(event string, before devices.Indicators) {
			list = append(list, promise{usage: u, event: event, before: before})
		}
		switch in.Control {
		case "state":
		case "hook":
			switch in.Form {
			case known.Level, known.Flip:
				on("off-hook", idle)
				off("on-hook", inCall)
			case known.Lift:
				on("off-hook", idle)
				on("send", inCall)
			case known.PutDown:
				on("on-hook", inCall)
				on("drop", idle)
				on("reject", devices.Indicators{Ring: true})
			case known.Falls:
				off("on-hook", inCall)
			default:
				on("off-hook", idle)
				on("on-hook", inCall)
			}
		case "mute":
			if in.Form == known.Level {
				on("mute-on", inCall)
				off("mute-off", devices.Indicators{OffHook: true, Mute: true})
				break
			}
			on("mute-press", inCall)
		case "key":
			on("key-down "+string(in.Key), idle)
		default:
			on(in.Control, idle)
		}
	}
	for _, out := range p.Outputs {
		u := name(out.At.Usage)
		lit, dark := inCall, idle
		switch out.Light {
		case "on-hook":
			lit, dark = idle, inCall
		case "ring", "ringer":
			lit = devices.Indicators{Ring: true}
		case "mute":
			lit, dark = devices.Indicators{OffHook: true, Mute: true}, inCall
		case "on-line":
			lit, dark = devices.Indicators{OffHook: true, OnLine: true}, inCall
		case "hold":
			lit = devices.Indicators{Hold: true}
		case "select":
			dark = lit
		case "running":
			dark = lit
			list = append(list, promise{usage: u, closed: true})
		}
		list = append(list, promise{usage: u, value: byte(out.At.Value), shown: &lit})
		if dark != lit {
			list = append(list, promise{usage: u, value: 0, shown: &dark})
		}
	}
	return list
}

func TestEveryProfileDoesWhatItSays(t *testing.T) {
	devicesOf := map[known.ID]bool{}
	for _, p := range known.BuiltIn() {
		list := promisesOf(&p)
		for _, id := range p.IDs {
			devicesOf[id] = true
			if len(p.Inputs) == 0 || id.Every {
				continue
			}
			for _, relative := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s relative=%t", id, p.Name, relative), func(t *testing.T) {
					keepPromises(t, id, list, relative)
				})
			}
		}
	}
	if len(devicesOf) < 106 {
		t.Errorf("profiles for %d devices only", len(devicesOf))
	}
}

// mapped is a file beside the repository with what a commercial softphone knows of
// devices; it is not part of a clone.
const mapped = "../../shared/data/headset-maps.tsv"

func TestEveryMappedDeviceKeepsThePromisesOfItsRow(t *testing.T) {
	text, err := os.ReadFile(mapped)
	if err != nil {
		t.Skip("no device profiles beside this repository; the table is checked against itself")
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		f := append(strings.Split(line, "\t"), "", "", "")
		vendor, verr := strconv.ParseUint(f[0], 16, 16)
		if verr != nil || len(f) < 7 {
			continue
		}
		product, _ := strconv.ParseUint(f[1], 16, 16)
		id := known.ID{Vendor: uint16(vendor), Product: uint16(product)}
		list := rowPromises(t, id, f[4], f[6])
		rows++
		t.Run(id.String()+" "+f[3], func(t *testing.T) { keepPromises(t, id, list, false) })
	}
	if rows != 106 {
		t.Errorf("%d rows", rows)
	}
}

func usageOf(hex string) string {
	n, _ := strconv.ParseUint(hex, 16, 32)
	return virtual.SpecField{Page: uint16(n >> 16), ID: uint16(n)}.Name()
}

// rowPromises reads a row: inputs "000B0020=1>0 (off-hook) | …" and outputs
// "1>00080018=1 (ring on) | …".
func rowPromises(t *testing.T, id known.ID, inputs, outputs string) []promise {
	var list []promise
	toggles := map[string]int{}
	for _, in := range strings.Split(inputs, " | ") {
		hex, rest, _ := strings.Cut(in, "=")
		value, rest, ok := strings.Cut(rest, ">")
		action, label, _ := strings.Cut(rest, " ")
		if !ok {
			continue
		}
		p := promise{usage: usageOf(hex)}
		if value == "1" {
			p.value = 1
		}
		toggles[p.usage]++
		ringing := devices.Indicators{Ring: true}
		switch {
		case strings.Contains(label, "reject"):
			p.event, p.before = "reject", ringing
		case strings.Contains(label, "redial"):
			p.event = "redial"
		case (strings.Contains(label, "volume down") && action != "5") || action == "7" || action == "VolumeDown":
			p.event = "volume-down"
		case strings.Contains(label, "second call") || strings.Contains(label, "off hook 2"):
			p.event = "flash"
		case strings.Contains(label, "volume up") && action != "4" || action == "6" || action == "VolumeUp":
			p.event = "volume-up"
		case action == "0" || action == "Answer" && p.value == 1:
			p.event = "off-hook"
		case action == "1" || action == "Hangup" || action == "RejectHangup":
			p.event, p.before = "on-hook", inCall
		case action == "2" || action == "AnswerHangup":
			p.event = "toggle"
		case action == "4":
			p.event = "flash|hold"
		case action == "5" || action == "MuteUnmuteToggle":
			p.event, p.before = "mute-press", inCall
		case action == "22":
			p.event, p.before = "mute-on", inCall
		case action == "23":
			p.event, p.before = "mute-off", devices.Indicators{OffHook: true, Mute: true}
		case action == "27":
			p.event = "clear"
		default:
			n, err := strconv.Atoi(action)
			if err != nil || n < 8 || n > 19 {
				t.Fatalf("%s: %q makes no sense", id, in)
			}
			p.event = "key-down " + string("0123456789*#"[n-8])
		}
		list = append(list, p)
	}
	// A toggle at both values is a state where the device has one, else a press.
	pressed := id.Vendor == 0x046D && id.Product >= 0x0A46 // each press makes two reports
	for i := 0; i < len(list); i++ {
		p := &list[i]
		switch {
		case pressed && p.usage == "0B:20":
			p.event = "off-hook"
			if p.value == 0 {
				p.event, p.before = "on-hook", inCall
			}
			p.value = 1
		case p.usage == "0B:20" && p.event == "off-hook" && toggles[p.usage] == 1 && p.value == 1:
			// The other value of the switch, which goes without saying.
			toggles[p.usage]++
			list = append(list, promise{usage: p.usage, event: "on-hook", before: inCall})
		case p.event != "toggle":
		case toggles[p.usage] == 2 && p.value == 1:
			p.event = "off-hook"
		case toggles[p.usage] == 2 || p.usage == "FFA0:A1":
			p.event, p.before = "on-hook", inCall
		default:
			p.event = "off-hook"
			again := *p
			again.event, again.before = "on-hook", inCall
			list = append(list, again)
		}
	}
	for _, out := range strings.Split(outputs, " | ") {
		event, rest, _ := strings.Cut(out, ">")
		hex, rest, ok := strings.Cut(rest, "=")
		value, _, _ := strings.Cut(rest, " ")
		if !ok || event == "" {
			continue // not said for what
		}
		p := promise{usage: usageOf(hex)}
		n, err := strconv.ParseInt(value, 0, 32)
		if err != nil {
			t.Fatalf("%s: %q makes no sense", id, out)
		}
		if p.value = byte(n); n == -1 { // once
			p.value = 1
		}
		muted := devices.Indicators{OffHook: true, Mute: true}
		shown := map[string]devices.Indicators{
			"1": {Ring: true}, "RingOn": {Ring: true}, "2": idle, "RingOff": idle,
			"3": muted, "MuteOn": muted, "4": inCall, "MuteOff": inCall,
			"5": idle, "OnHook": idle, "6": inCall, "OffHook": inCall, "7": idle, "Startup": idle,
			"9": {OffHook: true, OnLine: true}, "10": idle, "11": inCall, "12": idle,
			"15": {Hold: true}, "17": {Hold: true}, "16": idle, "18": idle,
		}
		if i, ok := shown[event]; ok {
			p.shown = &i
		} else if p.closed = event == "8"; !p.closed {
			t.Fatalf("%s: %q makes no sense", id, out)
		}
		list = append(list, p)
	}
	return list
}
