package learn_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/learn"
	"offhook/devices/profile"
	"offhook/devices/record"
	"offhook/devices/virtual"
	"offhook/hid"
)

// fingers answer what a session asks for; nil is no such thing.
type fingers func(learn.Ask) func() error

// teach leads a session over an emulated phone of unknown make, and gives the
// profile as it would be in the user's file.
func teach(t *testing.T, phone *virtual.Phone, do fingers) string {
	t.Helper()
	dev, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	s := learn.New(dev.Descriptor())
	lines := make(chan string)
	out := &prompts{lines: lines, do: do, t: t}
	if err := learn.Guide(t.Context(), dev, s, lines, out); err != nil {
		t.Fatal(err)
	}
	info := phone.Info()
	p, unclear, err := s.Profile(profile.ID{Vendor: info.VendorID, Product: info.ProductID}, "Some phone")
	if err != nil || len(unclear) > 0 {
		t.Fatalf("%v %v", err, unclear)
	}
	return p.Write("taught by offhook devices learn")
}

// prompts is a person who reads what is asked and does it a second later.
type prompts struct {
	lines chan<- string
	do    fingers
	t     *testing.T
}

func (p *prompts) Write(text []byte) (int, error) {
	for _, ask := range learn.Asks() {
		if strings.TrimSpace(string(text)) != ask.Text {
			continue
		}
		go func() {
			time.Sleep(time.Second)
			if f := p.do(ask); f == nil {
				p.lines <- ""
			} else if err := f(); err != nil {
				p.t.Errorf("%s: %v", ask.Text, err)
				p.lines <- ""
			}
		}()
	}
	return len(text), nil
}

// hands use a phone that is operated by the names of its keys.
func hands(phone *virtual.Phone, without ...string) fingers {
	lifted := false
	return func(a learn.Ask) func() error {
		if slices.Contains(without, a.Control) {
			return nil
		}
		switch a.Control {
		case "hook":
			lifted = !lifted
			if lifted {
				return phone.Lift
			}
			return phone.HangUp
		case "key":
			return func() error { return phone.Press(string(a.Key)) }
		case "mute":
			return phone.PressMute
		case "volume-up", "volume-down":
			return func() error { return phone.PressVolume(a.Control == "volume-up") }
		}
		return func() error { return phone.PressControl(a.Control) }
	}
}

// use opens a phone with a profile and gives the events of a call.
func use(t *testing.T, phone *virtual.Phone, table string, do func()) []string {
	t.Helper()
	list, err := profile.Read("taught.txt", table)
	if err != nil {
		t.Fatalf("%v\n%s", err, table)
	}
	dev, err := phone.Plug()
	if err != nil {
		t.Fatal(err)
	}
	return events(t, dev, profile.With(list), do)
}

func events(t *testing.T, dev hid.Device, table *profile.Table, do func()) []string {
	t.Helper()
	d, err := devices.Open(dev, devices.Options{Profiles: table})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	time.Sleep(time.Second)
	do()
	time.Sleep(time.Second)
	synctest.Wait()
	var got []string
	for {
		select {
		case e := <-d.Events():
			word := e.Kind.String()
			if e.Key != 0 {
				word += " " + string(rune(e.Key))
			}
			got = append(got, word)
		default:
			return got
		}
	}
}

