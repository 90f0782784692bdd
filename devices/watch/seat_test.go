package watch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"offhook/udev"
)

func TestPhonesAreLetGoWhileAnotherUserIsAtTheSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		stop := m.run()
		settle()
		m.want("at the seat", "one")

		m.present <- false
		settle()
		for range m.attached[0].Events() {
		}
		if err := m.attached[0].Err(); !errors.Is(err, ErrAway) {
			t.Errorf("it ended by: %v", err)
		}
		d, err := m.phones["/dev/hidraw1"].Plug()
		if err != nil {
			t.Fatalf("the next user can't open it: %v", err)
		}
		d.Close()

		// What comes meanwhile is not taken either, and what goes is forgotten.
		m.plug(hidraw(2, "b"), "handset", "two")
		m.tell("add", "hidraw", "/dev/hidraw2")
		m.plug(hidraw(3, "c"), "handset", "three")
		m.tell("add", "hidraw", "/dev/hidraw3")
		settle()
		m.unplug("/dev/hidraw3")
		m.tell("remove", "hidraw", "/dev/hidraw3")
		m.tell("change", "hidraw", "/dev/hidraw1")
		settle()
		m.want("away", "one")

		m.set(m.locked, "/dev/hidraw2", true) // logind is on its way
		m.present <- true
		settle()
		m.want("back", "one one")
		m.set(m.locked, "/dev/hidraw2", false)
		m.nodes <- "/dev/hidraw2"
		settle()
		m.want("permitted", "one one two")
		if m.attached[0].ID() != m.attached[1].ID() {
			t.Errorf("it has become another: %s, %s", m.attached[0].ID(), m.attached[1].ID())
		}
		stop()
	})
}

func TestNothingIsOpenedWhenTheSeatIsAnothersAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.empty = true
		m.plug(hidraw(1, "a"), "handset", "one")
		stop := m.run()
		settle()
		m.want("away", "")
		if len(m.opens) > 0 {
			t.Errorf("opened: %v", m.opens)
		}
		m.present <- true
		settle()
		m.want("there", "one")
		stop()
	})
}

func TestAPhoneThatWaitsForItsSoundIsLetGoToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		m.set(m.silent, "/dev/hidraw1", true)
		stop := m.run()
		time.Sleep(soundWait / 2)
		m.present <- false
		time.Sleep(2 * soundWait)
		m.want("away", "")
		m.present <- true
		time.Sleep(soundWait / 2)
		m.set(m.silent, "/dev/hidraw1", false)
		m.tell("change", "sound", "")
		m.want("back, and its card is ready", "one")
		stop()
	})
}

func TestASeatThatIsNotKnownAnyMoreIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		m.plug(hidraw(1, "a"), "handset", "one")
		ctx, seat := t.Context(), machineSeat{make(chan bool, 1), make(chan struct{})}
		seat.present <- false
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Config{Events: m, Seat: &brokenSeat{Seat: seat}, Enumerate: m.enumerate, Open: m.open, Attach: m.attach})
		}()
		settle()
		m.want("logind is gone", "one")
		m.events <- udev.ErrClosed
		<-ended
		for _, d := range m.attached {
			d.Close()
		}
	})
}

// brokenSeat fails at the second question.
type brokenSeat struct {
	Seat
	asked bool
}

func (s *brokenSeat) Next() (bool, error) {
	if s.asked {
		return false, errors.New("no bus")
	}
	s.asked = true
	return s.Seat.Next()
}
