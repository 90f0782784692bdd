package devices_test

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/devices"
	"offhook/devices/virtual"
)

// flooder is a device that reports 8 000 times a second, as USB allows at most.
func flooder(t *testing.T, profileName string, onWrite func([]byte)) (*node, *devices.Device) {
	t.Helper()
	n := newNode(profile(t, profileName).Descriptor)
	n.onWrite = onWrite
	d, err := devices.Open(n, devices.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n, d
}

const microframe = 125 * time.Microsecond

func TestAFloodMakesFewEventsAndEndsInTheRightState(t *testing.T) {
	for _, last := range []byte{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			n, d := flooder(t, "headset", nil)
			defer d.Close()
			count, latest := 0, devices.OnHook
			counted := make(chan struct{})
			go func() {
				defer close(counted)
				for e := range d.Events() {
					count++
					latest = e.Kind
				}
			}()
			const seconds = 10
			for i := range 8000 * seconds {
				n.in <- []byte{2, byte(i) & 1}
				time.Sleep(microframe)
			}
			n.in <- []byte{2, last}
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if limit := 256 + 64*(seconds+10); count > limit || count < 256 {
				t.Errorf("%d events of %d reports, want at most %d", count, 8000*seconds, limit)
			}
			if want := map[byte]devices.EventKind{0: devices.OnHook, 1: devices.OffHook}[last]; latest != want {
				t.Errorf("at the end it is %s, want %s", latest, want)
			}
			// It is heard as before when it has calmed down.
			before := count
			n.in <- []byte{2, 1 - last}
			synctest.Wait()
			if count != before+1 {
				t.Error("a press after the flood is not heard at once")
			}
			d.Close()
			<-counted
		})
	}
}

func TestAnybodyElseIsUnharmedByAHostileDevice(t *testing.T) {
	for _, name := range []string{"handset", "phone", "headset-relative", "headset-mute-switch", "handset-unnumbered", "headset-consumer"} {
		at(t, name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			var writes atomic.Int64
			n, d := flooder(t, name, func([]byte) {
				time.Sleep(time.Duration(writes.Add(1)%3) * 50 * time.Millisecond) // it takes its time
			})
			good := plug(t, profile(t, "handset"))
			var i devices.Indicators
			go func() {
				for e := range d.Events() {
					i.Mute = i.Mute != (e.Kind == devices.MutePress)
					i.OffHook = i.OffHook != (e.Kind == devices.OffHook || e.Kind == devices.OnHook)
					d.Show(i)
				}
			}()
			for step := range 16000 {
				rep := make([]byte, rnd.IntN(12))
				for b := range rep {
					rep[b] = byte(rnd.Uint32())
				}
				if len(rep) > 0 && rnd.IntN(4) > 0 {
					rep[0] = byte(rnd.IntN(8))
				}
				n.in <- rep
				time.Sleep(microframe)
				if step%4000 == 0 {
					good.do(good.phone.Lift())
					good.do(good.phone.HangUp())
					if got := good.events(); !slices.Equal(got, []string{"off-hook", "on-hook"}) {
						t.Errorf("the other phone: %v", got)
					}
				}
			}
			if w := writes.Load(); w > 4000 {
				t.Errorf("%d reports written to it in two seconds", w)
			}
			d.Close()
			for range 64 { // it goes on after we have let go of it
				select {
				case n.in <- []byte{2, 1}:
				default:
				}
			}
			good.do(good.phone.Lift())
			good.wantEvents("after", "off-hook")
		})
	}
}

func TestRandomDescriptorsAreRefusedOrDriven(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	base := [][]byte{}
	for _, p := range virtual.Profiles() {
		base = append(base, p.Descriptor)
	}
	for range 2000 {
		d := slices.Clone(base[rnd.IntN(len(base))])
		for range 1 + rnd.IntN(6) {
			d[rnd.IntN(len(d))] = byte(rnd.Uint32())
		}
		synctest.Test(t, func(t *testing.T) {
			n := newNode(d)
			dev, err := devices.Open(n, devices.Options{})
			if err != nil {
				if !n.isClosed() {
					t.Error("refused, but left open")
				}
				return
			}
			for range 32 {
				rep := make([]byte, 1+rnd.IntN(8))
				for b := range rep {
					rep[b] = byte(rnd.Uint32())
				}
				n.in <- rep
			}
			dev.Show(devices.Indicators{OffHook: true, Ring: true, Line1: "x"})
			synctest.Wait()
			if err := dev.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
