package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"offhook/media/sound/ring"
)

// newEnds makes a ring, and the program's end of it.
func newEnds(t *testing.T, period, ahead int) (*ring.Ring, *ring.Program) {
	t.Helper()
	words := make([]uint64, (ring.Size+7)/8)
	r, err := ring.New(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), ring.Size))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Program(period, ahead)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// newCallback makes the sound process's end, in C.
func newCallback(t *testing.T, r *ring.Ring, channels int) (_ *rehearsal, wake int) {
	t.Helper()
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newRehearsal(r, wake, channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.end()
		unix.Close(wake)
	})
	return c, wake
}

// ramp is n samples that count up.
func ramp(from, n int) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(from + i)
	}
	return x
}

// The callback in C and the ring's own end in Go have the same layout and do the same, whatever the program does: on time,
// late, too late.
func TestCallbackInCIsTheRingsEnd(t *testing.T) {
	const period = 80
	random := rand.New(rand.NewPCG(3, 5))
	inGo, programOfGo := newEnds(t, period, 2)
	inC, programOfC := newEnds(t, period, 2)
	device, err := inGo.Device()
	if err != nil {
		t.Fatal(err)
	}
	callback, _ := newCallback(t, inC, 1)
	callback.listen()
	var heard [2][]int16
	for n := range 60 {
		var mic []int16 // nothing, at times; not at first, when the callback waits for it
		if n < 5 || random.IntN(4) > 0 {
			mic = ramp(n*period, period)
			callback.hears(mic...)
		}
		var played [2][period]int16
		device.Cycle(0, mic, played[0][:])
		callback.cycle(played[1][:], false)
		if played[0] != played[1] {
			t.Fatalf("callback %d plays\n%v, want\n%v", n, played[1], played[0])
		}
		if random.IntN(3) == 0 {
			continue
		}
		if random.IntN(20) == 0 {
			for range ring.Slots + 2 { // the program stalls
				device.Cycle(0, nil, played[0][:])
				callback.cycle(played[1][:], false)
			}
		}
		for i, p := range []*ring.Program{programOfGo, programOfC} {
			p.Run(func(mic, ear []int16) {
				heard[i] = append(heard[i], mic...)
				copy(ear, mic)
			})
		}
	}
	if !slices.Equal(heard[0], heard[1]) {
		t.Error("not the same was heard")
	}
	if inGo.Counters() != inC.Counters() || inGo.Callbacks() != inC.Callbacks() {
		t.Errorf("%+v after %d callbacks, want %+v after %d", inC.Counters(), inC.Callbacks(), inGo.Counters(), inGo.Callbacks())
	}
	if c := inC.Counters(); c.Underruns == 0 || c.Lost == 0 || c.MicGaps == 0 {
		t.Errorf("not all happened that can: %+v", c)
	}
}

func TestCallbackOfAnotherLengthThanAPeriod(t *testing.T) {
	r, p := newEnds(t, 480, 2)
	callback, wake := newCallback(t, r, 2)
	made, wakes := 0, uint64(0)
	var played []int16
	out := make([]int16, 2*512)
	for n := range 40 {
		callback.cycle(out, n == 7)
		for i := 0; i < len(out); i += 2 {
			if out[i] != out[i+1] {
				t.Fatalf("callback %d: one ear hears %d, the other %d", n, out[i], out[i+1])
			}
			played = append(played, out[i])
		}
		var count [8]byte
		if _, err := unix.Read(wake, count[:]); err == nil {
			wakes++
		}
		p.Run(func(_, ear []int16) {
			copy(ear, ramp(made, 480))
			made += 480
		})
	}
	// Two periods ahead there is silence, then all that was made, without a gap.
	if want := append(make([]int16, 2*480), ramp(0, len(played)-2*480)...); !slices.Equal(played, want) {
		t.Error("what was made is not what is played")
	}
	if c := r.Counters(); c.Underruns != 0 || c.DeviceOut != 1 {
		t.Errorf("%+v", c)
	}
	// 40 times 512 samples are 42.7 periods: in two of the callbacks were two.
	if r.Callbacks() != 43 || wakes != 40 {
		t.Errorf("%d periods, woken %d times", r.Callbacks(), wakes)
	}
}

func TestCallbackTakesWhatTheMicrophoneHas(t *testing.T) {
	const period = 80
	r, p := newEnds(t, period, 1)
	callback, _ := newCallback(t, r, 1)
	var out [period]int16
	cycle := func() (mic []int16) {
		callback.cycle(out[:], false)
		p.Run(func(m, _ []int16) { mic = slices.Clone(m) })
		return mic
	}
	expect := func(what string, got, want []int16) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	silence := make([]int16, period)
	expect("before it is open", cycle(), silence)
	callback.listen()
	callback.hears(ramp(1, period-1)...)
	expect("before its first period is whole", cycle(), silence)
	if c := r.Counters(); c.MicGaps != 0 {
		t.Errorf("a microphone that has not begun has %d gaps", c.MicGaps)
	}
	callback.hears(ramp(period, 2*period+1)...)
	expect("of three, the last", cycle(), ramp(1+2*period, period))
	expect("nothing", cycle(), silence)
	callback.hears(ramp(1000, 2*period)...)
	expect("after a gap", cycle(), ramp(1000, period))
	callback.loses()
	expect("what waits", cycle(), ramp(1000+period, period))
	callback.breaks(true)
	expect("out of order", cycle(), silence)
	callback.breaks(false)
	if c := r.Counters(); c.MicGaps != 2 || c.DeviceIn != 1 {
		t.Errorf("%+v", c)
	}
}

// A period that always waits, never needed, is blended away after two seconds.
func TestCallbackShortensAMicrophoneThatIsLate(t *testing.T) {
	const period = 8
	r, p := newEnds(t, period, 1)
	callback, _ := newCallback(t, r, 1)
	callback.listen()
	var out [period]int16
	var heard []int16
	said := 0
	say := func() {
		callback.hears(ramp(said, period)...)
		said += period
	}
	for n := range 500 {
		say()
		if n == 1 {
			say()
		}
		callback.cycle(out[:], false)
		p.Run(func(m, _ []int16) { heard = append(heard, m...) })
	}
	if callback.waits() != 0 {
		t.Errorf("%d samples wait", callback.waits())
	}
	for i := 1; i < len(heard); i++ {
		if d := heard[i] - heard[i-1]; d < 0 || d > 3 {
			t.Errorf("a jump from %d to %d", heard[i-1], heard[i])
		}
	}
	if last := heard[len(heard)-1]; int(last) != said-1 {
		t.Errorf("heard to %d of %d", last, said)
	}
}

func TestMicrophoneThatNeverBeginsIsMissed(t *testing.T) {
	r, p := newEnds(t, 80, 1)
	callback, _ := newCallback(t, r, 1)
	callback.listen()
	var out [80]int16
	for range 400 {
		callback.cycle(out[:], false)
		p.Run(func(_, _ []int16) {})
	}
	if gaps := r.Counters().MicGaps; gaps != 100 { // after 3 s
		t.Errorf("%d gaps", gaps)
	}
}

func TestCallbackOfAnotherVersionIsRefused(t *testing.T) {
	r, _ := newEnds(t, 80, 1)
	r.Memory()[4]++ // the number of the layout
	if _, err := newRehearsal(r, -1, 1); !errors.Is(err, ring.ErrLayout) {
		t.Error(err)
	}
}