func TestAnUnknownDeviceIsTaughtAndWorks(t *testing.T) {
	tests := []struct {
		profile string
		without []string
		want    string
	}{
		{"handset", []string{"hold", "speaker", "clear"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,mute-press,redial,on-hook"},
		{"handset-unnumbered", []string{"hold", "speaker", "clear", "redial", "flash"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,mute-press,on-hook"},
		{"hp-handset", []string{"flash", "redial", "speaker", "reject", "clear"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,mute-press,on-hook"},
		{"ex-03", []string{"mute", "flash", "redial", "hold", "speaker", "reject", "clear", "volume-up", "volume-down"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,on-hook"},
		{"headset", []string{"hold", "speaker", "clear", "key"},
			"off-hook,mute-press,redial,on-hook"},
		{"headset-relative", []string{"hold", "speaker", "clear", "key", "redial", "reject", "volume-up", "volume-down"},
			"off-hook,mute-press,on-hook"},
		{"cypress-phone", []string{"flash", "redial", "hold", "speaker", "reject", "clear"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,mute-press,on-hook"},
		{"webtalker", []string{"flash", "redial", "hold", "reject", "clear"},
			"off-hook,key-down 5,key-up 5,key-down #,key-up #,mute-press,on-hook"},
	}
	for _, tt := range tests {
		t.Run(tt.profile, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				made, err := virtual.ByName(tt.profile)
				if err != nil {
					t.Fatal(err)
				}
				phone := virtual.New(made)
				table := teach(t, phone, hands(phone, tt.without...))
				got := use(t, phone, table, func() {
					phone.Lift()
					time.Sleep(time.Second)
					if !slices.Contains(tt.without, "key") {
						phone.Press("5#")
					}
					if !slices.Contains(tt.without, "mute") {
						phone.PressMute()
					}
					if !slices.Contains(tt.without, "redial") {
						phone.PressRedial()
					}
					time.Sleep(time.Second)
					phone.HangUp()
				})
				if strings.Join(got, ",") != tt.want {
					t.Errorf("%v, want %s\n%s", got, tt.want, table)
				}
			})
		})
	}
}

func TestWhatIsRecordedIsReplayedAlike(t *testing.T) {
	for _, name := range []string{"handset", "headset", "handset-report-at-opening", "hp-handset", "cypress-phone"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				made, err := virtual.ByName(name)
				if err != nil {
					t.Fatal(err)
				}
				phone := virtual.New(made)
				plugged, err := phone.Plug()
				if err != nil {
					t.Fatal(err)
				}
				rec := record.New(phone.Info(), plugged.Descriptor())
				tap := record.NewTap(plugged, nil, func(e record.Entry) { rec.Add(e) })
				want := events(t, tap, nil, func() {
					for _, f := range []func() error{phone.Lift, func() error { return phone.Press("12") }, phone.PressMute, phone.HangUp} {
						time.Sleep(300 * time.Millisecond)
						if err := f(); err != nil {
							t.Log(err) // not every phone has all of it
						}
					}
				})
				if len(want) < 3 {
					t.Fatalf("only %v", want)
				}
				var file bytes.Buffer
				if err := rec.Write(&file); err != nil {
					t.Fatal(err)
				}
				again, err := record.Read(&file)
				if err != nil {
					t.Fatal(err)
				}
				replayed, err := virtual.New(virtual.Replay(again)).Plug()
				if err != nil {
					t.Fatal(err)
				}
				got := events(t, replayed, nil, func() { time.Sleep(3 * time.Second) })
				if !slices.Equal(got, want) {
					t.Errorf("replayed %v\nrecorded %v", got, want)
				}
			})
		})
	}
}

func TestWhatCannotBeToldApartIsSaid(t *testing.T) {
	s := learn.New(nil)
	s.Rested()
	s.Skip() // no hook
	for range 2 {
		s.Report([]byte{1})
		s.Report([]byte{0})
		s.Settled()
	}
	_, unclear, err := s.Profile(profile.ID{Vendor: 1}, "")
	if !errors.Is(err, learn.ErrNothing) || len(unclear) != 2 || !errors.Is(unclear[0], learn.ErrUnclear) {
		t.Errorf("%v %v", unclear, err)
	}
	if !strings.Contains(fmt.Sprint(unclear[0]), "key 1: its report 01 is that of something else") {
		t.Errorf("%v", unclear[0])
	}
}

// FuzzSession gives a session reports of any kind: what it makes of them is a profile, or an error.
func FuzzSession(f *testing.F) {
	made, err := virtual.ByName("handset")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.Descriptor, []byte{3, 2, 1, 0, 0x10, 3, 2, 0, 0, 0x20, 3, 2, 0x41, 0, 0x20})
	f.Add([]byte{}, []byte{1, 1, 0x20, 1, 0, 0x20, 2, 5, 5, 0x40})
	f.Fuzz(func(t *testing.T, descriptor, script []byte) {
		if len(script) > 1024 {
			return
		}
		s := learn.New(descriptor)
		for len(script) > 0 {
			n := min(int(script[0]%16), len(script)-1)
			s.Report(script[1 : 1+n])
			switch {
			case script[0]&0x10 != 0:
				s.Rested()
			case script[0]&0x20 != 0:
				s.Settled()
			case script[0]&0x40 != 0:
				s.Skip()
			}
			script = script[1+n:]
		}
		p, _, err := s.Profile(profile.ID{Vendor: 1, Product: 2}, "x")
		if err != nil {
			return
		}
		if _, err := profile.Read("f", p.Write("s")); err != nil {
			t.Errorf("%v\n%s", err, p.Write("s"))
		}
	})
}
