package ring

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
	"unsafe"
)

func memory() []byte {
	words := make([]uint64, (Size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), Size)
}

// ends returns both ends of a ring in one process.
func ends(t testing.TB, period, ahead int) (*Ring, *Program, *Device) {
	t.Helper()
	mem := memory()
	r, err := New(mem)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Program(period, ahead)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Attach(mem)
	if err != nil {
		t.Fatal(err)
	}
	d, err := other.Device()
	if err != nil {
		t.Fatal(err)
	}
	return r, p, d
}

// echo answers each period with the microphone.
func echo(mic, ear []int16) { copy(ear, mic) }

func TestThePeriodCapturedIsPlayedAheadPeriodsLater(t *testing.T) {
	for ahead := 1; ahead <= MaxAhead; ahead++ {
		_, p, d := ends(t, 80, ahead)
		mic, play := make([]int16, 80), make([]int16, 80)
		for n := 1; n <= 50; n++ {
			mic[0], mic[79] = int16(n), int16(-n)
			d.Cycle(time.Duration(n), mic, play)
			want := int16(max(0, n-ahead))
			if play[0] != want || play[79] != -want {
				t.Fatalf("ahead %d, callback %d played %d %d, want %d", ahead, n, play[0], play[79], want)
			}
			if ran := p.Run(echo); ran != 1 {
				t.Fatalf("ran %d times", ran)
			}
		}
		if p.Run(echo) != 0 {
			t.Error("ran without a callback")
		}
	}
}

func TestALateAnswerIsDroppedAndDelayStaysTheSame(t *testing.T) {
	r, p, d := ends(t, 80, 1)
	mic, play := make([]int16, 80), make([]int16, 80)
	var played []int16
	for n := 1; n <= 20; n++ {
		mic[0] = int16(n)
		d.Cycle(0, mic, play)
		played = append(played, play[0])
		if n >= 5 && n < 8 {
			continue // the program sleeps for three periods
		}
		p.Run(echo)
	}
	want := []int16{0, 1, 2, 3, 4, 0, 0, 0, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}
	for i := range want {
		if played[i] != want[i] {
			t.Fatalf("played %v\nwant   %v", played, want)
		}
	}
	if c := r.Counters(); c.Underruns != 3 || c.Lost != 0 || p.Missed() != 0 {
		t.Errorf("%+v, missed %d", c, p.Missed())
	}
}

func TestALongStallIsSkipped(t *testing.T) {
	r, p, d := ends(t, 80, 1)
	mic, play := make([]int16, 80), make([]int16, 80)
	for n := 1; n <= 100; n++ {
		mic[0] = int16(n)
		d.Cycle(0, mic, play)
	}
	ran := p.Run(echo)
	if ran != 1 || p.Missed() != 99 {
		t.Errorf("ran %d, missed %d; want 1 and 99", ran, p.Missed())
	}
	if c := r.Counters(); c.Lost != 100-Slots || c.Underruns != 99 {
		t.Errorf("%+v", c)
	}
	for n := 101; n <= 105; n++ {
		mic[0] = int16(n)
		d.Cycle(0, mic, play)
		if p.Run(echo) != 1 {
			t.Fatal("did not run")
		}
		if n > 101 && play[0] != int16(n-1) {
			t.Errorf("callback %d played %d", n, play[0])
		}
	}
}

func TestWidenGivesMoreTime(t *testing.T) {
	r, p, d := ends(t, 80, 1)
	mic, play := make([]int16, 80), make([]int16, 80)
	// A sound server that asks for two periods at once.
	burst := func() {
		for range 2 {
			d.Cycle(0, mic, play)
		}
		p.Run(echo)
	}
	for range 3 {
		burst()
	}
	if c := r.Counters(); c.Underruns != 3 {
		t.Errorf("%d underruns in three bursts", c.Underruns)
	}
	if !p.Widen() || p.Ahead() != 2 {
		t.Fatal("not widened")
	}
	for range 10 {
		burst()
	}
	if c := r.Counters(); c.Underruns != 3 {
		t.Errorf("%d more underruns after widening", c.Underruns-3)
	}
	p.Widen()
	p.Widen()
	if p.Widen() || p.Ahead() != MaxAhead {
		t.Errorf("widened to %d", p.Ahead())
	}
}

