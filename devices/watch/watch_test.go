package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/hid"
	"offhook/udev"
)

func TestPhonesAreFoundAtTheStartAndWhenPluggedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(0, "a"), "", "") // a mouse
		m.plug(hidraw(1, "b"), "handset", "one")
		stop := m.run()
		settle()
		m.want("at the start", "one")

		m.plug(hidraw(2, "c"), "headset", "two")
		m.tell("add", "hidraw", "/dev/hidraw2")
		settle()
		m.want("plugged in", "one two")

		// What is known is not opened again, whatever is said of it.
		m.tell("change", "hidraw", "/dev/hidraw1")
		m.tell("add", "hidraw", "/dev/hidraw2")
		m.tell("change", "hidraw", "/dev/hidraw0")
		settle()
		m.want("after repetitions", "one two")
		if got := strings.Join(m.opens, " "); strings.Count(got, "hidraw") != 3 {
			t.Errorf("opened: %s", got)
		}
		if len(m.skipped) > 0 {
			t.Errorf("a mouse is nothing to be told of: %v", m.skipped)
		}
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestAPhonePluggedInAgainIsTheSamePhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "first"), "handset", "one")
		stop := m.run()
		settle()
		for i := range 3 {
			m.unplug("/dev/hidraw1")
			m.tell("remove", "hidraw", "/dev/hidraw1")
			m.plug(hidraw(1, fmt.Sprint("again", i)), "handset", "one")
			m.tell("add", "hidraw", "/dev/hidraw1")
			settle()
		}
		m.want("plugged in four times", "one one one one")
		for i, d := range m.attached {
			if d.ID() != m.attached[0].ID() {
				t.Errorf("another ID: %s", d.ID())
			}
			if i < 3 && !errors.Is(d.Err(), hid.ErrGone) {
				t.Errorf("device %d: %v", i, d.Err())
			}
		}
		stop()
	})
}

func TestANodeThatIsNotPermittedIsOpenedWhenItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.locked, "/dev/hidraw1", true)
		stop := m.run()
		settle()
		m.want("not permitted", "")
		if len(m.skipped) != 1 || !errors.Is(m.skipped[0].Reason, hid.ErrPermission) || m.skipped[0].Remedy == "" {
			t.Fatalf("told: %+v", m.skipped)
		}
		if !m.watched["/dev/hidraw1"] {
			t.Fatal("its node is not watched")
		}
		m.nodes <- "/dev/hidraw1" // something changed, but not enough
		settle()
		if len(m.skipped) != 1 {
			t.Errorf("told again: %+v", m.skipped)
		}
		m.set(m.locked, "/dev/hidraw1", false)
		m.nodes <- "/dev/hidraw1"
		settle()
		m.want("permitted", "one")
		if m.watched["/dev/hidraw1"] {
			t.Error("its node is still watched")
		}
		stop()
	})
}

// Between the attempt and the watching, permission comes and no one is told of it.
func TestAPermissionThatComesBeforeItIsWatchedForIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.locked, "/dev/hidraw1", true)
		nodes := unlockingNodes{machineNodes{m}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		attached := make(chan *devices.Device, 1)
		go func() {
			ended <- Run(ctx, Config{Events: m, Nodes: nodes, Enumerate: m.enumerate, Open: m.open, Attach: func(d *devices.Device) { attached <- d }})
		}()
		(<-attached).Close()
		cancel()
		<-ended
	})
}

type unlockingNodes struct{ machineNodes }

func (u unlockingNodes) Add(path string) error {
	u.set(u.locked, path, false)
	return u.machineNodes.Add(path)
}

func TestAHandsetWaitsForItsSoundCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		stop := m.run()
		m.set(m.silent, "/dev/hidraw1", true)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.tell("add", "hidraw", "/dev/hidraw1")
		settle()
		m.tell("add", "sound", "") // of a card that is not ready, or another one
		m.want("before its card", "")
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("its card is ready", "one")
		time.Sleep(2 * soundWait)
		m.want("later", "one")
		stop()
	})
}

func TestAHandsetWhoseCardDoesNotComeIsUsedWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		stop := m.run()
		time.Sleep(soundWait - 100*time.Millisecond)
		m.want("while waiting", "")
		time.Sleep(time.Second)
		m.want("after waiting", "one")
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("its card comes late", "one")
		stop()
	})
}

func TestAHandsetUnpluggedBeforeItsCardCameIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		stop := m.run()
		settle()
		m.unplug("/dev/hidraw1")
		m.tell("remove", "hidraw", "/dev/hidraw1")
		time.Sleep(2 * soundWait)
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("unplugged", "")
		stop()
	})
}

func TestLostEventsAreMadeUpForByLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.plug(hidraw(2, "b"), "handset", "two")
		stop := m.run()
		settle()
		m.unplug("/dev/hidraw1")
		m.unplug("/dev/hidraw2")
		m.plug(hidraw(1, "c"), "headset", "three") // another device has the node now
		m.plug(hidraw(4, "d"), "handset", "four")
		m.events <- fmt.Errorf("receive: %w", udev.ErrOverrun)
		settle()
		got := strings.Fields(m.ids())
		slices.Sort(got)
		if want := []string{"four", "one", "three", "two"}; !slices.Equal(got, want) {
			t.Errorf("handed over %q, want %q", got, want)
		}
		stop()
	})
}

func TestNoMoreEventsEndsTheWatchAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		broken := errors.New("no such socket")
		m.events <- broken
		if err := Run(t.Context(), Config{Events: m, Enumerate: m.enumerate, Open: m.open}); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}

func TestWithoutEventsThePhonesAreThoseOfTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		ctx, cancel := context.WithCancel(t.Context())
		ended, attached := make(chan error, 1), make(chan *devices.Device, 1)
		go func() {
			ended <- Run(ctx, Config{Enumerate: m.enumerate, Open: m.open, Attach: func(d *devices.Device) { attached <- d }})
		}()
		(<-attached).Close()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
