//go:build usb

package vmtest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/devices/virtual/usb"
	"offhook/devices/virtual/usb/usbtest"
	"offhook/phone/control"
)

func TestACallOutlivesAnUnplug(t *testing.T) {
	program(t)
	h := newHandpiece()
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	talk(t, pl)
	events := usbtest.Listen(t)
	pl.Phone.Unplug()
	from := time.Now()
	pl.Phone.Replug()
	pl.Ready(t, events, from, true)
	back := time.Now()
	h.forget()
	t.Logf("card back → echo of the voice at the earpiece %v", h.hear(t, voice, true).Sub(back))
}

// inCall tells whether a display shows a call that goes on: for the first second by a word, then by its time, which is all that is
// seen where a slow machine takes longer to show the word.
func inCall(s virtual.State) bool {
	return s.Display[1] == "Connected" || strings.Contains(s.Display[1], ":")
}

// talk lifts the handset and calls the echo.
func talk(t *testing.T, pl *usbtest.Plugged) {
	t.Helper()
	if err := errors.Join(pl.Phone.Lift(), pl.Phone.Press("600#")); err != nil {
		t.Fatal(err)
	}
	pl.See(t, "a call", func(s virtual.State) bool { return inCall(s) && s.Display[0] == "600" })
}

// TestFiftyUnplugs pulls the cables of two phones, in turn and both, in each state of a call.
func TestFiftyUnplugs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; it runs in CI, and by its name")
	}
	const cables = 50
	o := program(t)
	people := [2]*handpiece{newHandpiece(), newHandpiece()}
	var phones [2]*usbtest.Plugged
	for i, h := range people {
		phones[i] = usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h})
		phones[i].See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	}
	events := usbtest.Listen(t)
	states := []struct {
		name  string
		begin func(*usbtest.Plugged)
		calls int // of each phone
		talks bool
	}{
		{"talking", func(pl *usbtest.Plugged) { talk(t, pl) }, 1, true},
		{"idle", func(*usbtest.Plugged) {}, 0, false},
		{"talking", func(pl *usbtest.Plugged) { talk(t, pl) }, 1, true},
		{"dial tone", func(pl *usbtest.Plugged) {
			if err := pl.Phone.Lift(); err != nil {
				t.Fatal(err)
			}
		}, 0, false},
		{"muted", func(pl *usbtest.Plugged) {
			talk(t, pl)
			if err := pl.Phone.PressMute(); err != nil {
				t.Fatal(err)
			}
			pl.See(t, "the mute light", func(s virtual.State) bool { return s.Lights["mute"] })
		}, 1, false},
	}
	var files map[string]int
	var times []time.Duration
	for n, round := 0, 0; n < cables; round++ {
		state := states[round%len(states)]
		pulled := [][]int{{0}, {1}, {0, 1}}[round%3]
		for _, pl := range phones {
			state.begin(pl)
		}
		for _, i := range pulled {
			phones[i].Phone.Unplug()
			n++
		}
		o.await("the unplug", func(s control.Status) bool { return count(s, control.HandsetUnplugged) == len(pulled) })
		var back [2]time.Time
		for _, i := range pulled {
			from := time.Now()
			phones[i].Phone.Replug()
			phones[i].Ready(t, events, from, true)
			back[i] = time.Now()
			people[i].forget()
		}
		if state.talks {
			for _, i := range pulled {
				took := people[i].hear(t, voice, true).Sub(back[i])
				times = append(times, took)
				t.Logf("cable %d, %s: sound is back %v after the card", n, state.name, took)
				if took > time.Second {
					t.Errorf("%s, cable %d: sound is back %v after the card", state.name, n, took)
				}
			}
		}
		s := o.await("the handsets", func(s control.Status) bool { return count(s, control.HandsetUnplugged) == 0 })
		if got, want := len(s.Calls), len(phones)*state.calls; got != want {
			t.Fatalf("%s, cable %d: %d calls are left of %d: %+v", state.name, n, got, want, s.Calls)
		}
		for _, pl := range phones {
			if pl.Phone.State().Lifted {
				if err := pl.Phone.HangUp(); err != nil {
					t.Fatal(err)
				}
			}
			pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })
		}
		o.await("the end of the calls", func(s control.Status) bool { return len(s.Calls) == 0 })
		if round == len(states) { // all is warm
			files = o.open()
		}
	}
	time.Sleep(6 * time.Second) // sound devices are closed by then
	if now := o.open(); !maps.Equal(now, files) {
		t.Logf("open files and processes at the end: %v, before %v", now, files)
		for kind, n := range now {
			if n > files[kind]+1 {
				t.Errorf("%s: %d, before %d", kind, n, files[kind])
			}
		}
	}
	slices.Sort(times)
	t.Logf("sound back after %v (median) and at most %v, of %d; %v", times[len(times)/2], times[len(times)-1], len(times), o.open())
}

