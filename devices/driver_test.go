package devices_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

func TestEveryKeyOfEveryProfileMakesItsEvents(t *testing.T) {
	tests := []struct {
		profile string
		press   func(*virtual.Phone) error
		want    []string
	}{
		{"handset", func(p *virtual.Phone) error { return p.Press("0159*#") }, []string{
			"key-down 0", "key-up 0", "key-down 1", "key-up 1", "key-down 5", "key-up 5",
			"key-down 9", "key-up 9", "key-down *", "key-up *", "key-down #", "key-up #"}},
		{"phone", func(p *virtual.Phone) error { return p.Press("01#") }, []string{
			"key-down 0", "key-up 0", "key-down 1", "key-up 1", "key-down #", "key-up #"}},
		{"handset-unnumbered", func(p *virtual.Phone) error { return p.Press("08#") }, []string{
			"key-down 0", "key-up 0", "key-down 8", "key-up 8", "key-down #", "key-up #"}},
		{"handset", (*virtual.Phone).PressMute, []string{"mute-press"}},
		{"handset", (*virtual.Phone).PressFlash, []string{"flash"}},
		{"handset", (*virtual.Phone).PressRedial, []string{"redial"}},
		{"handset", (*virtual.Phone).PressReject, []string{"reject"}},            // 0B:07 with 09:01
		{"handset-unnumbered", (*virtual.Phone).PressReject, []string{"reject"}}, // 09:01
		{"headset", (*virtual.Phone).PressReject, []string{"reject"}},            // 09:07
		{"headset-ack", (*virtual.Phone).PressReject, []string{"reject"}},        // array of one bit
		{"headset-report-per-light", (*virtual.Phone).PressReject, []string{"reject"}},
		{"headset-mute-switch", (*virtual.Phone).PressMute, []string{"mute-on"}},
		{"headset-consumer", (*virtual.Phone).PressMute, []string{"mute-press"}},
		{"handset", func(p *virtual.Phone) error { return p.PressVolume(true) }, []string{"volume-up"}},
		{"headset", func(p *virtual.Phone) error { return p.PressVolume(false) }, []string{"volume-down"}},
		{"handset-unnumbered", func(p *virtual.Phone) error { return p.PressVolume(false) }, []string{"volume-down"}},
		{"phone", press("speaker"), []string{"speaker"}},
		{"phone", press("hold"), []string{"hold"}},
		{"phone", press("transfer"), []string{"transfer"}},
		{"phone", press("drop"), []string{"drop"}},
		{"phone", press("send"), []string{"send"}},
		{"phone", press("conference"), []string{"conference"}},
		{"phone", press("voicemail"), []string{"voicemail"}},
		{"phone", press("dnd"), []string{"dnd"}},
		{"headset-ack", press("drop"), []string{"drop"}},
	}
	for _, tt := range tests {
		at(t, tt.profile+" "+tt.want[0], func(t *testing.T) {
			r := plug(t, profile(t, tt.profile))
			time.Sleep(time.Second)
			r.do(tt.press(r.phone))
			r.wantEvents("pressed once", tt.want...)
		})
	}
}

func press(control string) func(*virtual.Phone) error {
	return func(p *virtual.Phone) error { return p.PressControl(control) }
}

func TestEachIndicatorLightsItsLightsAndNoOther(t *testing.T) {
	states := []struct {
		name  string
		i     devices.Indicators
		light []string // those of them that a profile has
	}{
		{"idle", devices.Indicators{}, nil},
		{"off-hook", devices.Indicators{OffHook: true}, []string{"off-hook"}},
		{"ring", devices.Indicators{Ring: true}, []string{"ring", "ringer"}},
		{"mute", devices.Indicators{Mute: true}, []string{"mute"}},
		{"hold", devices.Indicators{Hold: true}, []string{"hold"}},
		{"message", devices.Indicators{MessageWaiting: true}, []string{"message-waiting"}},
		{"speaker", devices.Indicators{Speaker: true}, []string{"speaker"}},
		{"microphone", devices.Indicators{Microphone: true}, []string{"microphone"}},
		{"on-line", devices.Indicators{OnLine: true}, []string{"on-line"}},
		{"two", devices.Indicators{OffHook: true, Hold: true}, []string{"off-hook", "hold"}},
	}
	for _, p := range virtual.Profiles() {
		if p.WriteStall > 0 {
			continue
		}
		at(t, p.Name, func(t *testing.T) {
			r := plug(t, p)
			has := r.phone.State().Lights
			for _, s := range states {
				r.show(s.i)
				var want []string
				for _, l := range s.light {
					if _, ok := has[l]; ok {
						want = append(want, l)
					}
				}
				r.wantLit(s.name, want...)
			}
		})
	}
}

func TestTheDriverListsWhatTheProfileHas(t *testing.T) {
	for _, p := range virtual.Profiles() {
		at(t, p.Name, func(t *testing.T) {
			r := plug(t, p)
			if r.dev.Kind() != p.Kind {
				t.Errorf("Kind() = %v, want %v", r.dev.Kind(), p.Kind)
			}
			want := []string{}
			for l := range r.phone.State().Lights {
				want = append(want, l)
			}
			if len(r.phone.State().Display) > 0 {
				want = append(want, "display")
			}
			got := r.dev.Lights()
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("Lights() = %q, want %q", got, want)
			}
			if !slices.Contains(r.dev.Controls(), "hook") || !slices.Contains(r.dev.Controls(), "mute") {
				t.Errorf("Controls() = %q", r.dev.Controls())
			}
		})
	}
}

