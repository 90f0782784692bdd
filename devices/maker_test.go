package devices_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
	"offhook/hid"
)

func TestTheCX300ShowsAndIsKeptAwake(t *testing.T) {
	tests := []struct {
		show    devices.Indicators
		lit     string
		display []string
	}{
		{devices.Indicators{Ring: true, Line1: "Žofie Müller", Line2: "Incoming call"}, "ring", []string{"Žofie Müller", "Incoming call"}},
		{devices.Indicators{OffHook: true, Line1: "A name that is longer than what fits", Line2: "0:42"}, "off-hook red", []string{"A name that is longer than w", "0:42"}},
		{devices.Indicators{OffHook: true, Mute: true, Line1: "Bob", Line2: "Muted"}, "mute off-hook red", []string{"Bob", "Muted"}},
		{devices.Indicators{Line1: "Offhook", Line2: "Missed 2"}, "green", []string{"Offhook", "Missed 2"}},
		{devices.Indicators{Line1: "Offhook"}, "green", []string{"Offhook", ""}},
		{devices.Indicators{}, "", []string{"", ""}},
	}
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "cx300"))
		for _, tt := range tests {
			r.show(tt.show)
			s := r.phone.State()
			if got := strings.Join(s.Lit(), " "); got != tt.lit || !slices.Equal(s.Display, tt.display) {
				t.Errorf("%+v: lit %q, display %q", tt.show, got, s.Display)
			}
		}
		alive := func() (n int) {
			for _, rep := range r.phone.State().History {
				if rep.Out && rep.Bytes == "17 09 04 01 02" {
					n++
				}
			}
			return n
		}
		if alive() != 1 {
			t.Errorf("told %d times at the beginning that somebody is there", alive())
		}
		time.Sleep(5 * time.Minute)
		if got := alive(); got != 11 {
			t.Errorf("told %d times in five minutes", got)
		}
		r.dev.Close()
		r.wantLit("closed")
	})
}

// A hook that the program does not acknowledge falls back, and is a lift and putting down.
func TestTheCX300HasItsHookAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "cx300"))
		r.do(r.phone.Lift())
		r.show(devices.Indicators{OffHook: true})
		time.Sleep(time.Second)
		r.wantEvents("acknowledged", "off-hook")
		r.do(r.phone.HangUp())
		r.show(devices.Indicators{})
		r.wantEvents("put down", "on-hook")
		r.do(r.phone.Lift())
		time.Sleep(time.Second)
		r.wantEvents("left alone", "off-hook", "on-hook")
	})
}

// Other phones are said to be the same hardware: they are driven by their descriptor, until the user says so.
func TestACX300OfAnotherNameIsTheUsersChoice(t *testing.T) {
	p := profile(t, "cx300")
	choice := []devices.Model{{Device: "047f:0a11", Model: "cx300"}}
	for _, models := range [][]devices.Model{nil, choice} {
		synctest.Test(t, func(t *testing.T) {
			n := newNode(p.Descriptor)
			n.info.VendorID, n.info.ProductID = 0x047F, 0x0A11
			d, err := devices.Open(&featureNode{node: n}, devices.Options{Models: models})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			want := "hid-telephony"
			if models != nil {
				want = "polycom-cx300"
			}
			if d.Driver() != want || !slices.Contains(d.Lights(), "display") {
				t.Errorf("driver %s, lights %q", d.Driver(), d.Lights())
			}
		})
	}
}

func TestTheMagicJackPowersAndRingsItsTelephone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "magicjack"))
		r.wantLit("open", "line")
		r.dev.Show(devices.Indicators{Ring: true})
		var heard []bool
		for range 14 {
			time.Sleep(ms(500))
			synctest.Wait()
			heard = append(heard, r.phone.State().Ringing)
			time.Sleep(ms(500))
		}
		want := []bool{true, true, false, false, false, false, true, true, false, false, false, false, true, true}
		if !slices.Equal(heard, want) {
			t.Errorf("in each second: %v, want %v", heard, want)
		}
		r.do(r.phone.Lift())
		r.show(devices.Indicators{OffHook: true})
		r.wantEvents("answered while it rings", "off-hook")
		r.wantLit("answered", "line")
		r.dev.Close()
		r.wantLit("without a program the line has no power")
	})
}

// Every register is read before it is written, and keeps what was in it.
func TestTheMagicJackKeepsItsRegisters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := vendor(t, profile(t, "magicjack"))
		var line, status []string
		for _, rep := range r.phone.State().History {
			switch {
			case strings.HasPrefix(rep.Bytes, "00 20 00 00 01"):
				line = append(line, rep.Bytes[15:26])
			case strings.HasPrefix(rep.Bytes, "00 20 14 00 01"):
				status = append(status, rep.Bytes[15:26])
			}
		}
		if want := []string{"01 00 01 00"}; !slices.Equal(line, want) {
			t.Errorf("register 00 was set to %q, want %q", line, want)
		}
		if want := []string{"94 01 00 0b", "14 01 00 0b"}; !slices.Equal(status, want) {
			t.Errorf("register 14 was set to %q, want %q", status, want)
		}
	})
}

