package devices_test

import (
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid/report"
)

// another writes all lights of a phone at once, as another program does.
func another(t *testing.T, phone *virtual.Phone, value byte) {
	t.Helper()
	dev, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	d, err := report.Parse(dev.Descriptor())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range d.IDs(report.Output) {
		rep := make([]byte, 1+d.Size(report.Output, id))
		for i := range rep {
			rep[i] = value
		}
		rep[0] = id
		if err := dev.Write(rep); err != nil {
			t.Fatal(err)
		}
	}
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func TestWhatAnotherProgramWritesDoesNotBreakOurState(t *testing.T) {
	for _, name := range []string{"handset", "phone", "handset-unnumbered"} {
		at(t, name, func(t *testing.T) {
			r := plug(t, profile(t, name))
			r.do(r.phone.Lift())
			r.wantEvents("lifted", "off-hook")
			r.show(devices.Indicators{OffHook: true})
			another(t, r.phone, 0xFF)
			time.Sleep(time.Second)
			r.wantEvents("another program lit everything")
			r.show(devices.Indicators{OffHook: true, Hold: true})
			if s := r.phone.State(); s.Lights["ring"] || s.Ringing {
				t.Errorf("the next state does not put out what another program lit: %v", s.Lit())
			}
			another(t, r.phone, 0)
			r.do(r.phone.HangUp())
			r.wantEvents("put down, though another program said on-hook", "on-hook")
		})
	}
	// A headset takes any program's word for its hook. It says so, and that is heard like its button: the program that
	// has it last is right, and ours follows.
	at(t, "headset-ack", func(t *testing.T) {
		r := plug(t, profile(t, "headset-ack"))
		r.do(r.phone.PressHook())
		r.wantEvents("pressed", "off-hook")
		r.show(devices.Indicators{OffHook: true})
		time.Sleep(time.Second)
		another(t, r.phone, 0)
		time.Sleep(time.Second)
		r.wantEvents("another program hung up", "on-hook")
		r.show(devices.Indicators{})
		r.do(r.phone.PressHook())
		r.wantEvents("pressed again", "off-hook")
	})
}

func TestLightsAreClearedAtExitAfterACrashAndAtReplug(t *testing.T) {
	for _, p := range virtual.Profiles() {
		if p.WriteStall > 0 {
			continue
		}
		at(t, p.Name, func(t *testing.T) {
			all := devices.Indicators{
				OffHook: true, Ring: true, Mute: true, Hold: true, MessageWaiting: true, Speaker: true,
				Microphone: true, OnLine: true, Line1: "call", Line2: "call",
			}
			phone := virtual.New(p)
			isDark := func(when string) {
				t.Helper()
				synctest.Wait()
				s := phone.State()
				if len(s.Lit()) > 0 || s.Ringing {
					t.Errorf("%s: %v", when, s.Lit())
				}
				for _, line := range s.Display {
					if line != "" {
						t.Errorf("%s: the display shows %q", when, line)
					}
				}
			}
			// A program that crashed: what it has lit stays lit.
			another(t, phone, 0x01)
			another(t, phone, 0x7F)
			one := open(t, phone)
			isDark("after a crash, at the next start")
			one.show(all)
			if err := one.dev.Close(); err != nil {
				t.Error(err)
			}
			isDark("after closing")

			two := open(t, phone)
			two.show(all)
			phone.Unplug()
			synctest.Wait()
			if err := two.dev.Close(); err != nil {
				t.Log(err) // it has gone
			}
			phone.Replug()
			isDark("plugged in again")
			three := open(t, phone)
			isDark("opened again")
			three.show(all)
			if len(phone.State().Lights) > 0 && len(phone.State().Lit()) == 0 {
				t.Error("and then nothing is shown")
			}
		})
	}
}
