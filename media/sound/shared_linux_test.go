package sound

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPortIsWokenByEachCount(t *testing.T) {
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.free()
	var due atomic.Int64
	ready := func(uintptr) bool { return due.Load() > 0 }
	asked, woken := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(woken)
		for i := range 40 {
			asked <- struct{}{}
			if i < 20 {
				m.await(ready, time.Hour)
			} else {
				m.awaitUrgently(time.Hour)
			}
			due.Add(-1)
			woken <- struct{}{}
		}
	}()
	for i := range 40 {
		<-asked
		due.Add(1)
		if i%2 == 0 {
			m.interrupt() // before it waits, or while
		} else {
			m.wake.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0}) // as the sound process does
		}
		<-woken
		if n := due.Load(); n != 0 {
			t.Fatalf("after count %d, %d are due", i, n)
		}
	}
	<-woken
}

func TestWaitForTheDeviceHasALimit(t *testing.T) {
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.free()
	const limit = 20 * time.Millisecond
	never := func(uintptr) bool { return false }
	m.await(never, 0)
	for _, wait := range []func(){
		func() { m.await(never, limit) }, func() { m.await(never, limit) }, // the deadline of the first has passed
		func() { m.awaitUrgently(limit) },
		func() { m.await(never, limit) }, // there is no way back, but it still waits
	} {
		begin := time.Now()
		wait()
		if took := time.Since(begin); took < limit/2 {
			t.Errorf("it waited %v", took)
		}
	}
}

func TestCounterDoesNotBlockTheSoundProcess(t *testing.T) {
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.free()
	flags, err := unix.FcntlInt(m.wake.Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
}
