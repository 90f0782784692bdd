package devices_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

// chosen opens an emulated phone as the user says that it is.
func chosen(t *testing.T, p virtual.Profile, m devices.Model) *rig {
	t.Helper()
	return openChosen(t, virtual.New(p), m)
}

func openChosen(t *testing.T, phone *virtual.Phone, m devices.Model) *rig {
	t.Helper()
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	node, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	d, err := devices.Open(node, devices.Options{Models: []devices.Model{m}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	synctest.Wait()
	return &rig{t: t, phone: phone, dev: d, wait: ms(500)}
}

func TestTheKeysOfEveryPhoneOnACM109(t *testing.T) {
	for name, p := range virtual.CM109() {
		at(t, name, func(t *testing.T) {
			r := chosen(t, p, devices.Model{Device: "0d8c:000e", Model: name})
			var want []string
			for _, key := range "0123456789*#" {
				hold(t, r, string(key))
				want = append(want, "key-down "+string(key), "key-up "+string(key))
			}
			r.wantEvents("the whole keypad", want...)
			r.do(r.phone.Press("5"))
			r.wantEvents("a key that was let go before it was found")
			hold(t, r, "green")
			r.wantEvents("green", "off-hook")
			r.show(devices.Indicators{OffHook: true})
			hold(t, r, "red")
			r.wantEvents("red", "on-hook")
			r.show(devices.Indicators{Ring: true})
			r.wantEvents("ringing")
			hold(t, r, "red")
			r.wantEvents("red while it rings", "reject")
			hold(t, r, "volume-up")
			hold(t, r, "volume-down")
			hold(t, r, "mute")
			r.wantEvents("the keys of the chip", "volume-up", "volume-down", "mute-press")
		})
	}
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
		r := chosen(t, virtual.CM109()["gtalk"], devices.Model{Device: "0d8c:000e", Model: "gtalk"})
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
		phone := virtual.New(virtual.CM109()["atcom"])
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
				r := openChosen(t, phone, devices.Model{Device: "0d8c:000c", Model: "adapter", Hook: hook, HookInverted: inverted, Ring: "gpio4"})
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
		r := openChosen(t, phone, devices.Model{Device: "0d8c:000c", Model: "adapter", Hook: "gpio2"})
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
		p := virtual.CM109()["gtalk"]
		here, there := virtual.New(p, virtual.WithSerial("here")), virtual.New(p, virtual.WithSerial("there"))
		choice := devices.Model{Device: "0d8c:000e:here", Model: "gtalk"}
		r := openChosen(t, here, choice)
		if got := r.dev.Name(); got == "" {
			t.Error("no name")
		}
		var node hid.Device
		node, err := there.Plug()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := devices.Open(node, devices.Options{Models: []devices.Model{choice}}); !errors.Is(err, devices.ErrUndecided) {
			t.Errorf("the other: %v", err)
		}
	})
}
