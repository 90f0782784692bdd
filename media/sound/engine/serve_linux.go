package engine

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"offhook/media/sound/ring"
)

// rtTime is how long a thread with realtime priority may run without a pause, in
// microseconds; then the kernel kills the process, and the program starts another.
// PortAudio's thread spins when its card is unplugged, and on a machine with one
// processor nothing else would run any more, not even what is to kill it. A
// callback takes less than 1 ms.
const rtTime = 150_000

// ServeInherited is the whole life of a sound process started by package sound: it
// takes up the inherited descriptors and serves until the program is gone.
//
// The libraries under a Backend print to standard output and error as they
// like. The protocol therefore moves to a descriptor of its own, and what they
// print goes to standard error, which the program logs.
func ServeInherited(b Backend) error {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	mem, err := unix.Mmap(RingFD, 0, ring.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("no shared memory at descriptor %d (offhook starts this program by itself): %w", RingFD, err)
	}
	r, err := ring.Attach(mem)
	if err != nil {
		return err
	}
	if err := limitRealtime(); err != nil {
		return err
	}
	// An interrupt typed at a terminal is for the program; when it ends, so do we.
	signal.Ignore(unix.SIGINT, unix.SIGHUP)
	one := binary.NativeEndian.AppendUint64(nil, 1)
	return Serve(os.Stdin, os.NewFile(uintptr(fd), "protocol"), Config{
		Backend: b,
		Ring:    r,
		Wake:    func() { unix.Write(WakeFD, one) },
		Now:     Monotonic,
		Promote: Promote,
		// PR_SET_PDEATHSIG would not do: it watches the thread that started us,
		// and threads of a Go program come and go. The end of input comes for
		// certain, and exiting works even while the library hangs.
		Ended: func() { os.Exit(0) },
	})
}

// limitRealtime sets rtTime, or leaves a limit that is lower.
func limitRealtime() error {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_RTTIME, &l)
	if err == nil {
		l.Max = min(l.Max, rtTime)
		l.Cur = l.Max
		err = unix.Setrlimit(unix.RLIMIT_RTTIME, &l)
	}
	if err != nil {
		return fmt.Errorf("limit on realtime threads: %w", err)
	}
	return nil
}

// Monotonic reads CLOCK_MONOTONIC, which both processes share: the clock of ring.LastCall.
func Monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Promote gives the calling thread realtime priority, where RLIMIT_RTPRIO or a
// capability permits it. The goroutine must be locked to its thread, and end
// with it: an ordinary thread of the Go runtime would starve the others.
func Promote() error {
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_RR,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: Priority,
	}, 0)
}
