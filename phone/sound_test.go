package phone

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone/control"
)

// opener is a way to open sound that counts, and fails when it is told to.
type opener struct {
	ear    *ear
	opened atomic.Int32
	closed atomic.Int32
	fail   atomic.Pointer[error]
	wait   time.Duration
}

func (o *opener) open() (sound.Port, error) {
	time.Sleep(o.wait)
	o.opened.Add(1)
	if err := o.fail.Load(); err != nil {
		return nil, *err
	}
	return &closing{o.ear, o}, nil
}

// closing counts how often it was closed.
type closing struct {
	*ear
	o *opener
}

func (c *closing) Close() error {
	c.o.closed.Add(1)
	return c.ear.Close()
}

// withOpener plugs a second device into the phone of u, whose sound is opened when it is needed.
func (u *user) withOpener(name string, o *opener) *user {
	u.w.t.Helper()
	shape, err := virtual.ByName("handset")
	must(u.w.t, err)
	v := &user{w: u.w, name: name, phone: u.phone, device: virtual.New(shape, virtual.WithSerial(name)), stop: u.stop}
	o.ear = &ear{Port: u.w.sound(u.w.t.TempDir() + "/" + name + ".wav")}
	v.ear = o.ear
	must(u.w.t, u.phone.AttachVirtual(v.device, Sound{Open: o.open, Name: "hw:1,0"}))
	u.w.pass(o.wait)
	return v
}

func TestSoundIsOpenedOnceForAllPlugsOfAHandset(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := &opener{wait: 300 * time.Millisecond}
		a := w.local("handset").withOpener("second", o)
		a.lift()
		w.pass(time.Second)
		a.hears(900*time.Millisecond, tone.Dial)
		for range 5 {
			a.device.Unplug()
			w.pass(20 * time.Millisecond)
			a.device.Replug()
			must(t, a.phone.AttachVirtual(a.device, Sound{Open: o.open, Name: "hw:1,0"}))
			w.pass(time.Second)
		}
		a.hangUp()
		a.lift()
		w.pass(time.Second)
		a.hears(900*time.Millisecond, tone.Dial)
		if n := o.opened.Load(); n != 1 {
			t.Errorf("its sound was opened %d times", n)
		}
	})
}

func TestSoundThatCouldNotBeOpenedIsTriedAtTheNextUse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := &opener{}
		slow := errors.New("the sound process does not answer")
		o.fail.Store(&slow)
		a := w.local("handset").withOpener("second", o)
		if got := a.status().Error; got != "no sound: the sound process does not answer" {
			t.Errorf("status says %q", got)
		}
		a.lift()
		w.pass(time.Second)
		a.handset(control.HandsetDialTone)
		a.hangUp()
		if n := o.opened.Load(); n != 2 {
			t.Errorf("opened %d times, want at the plug and at the lift", n)
		}
		o.fail.Store(nil)
		a.lift()
		w.pass(time.Second)
		a.hears(990*time.Millisecond, tone.Dial)
		if got := a.status().Error; got != "" {
			t.Errorf("mended, but the status says %q", got)
		}
	})
}

// A port that is open too late, since the phone has ended or the card has another name now, is closed again.
func TestSoundThatIsOpenTooLateIsClosed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := &opener{wait: time.Minute}
		u := w.local("handset")
		shape, err := virtual.ByName("handset")
		must(t, err)
		v := virtual.New(shape, virtual.WithSerial("second"))
		o.ear = &ear{Port: w.sound(t.TempDir() + "/late.wav")}
		must(t, u.phone.AttachVirtual(v, Sound{Open: o.open, Name: "hw:1,0"}))
		w.pass(time.Second)
		v.Unplug()
		v.Replug()
		must(t, u.phone.AttachVirtual(v, Sound{Open: o.open, Name: "hw:2,0"}))
		w.pass(59 * time.Second)
		if n := o.closed.Load(); n != 1 {
			t.Errorf("%d ports of the old name are closed, want 1", n)
		}
		u.stop()
		w.pass(time.Minute)
		if n := o.closed.Load(); n != 2 {
			t.Errorf("%d ports are closed after the end, want 2", n)
		}
	})
}