// TestUnplugsWhileItHoldsAndRings: what needs more than putting down to end.
func TestUnplugsWhileItHoldsAndRings(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	o := program(t)
	h := newHandpiece()
	pl := usbtest.Plug(t, usbtest.Profile(t, "handset"), usb.Config{Sound: h})
	pl.See(t, "the idle display", func(s virtual.State) bool { return s.Display[0] == "Offhook" })
	events := usbtest.Listen(t)
	pull := func() {
		pl.Phone.Unplug()
		o.await("the unplug", func(s control.Status) bool { return count(s, control.HandsetUnplugged) == 1 })
		from := time.Now()
		pl.Phone.Replug()
		pl.Ready(t, events, from, true)
		h.forget()
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	held := func(s control.Status) bool { return len(s.Calls) == 1 && s.Calls[0].Held }
	for range rounds {
		talk(t, pl)
		must(pl.Phone.PressFlash())
		o.await("the hold", held)
		pull()
		h.hear(t, voice, true) // lifted as it comes back, it takes its call up again
		o.await("the call, and no complaint", func(s control.Status) bool { return len(s.Calls) == 1 && !s.Calls[0].Held && s.Handsets[0].Error == "" })
		must(pl.Phone.HangUp())
		o.await("the end", func(s control.Status) bool { return len(s.Calls) == 0 })

		must(errors.Join(pl.Phone.Lift(), pl.Phone.Press("601#")))
		o.await("the call", func(s control.Status) bool { return len(s.Calls) == 1 })
		must(pl.Phone.HangUp())
		pl.See(t, "ringing", func(s virtual.State) bool { return s.Ringing })
		pull()
		pl.See(t, "ringing again", func(s virtual.State) bool { return s.Ringing })
		must(pl.Phone.Lift())
		o.await("the answer", func(s control.Status) bool { return len(s.Calls) == 1 && s.Calls[0].State == control.CallActive })
		must(pl.Phone.HangUp())
		o.await("the end", func(s control.Status) bool { return len(s.Calls) == 0 })
		pl.See(t, "darkness", func(s virtual.State) bool { return len(s.Lit()) == 0 })
	}
}

// count is how many handsets are in a state.
func count(s control.Status, state string) int {
	n := 0
	for _, h := range s.Handsets {
		if h.State == state {
			n++
		}
	}
	return n
}

// await waits until the phone's status is as wanted. It asks, since events say less; the machine's clock skips what it
// sleeps.
func (o *offhook) await(what string, ok func(control.Status) bool) control.Status {
	o.t.Helper()
	client := control.NewClient(filepath.Join(o.dir, "control.sock"))
	defer client.Close()
	var s control.Status
	for range 1000 {
		var err error
		if s, err = client.Status(o.t.Context()); err == nil && ok(s) {
			return s
		}
		time.Sleep(20 * time.Millisecond)
	}
	o.t.Fatalf("waited in vain for %s; the status is %+v", what, s)
	return s
}

// open is what the program has open, by what it is, and its child processes.
func (o *offhook) open() map[string]int {
	o.t.Helper()
	files := map[string]int{}
	proc := fmt.Sprintf("/proc/%d", o.cmd.Process.Pid)
	entries, err := os.ReadDir(proc + "/fd")
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(proc, "fd", e.Name())); err == nil {
			kind, _, _ := strings.Cut(to, ":")
			files[kind]++
		}
	}
	files["children"] = len(o.children())
	return files
}
