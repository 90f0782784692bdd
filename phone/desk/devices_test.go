package desk

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

// desktop is a desk with real drivers on one or two emulated devices, a person, and callers. It is the phone without
// network and sound.
type desktop struct {
	t      *testing.T
	rnd    *rand.Rand
	units  [2]unit // the second may be missing
	state  State
	timers map[timerOf]ringing
	calls  int
	heard  int // events of the devices
	log    []string
}

// unit is one device.
type unit struct {
	id    HandsetID
	phone *virtual.Phone
	dev   *devices.Device
}

type timerOf struct {
	handset HandsetID
	timer   Timer
}

// all are the devices that are there.
func (d *desktop) all() []unit {
	if d.units[1].dev == nil {
		return d.units[:1]
	}
	return d.units[:]
}

type ringing struct {
	seq int
	due time.Time
}

var steps = flag.Int("steps", 10_000, "steps of the test of all devices at random")

func (d *desktop) feed(e Event) {
	queue := []Event{e}
	for len(queue) > 0 {
		next, acts := Next(d.state, queue[0])
		d.state, queue = next, queue[1:]
		if err := Check(d.state); err != nil {
			d.fail("after %#v: %v", e, err)
		}
		for _, a := range acts {
			switch a := a.(type) {
			case StartTimer:
				d.timers[timerOf{a.Handset, a.Timer}] = ringing{a.Seq, time.Now().Add(a.After)}
			case StopTimer:
				delete(d.timers, timerOf{a.Handset, a.Timer})
			case AnswerCall:
				queue = append(queue, CallAnswered{a.Call})
			case RejectCall:
				queue = append(queue, CallEnded{Call: a.Call, Code: a.Code})
			case EndCall:
				queue = append(queue, CallEnded{Call: a.Call})
			}
		}
	}
	for _, u := range d.all() {
		u.dev.Show(Indicators(d.state, u.id))
	}
}

func (d *desktop) fail(format string, args ...any) {
	d.t.Helper()
	d.t.Fatalf("%s\nlast of all: %q", fmt.Sprintf(format, args...), d.log[max(0, len(d.log)-40):])
}

// events of the device, as package phone translates them.
func (d *desktop) fromDevice(id HandsetID, e devices.Event) {
	d.heard++
	d.log = append(d.log, "> "+string(id)+" "+e.Kind.String())
	switch e.Kind {
	case devices.OffHook:
		d.feed(Lifted{id})
	case devices.OnHook:
		d.feed(PutDown{id})
	case devices.KeyDown:
		d.feed(KeyPressed{id, e.Key})
	case devices.Flash:
		d.feed(FlashPressed{id})
	case devices.MutePress:
		d.feed(MutePressed{id})
	case devices.MuteOn, devices.MuteOff:
		d.feed(MuteSet{id, e.Kind == devices.MuteOn})
	case devices.Reject:
		d.feed(RejectPressed{id})
	case devices.DropPress:
		d.feed(DropPressed{id})
	case devices.HoldPress:
		d.feed(HoldPressed{id})
	}
}

// pass lets time go by, and takes what comes meanwhile.
func (d *desktop) pass(t time.Duration) {
	end := time.Now().Add(t)
	one := d.units[0].dev.Events()
	var two <-chan devices.Event
	if d.units[1].dev != nil {
		two = d.units[1].dev.Events()
	}
	for {
		at := d.heard
		for more := true; more; {
			synctest.Wait()
			select {
			case e := <-one:
				d.fromDevice(d.units[0].id, e)
			case e := <-two:
				d.fromDevice(d.units[1].id, e)
			default:
				more = false
			}
			if d.heard > at+64 {
				d.fail("device and phone answer each other for ever")
			}
		}
		next, which := end, timerOf{}
		for timer, r := range d.timers {
			if r.due.Before(next) {
				next, which = r.due, timer
			}
		}
		wait := time.Until(next)
		switch r, fires := d.timers[which]; {
		case fires && r.due.Equal(next) && wait <= 0:
			delete(d.timers, which)
			d.feed(TimerFired{which.handset, which.timer, r.seq})
		case wait <= 0:
			return
		default:
			select {
			case e := <-one:
				d.fromDevice(d.units[0].id, e)
			case e := <-two:
				d.fromDevice(d.units[1].id, e)
			case <-time.After(wait):
			}
		}
	}
}

