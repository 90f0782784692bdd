package trial_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/trial"
	"offhook/devices/virtual"
)

// person does what is written, on a phone whose ring light is broken.
type person struct {
	t     *testing.T
	phone *virtual.Phone
	lines chan<- string
}

func (p person) Write(text []byte) (int, error) {
	what := string(text)
	if !strings.HasPrefix(what, "[") {
		return len(text), nil
	}
	go func() {
		time.Sleep(time.Second)
		does := func(f func() error) {
			if err := f(); err != nil {
				p.t.Errorf("%s: %v", what, err)
			}
		}
		switch {
		case strings.Contains(what, "Lift"):
			does(p.phone.Lift)
		case strings.Contains(what, "Put"):
			does(p.phone.HangUp)
		case strings.Contains(what, "Press the key that"):
			does(p.phone.PressReject)
		case strings.Contains(what, "Press the key"):
			_, key, _ := strings.Cut(what, "Press the key ")
			does(func() error { return p.phone.Press(key[:1]) })
		case strings.Contains(what, "mute key"):
			does(p.phone.PressMute)
		case strings.Contains(what, "flash"):
			if strings.Contains(what, "ring light") {
				p.lines <- "n"
				return
			}
			does(p.phone.PressFlash)
		case strings.Contains(what, "redial"):
			p.lines <- "" // somebody broke it off
		case strings.Contains(what, "up"):
			does(func() error { return p.phone.PressVolume(true) })
		case strings.Contains(what, "down"):
			does(func() error { return p.phone.PressVolume(true) })
			time.Sleep(time.Second)
			p.lines <- ""
		default:
			lit := len(p.phone.State().Lit()) > 0 || p.phone.State().Display[0] != ""
			p.lines <- map[bool]string{true: "y", false: "n"}[lit]
		}
	}()
	return len(text), nil
}

func TestAPersonIsLedThroughAllKeysAndLights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, err := virtual.ByName("handset")
		if err != nil {
			t.Fatal(err)
		}
		phone := virtual.New(made)
		dev, err := phone.Plug()
		if err != nil {
			t.Fatal(err)
		}
		d, err := devices.Open(dev, devices.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		lines := make(chan string)
		results, err := trial.Run(t.Context(), d, lines, person{t, phone, lines})
		if err != nil {
			t.Fatal(err)
		}
		var bad []string
		for _, r := range results {
			if !r.OK {
				bad = append(bad, r.What+": "+r.Note)
			}
		}
		if got := strings.Join(bad, "; "); got != "redial: nothing came; volume: only volume-up came; light ring: it was not seen" {
			t.Errorf("%s\n%v", got, results)
		}
		if want := 2 + 12 + len(d.Controls()) - 3 + 2 + len(d.Lights()); len(results) != want {
			t.Errorf("%d results of %v and %v, want %d", len(results), d.Controls(), d.Lights(), want)
		}
		synctest.Wait()
		if s := phone.State(); len(s.Lit()) > 0 || s.Ringing {
			t.Errorf("left with %v", s.Lit())
		}
		if fmt.Sprint(results[0]) != "{hook true }" {
			t.Error(results[0])
		}
	})
}

func TestATestEndsWhenTheDeviceGoesOrThePersonDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, err := virtual.ByName("headset")
		if err != nil {
			t.Fatal(err)
		}
		phone := virtual.New(made)
		for _, gone := range []bool{false, true} {
			dev, err := phone.Plug()
			if err != nil {
				t.Fatal(err)
			}
			d, err := devices.Open(dev, devices.Options{})
			if err != nil {
				t.Fatal(err)
			}
			lines := make(chan string, 1)
			if gone {
				time.AfterFunc(time.Second, phone.Unplug)
			} else {
				lines <- "q"
			}
			results, err := trial.Run(t.Context(), d, lines, new(strings.Builder))
			if len(results) != 0 || (err != nil) != gone {
				t.Errorf("gone %t: %v, %v", gone, results, err)
			}
			d.Close()
		}
	})
}
