package phone

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/phone/control"
)

// unplugs is how many cables are pulled; `make bench` pulls 1000.
var unplugs = flag.Int("unplugs", 32, "unplugs in TestUnplugsLoseNothing")

// situations are the states in which a cable is pulled. Each begins with two idle phones, of which a calls; in some they
// must hear each other again.
var situations = []struct {
	name  string
	begin func(t *testing.T, a, b *user)
	talk  bool
}{
	{"idle", func(*testing.T, *user, *user) {}, false},
	{"dial tone", func(t *testing.T, a, b *user) { a.lift() }, false},
	{"dialling", func(t *testing.T, a, b *user) { a.lift(); a.press("1") }, false},
	{"ringing", func(t *testing.T, a, b *user) { a.lift(); a.press("101#"); a.w.pass(time.Second) }, false},
	{"talking", talk, true},
	{"muted", func(t *testing.T, a, b *user) { talk(t, a, b); must(t, b.do(control.VerbMute, "on=true")) }, false},
	{"held by us", func(t *testing.T, a, b *user) { talk(t, a, b); must(t, a.do(control.VerbHold)); a.w.pass(time.Second) }, false},
	{"held by them", func(t *testing.T, a, b *user) { talk(t, a, b); must(t, b.do(control.VerbHold)); a.w.pass(time.Second) }, false},
}

func talk(t *testing.T, a, b *user) {
	t.Helper()
	a.lift()
	a.press("101#")
	a.w.pass(time.Second)
	b.lift()
	a.w.pass(time.Second)
	a.want(control.StateTalking, control.CallActive)
}

// The cable of either phone, or of both at once, is pulled in each state and plugged in again a moment later, the
// handset where it was. No call may be lost by that, and a conversation goes on within a second. What a phone of this
// test has left open at the end fails it: goroutines by synctest, sockets by the world.
func TestUnplugsLoseNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.pair("handset", "handset")
		for n := 0; n < *unplugs; {
			for _, s := range situations {
				for _, who := range [][]*user{{a}, {b}, {a, b}} {
					s.begin(t, a, b)
					before := calls(a, b)
					for _, u := range who {
						u.device.Unplug()
						n++
					}
					w.pass(time.Duration(n%7) * 100 * time.Millisecond)
					for _, u := range who {
						u.handset(control.HandsetUnplugged)
						must(t, u.do(control.VerbHandset, "action=plug"))
					}
					w.pass(time.Second)
					want := before
					if s.name == "ringing" && who[0] == a {
						want = none(a, b) // nobody can wait for the answer any more: the call that is none yet ends
					}
					if after := calls(a, b); after != want {
						t.Fatalf("%s, unplug %d of %d phones: %s, before %s", s.name, n, len(who), after, before)
					}
					if s.talk {
						w.pass(time.Second)
						a.hearsUser(b, 900*time.Millisecond)
						b.hearsUser(a, 900*time.Millisecond)
					}
					quiet(t, a, b)
				}
			}
		}
		if n := w.rtp(); n > 0 {
			t.Errorf("%d RTP sockets are open without a call", n)
		}
		// Both still work.
		talk(t, a, b)
		w.pass(time.Second)
		a.hearsUser(b, 900*time.Millisecond)
	})
}

// calls tells the calls of phones.
func calls(users ...*user) string {
	text := ""
	for _, u := range users {
		text += u.name + ":"
		for _, c := range u.phone.Status().Calls {
			text += fmt.Sprintf(" %s %s", c.ID, c.State)
		}
		text += "; "
	}
	return text
}

// none is what calls says when there is no call.
func none(a, b *user) string { return a.name + ":; " + b.name + ":; " }

// quiet ends all calls and puts the handsets down.
func quiet(t *testing.T, users ...*user) {
	t.Helper()
	for _, u := range users {
		if u.device.State().Lifted {
			u.hangUp()
		}
	}
	users[0].w.pass(time.Second)
	for _, u := range users {
		for _, c := range u.phone.Status().Calls {
			must(t, u.do(control.VerbHangUp, "call="+c.ID))
		}
	}
	users[0].w.pass(2 * time.Second)
	for _, u := range users {
		if s := u.phone.Status(); len(s.Calls) > 0 || u.device.State().Lifted {
			t.Fatalf("%s is not idle: %+v", u.name, s)
		}
		if _, err := u.device.Await(u.w.ctx, func(s virtual.State) bool { return len(s.Lit()) == 0 }); err != nil {
			t.Fatalf("%s: %v; it shows %v", u.name, err, u.device.State().Lit())
		}
	}
}