func (d *desktop) anyCall() CallID {
	calls := d.state.Calls()
	if len(calls) == 0 {
		return ""
	}
	return calls[d.rnd.IntN(len(calls))].ID
}

// step is something that a person, a caller, or the device does.
func (d *desktop) step() {
	u := d.all()[d.rnd.IntN(len(d.all()))]
	p := u.phone
	headset := !p.Profile().Kind.Cradled()
	do := func(what string, f func() error) {
		d.log = append(d.log, string(u.id)+" "+what)
		_ = f() // not every device has every key
	}
	switch d.rnd.IntN(24) {
	case 0, 1, 2:
		if headset {
			do("hook", p.PressHook)
		} else {
			do("lift", p.Lift)
		}
	case 3, 4, 5:
		if headset {
			do("hook", p.PressHook)
		} else {
			do("put down", p.HangUp)
		}
	case 6, 7, 8:
		do("mute", p.PressMute)
	case 9:
		do("flash", p.PressFlash)
	case 10, 11:
		do("key", func() error { return p.Press("5") })
	case 12:
		do("reject", p.PressReject)
	case 13, 14, 15:
		d.calls++
		d.log = append(d.log, "incoming")
		d.feed(IncomingCall{Call: CallID("in-" + strconv.Itoa(d.calls)), Peer: "bob"})
	case 16, 17:
		d.log = append(d.log, "ended")
		d.feed(CallEnded{Call: d.anyCall(), Remote: true})
	case 18:
		d.feed(CallAnswered{d.anyCall()})
	case 19:
		d.feed(CmdMute{d.rnd.IntN(2) == 0})
	case 20:
		d.log = append(d.log, "answered here")
		d.feed(CmdAnswer{})
	case 21:
		d.feed(CmdHangUp{})
	case 22:
		if d.rnd.IntN(4) == 0 {
			d.log = append(d.log, "reset")
			p.Reset()
		}
	case 23:
		if d.rnd.IntN(4) == 0 {
			d.log = append(d.log, "another program")
			d.meddle(p)
		}
	}
	switch d.rnd.IntN(4) {
	case 0:
		d.pass(time.Duration(d.rnd.IntN(900)) * time.Millisecond)
	case 1:
		d.pass(time.Duration(d.rnd.IntN(30)) * time.Millisecond)
	default:
		d.pass(0)
	}
}

// meddle has another program write to the device.
func (d *desktop) meddle(p *virtual.Phone) {
	dev, err := p.Plug()
	if err != nil {
		d.fail("%v", err)
	}
	for id := range uint8(16) {
		for n := 1; n <= 2; n++ {
			rep := make([]byte, 1+n)
			rep[0] = id
			rep[1] = byte(d.rnd.IntN(256))
			if p.Profile().WriteStall == 0 {
				_ = dev.Write(rep) // of a wrong length it does nothing
			}
		}
	}
	_ = dev.Close() // emulated: it cannot fail
}

// rest checks what must hold when nobody has done anything for a while.
func (d *desktop) rest() {
	d.pass(2 * time.Minute)
	// Whatever was lost to resets and others is said again at the next transition; here by Refresh.
	for _, u := range d.all() {
		u.dev.Refresh()
	}
	d.pass(2 * time.Minute)
	d.heard = 0
	d.pass(10 * time.Minute)
	// Timers of the phone may change a light, and a device that was not yet known to answer may be heard to.
	if d.heard > 4*len(d.all()) {
		d.fail("%d events in ten minutes in which nobody did anything", d.heard)
	}
	for _, u := range d.all() {
		d.shows(u)
	}
	for _, u := range d.all() {
		d.hangsUp(u)
	}
	for len(d.state.Calls()) > 0 {
		d.feed(CallEnded{Call: d.state.Calls()[0].ID, Remote: true})
	}
	d.pass(2 * time.Minute)
	for _, u := range d.all() {
		if lit := u.phone.State().Lit(); len(lit) > 0 {
			d.fail("at rest %s shows %v", u.id, lit)
		}
	}
	d.heard = 0
	d.pass(time.Hour)
	if d.heard > 0 {
		d.fail("%d events while nobody did anything", d.heard)
	}
	d.log = d.log[:0]
}

