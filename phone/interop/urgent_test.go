//go:build peers && linux

package interop

import (
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Phones that are compared must not wait for whoever else works on the machine: they and what measures them run in a
// realtime class (SCHED_RR), the latter above the former, where that is permitted (root, or RLIMIT_RTPRIO). All phones
// alike; what judges the recordings stays outside.
const (
	urgentPeers = "10"
	urgentOurs  = 20
)

// mayBeUrgent tells whether it is permitted.
func mayBeUrgent() bool { return exec.Command("chrt", "--rr", urgentPeers, "true").Run() == nil }

// urgently makes a command a realtime one.
func urgently(cmd *exec.Cmd) {
	if path, err := exec.LookPath("chrt"); err == nil {
		cmd.Args = append([]string{"chrt", "--rr", urgentPeers}, cmd.Args...)
		cmd.Path = path
	}
}

// punctual runs f in a thread of its own, which is woken in time; it ends with f. In f time is waited for with doze.
func punctual(f func()) {
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not used again
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: urgentOurs}
		unix.SchedSetAttr(0, &attr, 0) // refused: then it is woken as others are
		f()
	}()
}

// doze sleeps in the kernel, not in the scheduler of Go, whose timers are woken by any of its threads.
func doze(d time.Duration) {
	if d <= 0 {
		return
	}
	t := unix.NsecToTimespec(d.Nanoseconds())
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &t, &t) == unix.EINTR {
	}
}