func TestNarrowGoesOverToALaterAnswer(t *testing.T) {
	r, p, d := ends(t, 80, 3)
	mic, play := make([]int16, 80), make([]int16, 80)
	for n := 1; n <= 40; n++ {
		for i := range mic {
			mic[i] = int16(100*n + i)
		}
		d.Cycle(0, mic, play)
		p.Run(echo)
		if want := p.Ahead() - 1; p.Spare() != want {
			t.Fatalf("with %d ahead an answer was %d early", p.Ahead(), p.Spare())
		}
		switch {
		case n < 21:
		case n == 21: // Before it the distance was 3, at its end it is 2.
			if play[0] != 1800 || play[79] < 1970 || play[79] > 1979 {
				t.Errorf("callback %d goes from %d to %d", n, play[0], play[79])
			}
			for i := range play[1:] {
				if step := play[i+1] - play[i]; step < 1 || step > 4 {
					t.Errorf("a step of %d", step)
				}
			}
		case play[0] != int16(100*(n-2)):
			t.Errorf("callback %d plays %d", n, play[0])
		}
		if n == 18 && !p.Narrow() {
			t.Error("not narrowed")
		}
	}
	if p.Narrow(); p.Narrow() || p.Ahead() != 1 {
		t.Errorf("narrowed to %d", p.Ahead())
	}
	if c := r.Counters(); c.Underruns != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAnAnswerThatIsLateHasNothingToSpare(t *testing.T) {
	_, p, d := ends(t, 80, 2)
	mic, play := make([]int16, 80), make([]int16, 80)
	d.Cycle(0, mic, play)
	p.Run(echo)
	if !p.Due() && p.Spare() != 1 {
		t.Errorf("at once: %d", p.Spare())
	}
	for want := 0; want > -3; want-- {
		if d.Cycle(0, mic, play); !p.Due() {
			t.Error("nothing is due")
		}
		late := func(mic, ear []int16) {
			for range 1 - want {
				d.Cycle(0, mic, play)
			}
		}
		if p.Run(late); p.Spare() != want {
			t.Errorf("after %d more callbacks: %d, want %d", 1-want, p.Spare(), want)
		}
		for p.Due() {
			p.Run(echo)
		}
	}
}

func TestAMissingMicrophoneIsSilenceAndCounted(t *testing.T) {
	r, p, d := ends(t, 80, 1)
	play := make([]int16, 80)
	loud := make([]int16, 80)
	for i := range loud {
		loud[i] = 99
	}
	for range Slots {
		d.Cycle(0, loud, play)
		p.Run(echo)
	}
	d.Cycle(0, nil, play)
	p.Run(func(mic, ear []int16) {
		for _, s := range mic {
			if s != 0 {
				t.Fatal("old sound instead of silence")
			}
		}
	})
	if r.Counters().MicGaps != 1 {
		t.Error("not counted")
	}
	d.Gap(true, false)
	d.Gap(true, true)
	if c := r.Counters(); c.DeviceOut != 2 || c.DeviceIn != 1 {
		t.Errorf("%+v", c)
	}
}

// Both ends at full speed, each in its own goroutine; the race detector looks
// on, and no period may ever be a mixture of two.
func TestNoPeriodIsTorn(t *testing.T) {
	_, p, d := ends(t, MaxPeriod, 2)
	wake := make(chan struct{}, 1)
	done := make(chan struct{})
	whole := func(side string, pcm []int16) {
		for _, s := range pcm {
			if s != pcm[0] {
				t.Errorf("%s: a period of %d and %d", side, pcm[0], s)
				return
			}
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		mic, play := make([]int16, MaxPeriod), make([]int16, MaxPeriod)
		for n := range 20000 {
			for i := range mic {
				mic[i] = int16(n)
			}
			d.Cycle(0, mic, play)
			whole("played", play)
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	})
	ran := 0
	wg.Go(func() {
		for {
			select {
			case <-wake:
				ran += p.Run(func(mic, ear []int16) {
					whole("captured", mic)
					copy(ear, mic)
				})
			case <-done:
				return
			}
		}
	})
	wg.Wait()
	if ran == 0 {
		t.Error("nothing came through")
	}
}

func TestResetBetweenStarts(t *testing.T) {
	r, p, d := ends(t, 80, 1)
	mic, play := make([]int16, 80), make([]int16, 80)
	for n := range 30 {
		mic[0] = int16(n + 1)
		d.Cycle(0, mic, play)
		p.Run(echo)
	}
	p, err := r.Program(160, 1)
	if err != nil {
		t.Fatal(err)
	}
	d, err = r.Device()
	if err != nil || d.Period() != 160 {
		t.Fatal(err, d)
	}
	mic, play = make([]int16, 160), make([]int16, 160)
	d.Cycle(0, mic, play)
	if play[0] != 0 {
		t.Error("sound of the last start is played")
	}
	if p.Run(echo) != 1 || r.Callbacks() != 1 {
		t.Error("not at the beginning")
	}
}

func TestStrangeMemoryIsRefused(t *testing.T) {
	if _, err := New(make([]byte, 100)); !errors.Is(err, ErrLayout) {
		t.Errorf("short: %v", err)
	}
	if _, err := Attach(memory()); !errors.Is(err, ErrLayout) {
		t.Errorf("empty: %v", err)
	}
	big := memory()
	big = append(big, make([]byte, 16)...)
	if _, err := New(big[1:]); !errors.Is(err, ErrLayout) {
		t.Errorf("not aligned: %v", err)
	}
	r, _ := New(memory())
	for _, p := range []int{0, -1, MaxPeriod + 1} {
		if _, err := r.Program(p, 1); err == nil {
			t.Errorf("period %d", p)
		}
	}
	if _, err := r.Device(); !errors.Is(err, ErrLayout) {
		t.Errorf("a device before the program: %v", err)
	}
}

// Whatever one side writes into the memory, the other side's calls return after
// bounded work and do not fault.
func FuzzHostileMemory(f *testing.F) {
	f.Add(uint64(1), []byte{0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Add(uint64(2), []byte("\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x80\x00\x01\x02\x03\x04\x05\x06\x07"))
	f.Fuzz(func(t *testing.T, seed uint64, pokes []byte) {
		mem := memory()
		r, err := New(mem)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Program(480, 1)
		if err != nil {
			t.Fatal(err)
		}
		d, err := r.Device()
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		mic, play := make([]int16, 480), make([]int16, 480)
		for len(pokes) >= 10 {
			// Anywhere in the first lines, or at the head of any slot.
			at := int(binary.LittleEndian.Uint16(pokes)) % (Size - 8)
			if rng.IntN(2) == 0 {
				at %= 192
			}
			copy(mem[at:], pokes[2:10])
			pokes = pokes[10:]
			for range rng.IntN(3) {
				d.Cycle(0, mic, play)
			}
			calls := 0
			p.Run(func(mic, ear []int16) {
				if calls++; calls > Slots {
					t.Fatal("endless")
				}
				if len(mic) != 480 || len(ear) != 480 {
					t.Fatal("length")
				}
			})
			if rng.IntN(4) == 0 {
				p.Widen()
			}
			if rng.IntN(4) == 0 {
				p.Narrow()
			}
			r.Counters()
			r.Device()
		}
	})
}

func BenchmarkPeriodBothWays(b *testing.B) {
	_, p, d := ends(b, MaxPeriod, 1)
	mic, play := make([]int16, MaxPeriod), make([]int16, MaxPeriod)
	for b.Loop() {
		d.Cycle(0, mic, play)
		p.Run(echo)
	}
}
