package sound

import (
	"testing"
	"time"
	"unsafe"

	"offhook/media/sound/ring"
)

// ends is a ring in this process.
func ringEnds(t *testing.T, ahead int) (*ring.Ring, *ring.Program, *ring.Device) {
	t.Helper()
	words := make([]uint64, (ring.Size+7)/8)
	r, err := ring.New(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), ring.Size))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Program(480, ahead)
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Device()
	if err != nil {
		t.Fatal(err)
	}
	return r, p, d
}

// The distance follows a machine that is slow for a minute, and calm after: it widens at once, and is as it was after.
func TestDistanceFollowsHowBusyTheMachineIs(t *testing.T) {
	r, p, d := ringEnds(t, 1)
	w, under := newWidth(), uint64(0)
	mic, play := make([]int16, 480), make([]int16, 480)
	changes := 0
	// wake runs the program after so many callbacks at once.
	wake := func(callbacks int) {
		for range callbacks {
			d.Cycle(0, mic, play)
		}
		n := p.Run(func(_, _ []int16) {})
		c := r.Counters().Underruns
		if w.judge(p, n, int(c-under)) {
			changes++
		}
		under = c
	}
	minute := int(time.Minute / periodTime)
	for range minute / 3 {
		wake(3)
	}
	if p.Ahead() != 3 || changes != 2 {
		t.Errorf("%d ahead where three are asked for at once, after %d changes", p.Ahead(), changes)
	}
	late := under
	for range minute {
		wake(1)
	}
	if p.Ahead() != 2 && p.Ahead() != 1 {
		t.Errorf("%d ahead after a calm minute", p.Ahead())
	}
	for range 2 * minute {
		wake(1)
	}
	if p.Ahead() != 1 || changes != 4 {
		t.Errorf("%d ahead after three calm minutes, %d changes", p.Ahead(), changes)
	}
	if under != late {
		t.Errorf("%d periods were late on a calm machine", under-late)
	}
}

// One period late now and then is none of the distance's business.
func TestDistanceStaysWhereOnePeriodIsLate(t *testing.T) {
	_, p, _ := ringEnds(t, 1)
	w := newWidth()
	for range 10 {
		if w.judge(p, 1, 1) {
			t.Error("widened")
		}
		w.judge(p, widenWithin, 0)
	}
	w.judge(p, 1, 1)
	if !w.judge(p, widenWithin-1, 1) || p.Ahead() != 2 {
		t.Error("two within two seconds do not widen")
	}
}

// Where narrowing turns out wrong, it is tried more and more rarely.
func TestDistanceIsTriedMoreRarelyEachTime(t *testing.T) {
	_, p, d := ringEnds(t, 1)
	w := newWidth()
	mic, play := make([]int16, 480), make([]int16, 480)
	var trials []int
	for range 7 {
		w.judge(p, 1, 1)
		w.judge(p, 1, 1)
		n := 1
		for ; p.Ahead() == 2; n++ {
			d.Cycle(0, mic, play)
			w.judge(p, p.Run(func(_, _ []int16) {}), 0)
		}
		trials = append(trials, n/narrowFirst)
	}
	for i, want := range []int{2, 4, 8, 16, 16, 16, 16} {
		if trials[i] != want {
			t.Errorf("tried after %d times %d periods", trials, narrowFirst)
			break
		}
	}
}
