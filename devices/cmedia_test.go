package devices_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

// A key that is let go before it was found is no key, and takes nothing of the next.
func TestAGlitchInTheMatrix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "cm109-kip1000"))
		for range 3 {
			r.do(r.phone.Hold("5", true))
			r.do(r.phone.Hold("5", false))
			time.Sleep(ms(500))
		}
		r.events() // seen or not
		hold(t, r, "7")
		r.wantEvents("a key that is held", "key-down 7", "key-up 7")
	})
}

// hold presses a key, as people do: for a fifth of a second.
func hold(t *testing.T, r *rig, key string) {
	t.Helper()
	if err := r.phone.Hold(key, true); err != nil {
		t.Fatal(err)
	}
	time.Sleep(ms(200))
	if err := r.phone.Hold(key, false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(ms(200))
	synctest.Wait()
}

func TestThePhoneOnACM109Buzzes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "cm109-gtalk"))
		r.dev.Show(devices.Indicators{Ring: true})
		time.Sleep(ms(500))
		r.wantLit("it rings", "ring")
		hold(t, r, "5")
		r.wantEvents("a key while it buzzes", "key-down 5", "key-up 5")
		time.Sleep(ms(1500))
		r.wantLit("a pause")
		time.Sleep(3 * time.Second)
		r.wantLit("it rings again", "ring")
		r.dev.Show(devices.Indicators{})
		time.Sleep(ms(100))
		r.wantLit("over")
	})
}

func TestACM109IsNotTouchedBeforeTheUserSaysWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := virtual.New(profile(t, "cm109-atcom"))
		node, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		_, err = devices.Open(node, devices.Options{})
		if !errors.Is(err, devices.ErrUndecided) || phone.State().Reports != 0 {
			t.Errorf("%v, %d reports", err, phone.State().Reports)
		}
		if !strings.Contains(devices.Remedy(err), "[[device]]") {
			t.Errorf("remedy %q", devices.Remedy(err))
		}
	})
}

func TestATelephoneOnASoundAdapter(t *testing.T) {
	for _, hook := range []string{"vol-up", "vol-down", "gpio1", "gpio3", "gpio8"} {
		for _, inverted := range []bool{false, true} {
			name := hook
			if inverted {
				name += " inverted"
			}
			at(t, name, func(t *testing.T) {
				phone := virtual.New(virtual.Wired(hook, inverted, 4))
				r := open(t, phone)
				if r.dev.Lifted() || !r.dev.Kind().Cradled() {
					t.Fatal("lifted, or without a cradle")
				}
				r.do(phone.Lift())
				r.wantEvents("lift", "off-hook")
				if hook != "vol-up" {
					r.do(press("volume-up")(phone))
					r.wantEvents("a volume key", "volume-up")
				}
				r.do(press("mute")(phone))
				r.wantEvents("mute", "mute-press")
				r.do(phone.HangUp())
				r.wantEvents("put down", "on-hook")
				r.dev.Show(devices.Indicators{Ring: true})
				time.Sleep(ms(500))
				r.wantLit("it rings", "ring")
				time.Sleep(ms(1500))
				r.wantLit("a pause")
				r.dev.Close()
				r.wantLit("closed")
			})
		}
	}
}

func TestATelephoneOnAnAdapterThatIsLiftedAtOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := virtual.New(virtual.Wired("gpio2", false, 0))
		if err := phone.Lift(); err != nil {
			t.Fatal(err)
		}
		r := open(t, phone)
		r.wantEvents("opening")
		if !r.dev.Lifted() {
			t.Error("taken as on-hook")
		}
		r.show(devices.Indicators{Ring: true})
		if n := phone.State().Reports; n != 0 {
			t.Errorf("%d reports written, though there is no bell", n)
		}
	})
}

// A choice may be of one device among several of the same numbers.
func TestTheUserMayChooseByPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		choice := devices.Options{Models: []devices.Model{{Device: "0d8c:000e:here", Model: "gtalk"}}}
		for place, want := range map[string]error{"here": nil, "there": devices.ErrUndecided} {
			node, err := virtual.New(profile(t, "cm109-gtalk"), virtual.WithSerial(place)).Plug()
			if err != nil {
				t.Fatal(err)
			}
			d, err := devices.Open(node, choice)
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", place, err)
			}
			if err == nil {
				d.Close()
			}
		}
	})
}