func TestTheDisplayShowsTwoLinesAndNothingOfTheTextBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		tests := []struct {
			line1, line2 string
			want         []string
		}{
			{"Alice", "01:23", []string{"Alice", "01:23"}},
			{"Bo", "", []string{"Bo", ""}},
			{"a line of text that is too long", "x", []string{"a line of text that", "x"}},
			{"Jürgen Łódź", "Zoë\n日", []string{"Juergen Lodz", "Zoe ?"}},
			{"", "", []string{"", ""}},
		}
		for _, tt := range tests {
			r.show(devices.Indicators{Line1: tt.line1, Line2: tt.line2})
			if got := r.phone.State().Display; !slices.Equal(got, tt.want) {
				t.Errorf("%q, %q: display %q, want %q", tt.line1, tt.line2, got, tt.want)
			}
		}
	})
}

func TestOpeningAndEachTransitionWriteEveryReportOnce(t *testing.T) {
	tests := []struct {
		profile        string
		opening, later int
	}{
		{"headset", 1, 1},
		{"headset-report-per-light", 6, 6},
		{"handset-unnumbered", 1, 1},
		{"handset", 4, 3}, // lights, two lines; at first the display is cleared
		{"headset-consumer", 0, 0},
	}
	for _, tt := range tests {
		at(t, tt.profile, func(t *testing.T) {
			r := plug(t, profile(t, tt.profile))
			if got := r.phone.State().Reports; got != tt.opening {
				t.Fatalf("opening wrote %d reports, want %d", got, tt.opening)
			}
			r.show(devices.Indicators{Hold: true})
			if got := r.phone.State().Reports - tt.opening; got != tt.later {
				t.Fatalf("a transition wrote %d reports, want %d", got, tt.later)
			}
			before := r.phone.State().Reports
			r.show(devices.Indicators{Hold: true})
			if got := r.phone.State().Reports; got != before {
				t.Fatalf("the same state again wrote %d reports", got-before)
			}
			r.dev.Refresh()
			synctest.Wait()
			if got := r.phone.State().Reports - before; got != tt.later {
				t.Fatalf("Refresh wrote %d reports, want %d", got, tt.later)
			}
		})
	}
}

func TestCloseClearsTheLights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		r.show(devices.Indicators{OffHook: true, Ring: true, Line1: "hello"})
		r.wantLit("shown", "off-hook", "ring", "ringer")
		r.do(r.dev.Close())
		r.wantLit("closed")
		if s := r.phone.State(); s.Display[0] != "" || s.Opened {
			t.Fatalf("display %q, opened %v", s.Display, s.Opened)
		}
	})
}

func TestAStalledWriteDelaysOnlyItsOwnDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := plug(t, profile(t, "handset-stalls-writes"))
		fast := plug(t, profile(t, "handset"))
		start := time.Now()
		slow.dev.Show(devices.Indicators{Ring: true})
		fast.dev.Show(devices.Indicators{Ring: true})
		if took := time.Since(start); took != 0 {
			t.Fatalf("Show took %v", took)
		}
		fast.wantLit("the other device", "ring", "ringer")
		slow.wantLit("the stalling one")
		// Its keys are heard meanwhile.
		slow.do(slow.phone.Lift())
		slow.wantEvents("lift during the stall", "off-hook")
		ctx, cancel := context.WithTimeout(t.Context(), 11*time.Second)
		defer cancel()
		if _, err := slow.phone.Await(ctx, func(s virtual.State) bool { return s.Ringing }); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheLatestStateWinsDuringAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset-stalls-writes"))
		for range 1000 {
			r.dev.Show(devices.Indicators{Ring: true})
			r.dev.Show(devices.Indicators{OffHook: true})
		}
		// The report under way, and then the last state: nothing of what was
		// wanted in between.
		time.Sleep(11 * time.Second)
		r.wantLit("after two writes", "off-hook")
		if n := r.phone.State().Reports; n != 2 {
			t.Fatalf("%d reports were written", n)
		}
	})
}

func TestCloseWaitsAtMostASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset-stalls-writes"))
		start := time.Now()
		r.do(r.dev.Close())
		if took := time.Since(start); took > time.Second {
			t.Fatalf("Close took %v", took)
		}
		r.wantEvents("closed", "closed")
	})
}

func TestCloseIsNotHeldUpByAConsumerThatHasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		for range 3 {
			r.do(r.phone.Press("123456789012345678901234567890"))
		}
		r.do(r.dev.Close())
	})
}

func TestAwaitSaysWhenItWasInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := virtual.New(profile(t, "handset"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := phone.Await(ctx, func(s virtual.State) bool { return s.Ringing })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Await: %v", err)
		}
	})
}

func TestALiftComesFirstAndPuttingDownLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(profile(t, "handset").Descriptor)
		d, err := devices.Open(n, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, dev: d}
		defer d.Close()
		n.in <- []byte{1, 0b00100011, 0} // hook, mute and key 0 in one report
		r.wantEvents("all at once", "off-hook", "mute-press", "key-down 0")
		n.in <- []byte{1, 0, 0}
		r.wantEvents("all let go", "key-up 0", "on-hook")
	})
}

func TestEventsCarryTheTimeOfTheirReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plug(t, profile(t, "handset"))
		time.Sleep(3 * time.Second)
		at := time.Now()
		r.do(r.phone.Lift())
		time.Sleep(time.Second)
		if e := <-r.dev.Events(); !e.At.Equal(at) {
			t.Fatalf("At = %v, want %v", e.At, at)
		}
	})
}