// A headset of which only the lights, or only where its keys are, is not as the standard has it.
func TestVendorHeadsets(t *testing.T) {
	tests := []struct{ profile, driver, controls, lights string }{
		{"cx100", "polycom-cx100", "hook mute volume", "off-hook ring mute message-waiting"},
		{"gn8120", "gn8120", "hook mute hold volume", "off-hook ring mute"},
		{"gn9350", "gn9350", "hook mute", "off-hook mute ringer"},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			r := plug(t, profile(t, tt.profile))
			controls, lights := strings.Join(r.dev.Controls(), " "), strings.Join(r.dev.Lights(), " ")
			if r.dev.Driver() != tt.driver || controls != tt.controls || lights != tt.lights || r.dev.Kind() != devices.Headset {
				t.Fatalf("driver %s, %v, controls %q, lights %q", r.dev.Driver(), r.dev.Kind(), controls, lights)
			}
			for range 2 {
				r.do(r.phone.PressHook())
				r.wantEvents("the hook button", "off-hook")
				r.show(devices.Indicators{OffHook: true})
				r.do(r.phone.PressMute())
				r.wantEvents("mute", "mute-press")
				r.show(devices.Indicators{OffHook: true, Mute: true})
				time.Sleep(time.Second) // a press at once may be the headset's echo
				r.do(r.phone.PressHook())
				r.wantEvents("again", "on-hook")
				r.show(devices.Indicators{})
				time.Sleep(time.Second)
			}
			if tt.profile == "gn9350" {
				return
			}
			r.do(press("volume-up")(r.phone))
			r.do(press("volume-up")(r.phone))
			r.do(press("volume-down")(r.phone))
			r.wantEvents("volume", "volume-up", "volume-up", "volume-down")
		})
	}
}

func TestTheLightsOfVendorHeadsets(t *testing.T) {
	ring, talk := devices.Indicators{Ring: true}, devices.Indicators{OffHook: true}
	muted := devices.Indicators{OffHook: true, Mute: true}
	tests := []struct {
		profile string
		show    devices.Indicators
		lit     string
	}{
		{"cx100", ring, "ring"}, {"cx100", talk, "off-hook"}, {"cx100", muted, "mute"},
		{"cx100", devices.Indicators{MessageWaiting: true}, "message-waiting"}, {"cx100", devices.Indicators{}, ""},
		{"gn8120", ring, "ring"}, {"gn8120", talk, "off-hook"}, {"gn8120", muted, "mute off-hook"}, {"gn8120", devices.Indicators{}, ""},
		{"gn9350", ring, "ringer"}, {"gn9350", talk, "link"}, {"gn9350", muted, "link mute"}, {"gn9350", devices.Indicators{}, ""},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			r := plug(t, profile(t, tt.profile))
			r.show(muted) // from any state
			r.show(tt.show)
			if got := strings.Join(r.phone.State().Lit(), " "); got != tt.lit {
				t.Errorf("%+v: lit %q, want %q", tt.show, got, tt.lit)
			}
		})
	}
}

func TestTheGN9350IsRungAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "gn9350"))
		r.dev.Show(devices.Indicators{Ring: true})
		rings, was := 0, false
		for range 110 {
			time.Sleep(ms(100))
			synctest.Wait()
			if now := r.phone.State().Ringing; now != was {
				was = now
				if now {
					rings++
				}
			}
		}
		if rings != 3 {
			t.Errorf("%d rings in eleven seconds, want one every five", rings)
		}
	})
}

func TestACX100WithoutItsUsagesIsNone(t *testing.T) {
	n := newNode([]byte{0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x75, 0x08, 0x95, 0x01, 0x09, 0x01, 0x81, 0x02, 0xC0})
	n.info.VendorID, n.info.ProductID = 0x095D, 0x0005
	if _, err := devices.Open(n, devices.Options{}); !errors.Is(err, devices.ErrNotTelephony) {
		t.Errorf("Open: %v", err)
	}
}

// Whether it tells of lifting or has to be asked: it is asked no longer than it has to be.
func TestTheHPHandsetIsAskedWhileItDoesNotTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, virtual.QuietHP())
		for range 2 {
			r.do(r.phone.Lift())
			time.Sleep(time.Second)
			r.wantEvents("lifted in silence", "off-hook")
			r.do(r.phone.Press("1"))
			r.wantEvents("a key", "key-down 1", "key-up 1")
			r.do(r.phone.HangUp())
			time.Sleep(time.Second)
			r.wantEvents("put down in silence", "on-hook")
		}
	})
	var asked atomic.Int32
	synctest.Test(t, func(t *testing.T) {
		p := profile(t, "hp-handset")
		phone := virtual.New(p)
		node, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		d, err := devices.Open(countsFeatures{node.(hid.FeatureDevice), &asked}, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, phone: phone, dev: d}
		t.Cleanup(func() { d.Close() })
		time.Sleep(10 * time.Second)
		if before := asked.Load(); before < 15 || before > 25 {
			t.Errorf("asked %d times in ten seconds", before)
		}
		r.do(phone.Lift())
		r.wantEvents("lifted", "off-hook")
		before := asked.Load()
		time.Sleep(10 * time.Second)
		if now := asked.Load(); now > before+1 {
			t.Errorf("asked %d times though it tells by itself", now-before)
		}
	})
}

// countsFeatures counts how often feature reports are read.
type countsFeatures struct {
	hid.FeatureDevice
	n *atomic.Int32
}

func (c countsFeatures) GetFeature(id uint8, buf []byte) (int, error) {
	c.n.Add(1)
	return c.FeatureDevice.GetFeature(id, buf)
}
