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

// desktop is a desk with one real driver on an emulated device, a person, and callers. It is the phone without network
// and sound.
type desktop struct {
	t      *testing.T
	rnd    *rand.Rand
	phone  *virtual.Phone
	dev    *devices.Device
	state  State
	timers map[Timer]ringing
	calls  int
	heard  int // events of the device
	log    []string
}

type ringing struct {
	seq int
	due time.Time
}

const deskID = HandsetID("it")

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
				d.timers[a.Timer] = ringing{a.Seq, time.Now().Add(a.After)}
			case StopTimer:
				delete(d.timers, a.Timer)
			case AnswerCall:
				queue = append(queue, CallAnswered{a.Call})
			case RejectCall:
				queue = append(queue, CallEnded{Call: a.Call, Code: a.Code})
			case EndCall:
				queue = append(queue, CallEnded{Call: a.Call})
			}
		}
	}
	d.dev.Show(Indicators(d.state, deskID))
}

func (d *desktop) fail(format string, args ...any) {
	d.t.Helper()
	d.t.Fatalf("%s\nlast of all: %q", fmt.Sprintf(format, args...), d.log[max(0, len(d.log)-40):])
}

// events of the device, as package phone translates them.
func (d *desktop) fromDevice(e devices.Event) {
	d.heard++
	d.log = append(d.log, "> "+e.Kind.String())
	switch e.Kind {
	case devices.OffHook:
		d.feed(Lifted{deskID})
	case devices.OnHook:
		d.feed(PutDown{deskID})
	case devices.KeyDown:
		d.feed(KeyPressed{deskID, e.Key})
	case devices.Flash:
		d.feed(FlashPressed{deskID})
	case devices.MutePress:
		d.feed(MutePressed{deskID})
	case devices.MuteOn, devices.MuteOff:
		d.feed(MuteSet{deskID, e.Kind == devices.MuteOn})
	case devices.Reject:
		d.feed(RejectPressed{deskID})
	case devices.DropPress:
		d.feed(DropPressed{deskID})
	case devices.HoldPress:
		d.feed(HoldPressed{deskID})
	}
}

// pass lets time go by, and takes what comes meanwhile.
func (d *desktop) pass(t time.Duration) {
	end := time.Now().Add(t)
	for {
		at := d.heard
		for more := true; more; {
			synctest.Wait()
			select {
			case e := <-d.dev.Events():
				d.fromDevice(e)
			default:
				more = false
			}
			if d.heard > at+64 {
				d.fail("device and phone answer each other for ever")
			}
		}
		next, which := end, Timer(0)
		for timer, r := range d.timers {
			if r.due.Before(next) {
				next, which = r.due, timer
			}
		}
		wait := time.Until(next)
		switch r, fires := d.timers[which]; {
		case fires && r.due.Equal(next) && wait <= 0:
			delete(d.timers, which)
			d.feed(TimerFired{deskID, which, r.seq})
		case wait <= 0:
			return
		default:
			select {
			case e := <-d.dev.Events():
				d.fromDevice(e)
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
	p := d.phone
	headset := !p.Profile().Kind.Cradled()
	do := func(what string, f func() error) {
		d.log = append(d.log, what)
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
			d.meddle()
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
func (d *desktop) meddle() {
	dev, err := d.phone.Plug()
	if err != nil {
		d.fail("%v", err)
	}
	for id := range uint8(16) {
		for n := 1; n <= 2; n++ {
			rep := make([]byte, 1+n)
			rep[0] = id
			rep[1] = byte(d.rnd.IntN(256))
			if d.phone.Profile().WriteStall == 0 {
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
	d.dev.Refresh()
	d.pass(2 * time.Minute)
	d.heard = 0
	d.pass(10 * time.Minute)
	// Timers of the phone may change a light, and a device that was not yet known to answer may be heard to.
	if d.heard > 4 {
		d.fail("%d events in ten minutes in which nobody did anything", d.heard)
	}
	s, want := d.phone.State(), Indicators(d.state, deskID)
	for name, lit := range map[string]bool{
		"off-hook": want.OffHook, "ring": want.Ring, "ringer": want.Ring, "mute": want.Mute, "hold": want.Hold,
		"microphone": want.Microphone, "on-line": want.OnLine, "message-waiting": want.MessageWaiting,
	} {
		if got, has := s.Lights[name]; has && got != lit {
			d.fail("light %s is %t, want %t", name, got, lit)
		}
	}
	h, _ := d.state.Handset(deskID)
	_, follows := s.Lights["off-hook"]
	if cradled := d.phone.Profile().Kind.Cradled(); (cradled || follows) && h.Lifted != s.Lifted {
		d.fail("the device is lifted %t, the phone says %t", s.Lifted, h.Lifted)
	}
	// Hanging up works, at the latest when tried again.
	for try := 0; h.Lifted; try++ {
		if try == 3 {
			d.fail("the hook is stuck")
		}
		if d.phone.Profile().Kind.Cradled() {
			_ = d.phone.HangUp()
		} else {
			_ = d.phone.PressHook()
		}
		d.pass(time.Second)
		h, _ = d.state.Handset(deskID)
	}
	for len(d.state.Calls()) > 0 {
		d.feed(CallEnded{Call: d.state.Calls()[0].ID, Remote: true})
	}
	d.pass(2 * time.Minute)
	if lit := d.phone.State().Lit(); len(lit) > 0 {
		d.fail("at rest it shows %v", lit)
	}
	d.heard = 0
	d.pass(time.Hour)
	if d.heard > 0 {
		d.fail("%d events while nobody did anything", d.heard)
	}
	d.log = d.log[:0]
}

// playAt plays some steps at a device of random manners.
func playAt(t *testing.T, p virtual.Profile, seed uint64, steps int) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	p.AcknowledgesHook = p.AcknowledgesHook != (rnd.IntN(4) == 0)
	p.AnswersTwice = rnd.IntN(4) == 0
	p.EchoesMute = p.EchoesMute || rnd.IntN(2) == 0
	p.ReportAtOpening = p.ReportAtOpening || rnd.IntN(4) == 0
	if rnd.IntN(3) > 0 {
		p.AckDelay = time.Duration(rnd.IntN(450)) * time.Millisecond
	}
	phone := virtual.New(p)
	node, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	dev, err := devices.Open(node, devices.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desktop{t: t, rnd: rnd, phone: phone, dev: dev, state: New(Config{HookFlash: rnd.IntN(4) == 0}), timers: map[Timer]ringing{}}
	defer dev.Close()
	d.feed(HandsetPlugged{Handset: deskID, Cradled: dev.Kind().Cradled(), Lifted: dev.Lifted()})
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
			synctest.Test(t, func(t *testing.T) { playAt(t, p, i, each) })
		}) {
			break
		}
	}
	t.Logf("%d steps", total)
}