// shows checks the lights of a device, and that it agrees with the phone about its hook.
func (d *desktop) shows(u unit) {
	s, want := u.phone.State(), Indicators(d.state, u.id)
	for name, lit := range map[string]bool{
		"off-hook": want.OffHook, "ring": want.Ring, "ringer": want.Ring, "mute": want.Mute, "hold": want.Hold,
		"microphone": want.Microphone, "on-line": want.OnLine, "message-waiting": want.MessageWaiting,
	} {
		if got, has := s.Lights[name]; has && got != lit {
			d.fail("light %s of %s is %t, want %t", name, u.id, got, lit)
		}
	}
	h, _ := d.state.Handset(u.id)
	_, follows := s.Lights["off-hook"]
	if cradled := u.phone.Profile().Kind.Cradled(); (cradled || follows) && h.Lifted != s.Lifted {
		d.fail("%s is lifted %t, the phone says %t", u.id, s.Lifted, h.Lifted)
	}
}

// hangsUp hangs up, which works at the latest when tried again.
func (d *desktop) hangsUp(u unit) {
	for try := 0; ; try++ {
		h, _ := d.state.Handset(u.id)
		switch {
		case !h.Lifted:
			return
		case try == 3:
			d.fail("the hook of %s is stuck", u.id)
		case u.phone.Profile().Kind.Cradled():
			_ = u.phone.HangUp()
		default:
			_ = u.phone.PressHook()
		}
		d.pass(time.Second)
	}
}

// plugIn plugs in a device of random manners.
func (d *desktop) plugIn(n int, p virtual.Profile) {
	rnd := d.rnd
	p.AcknowledgesHook = p.AcknowledgesHook != (rnd.IntN(4) == 0)
	p.AnswersTwice = rnd.IntN(4) == 0
	p.EchoesMute = p.EchoesMute || rnd.IntN(2) == 0
	p.ReportAtOpening = p.ReportAtOpening || rnd.IntN(4) == 0
	if rnd.IntN(3) > 0 {
		p.AckDelay = time.Duration(rnd.IntN(450)) * time.Millisecond
	}
	u := unit{id: HandsetID(strconv.Itoa(n + 1)), phone: virtual.New(p, virtual.WithSerial(strconv.Itoa(n+1)))}
	node, err := u.phone.Plug()
	if err != nil {
		d.t.Fatal(err)
	}
	if u.dev, err = devices.Open(node, devices.Options{}); err != nil {
		d.t.Fatal(err)
	}
	d.units[n] = u
	d.feed(HandsetPlugged{Handset: u.id, Cradled: u.dev.Kind().Cradled(), Lifted: u.dev.Lifted(), Line: Line{Seat: "one"}})
}

// playAt plays some steps at a device of random manners, and perhaps another one of the same seat.
func playAt(t *testing.T, list []virtual.Profile, seed uint64, steps int) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	d := &desktop{t: t, rnd: rnd, state: New(Config{HookFlash: rnd.IntN(4) == 0}), timers: map[timerOf]ringing{}}
	d.plugIn(0, list[seed%uint64(len(list))])
	if rnd.IntN(3) == 0 {
		d.plugIn(1, list[rnd.IntN(len(list))])
	}
	for _, u := range d.all() {
		defer u.dev.Close()
	}
	for i := range steps {
		d.step()
		if i%50 == 49 {
			d.rest()
		}
	}
	d.rest()
}

// The test plays a person, callers and every emulated device against each other: devices that acknowledge, do not,
// late, twice, that reset themselves, and to which other programs write. There must be no loop, no stuck hook and no
// wrong light. `make bench` takes a million steps.
func TestNoMannersOfADeviceMakeALoopAStuckHookOrAWrongLight(t *testing.T) {
	total := *steps
	list := slices.DeleteFunc(virtual.Profiles(), func(p virtual.Profile) bool { return p.WriteStall > 0 })
	const each = 200
	for i := range uint64(total / each) {
		p := list[i%uint64(len(list))]
		if !t.Run(fmt.Sprintf("%s %d", p.Name, i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playAt(t, list, i, each) })
		}) {
			break
		}
	}
	t.Logf("%d steps", total)
}
