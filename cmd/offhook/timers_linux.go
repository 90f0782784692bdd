package main

import (
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// timerSlack is by how much the kernel may wake us later than asked, so that it can wake us for several things at once
// (PR_SET_TIMERSLACK, prctl(2)), in ns. Threads with realtime priority, which carry the sound, have none.
//
// By default it is 50 µs. A call has a thread that waits for each period of the sound device, and for some time after
// each wait the runtime of Go looks every 20 µs whether it must take that thread's turn away: that was more than half of
// what a call cost.
const timerSlack = 2_000_000

// slackSet says in the environment that this was done.
const slackSet = "OFFHOOK_TIMER_SLACK"

// coarseTimers gives this program timers with timerSlack. A thread inherits it from the thread that makes it, and the
// runtime's are there before any code of ours: so the program is started again, by the same process. What it starts
// inherits it too. Where that is refused timers stay as they are.
func coarseTimers() {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || slack >= timerSlack || os.Getenv(slackSet) != "" {
		return
	}
	self, err := os.Executable()
	if err != nil {
		return
	}
	runtime.LockOSThread() // it is the thread that calls exec whose slack is kept
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) != nil {
		return
	}
	syscall.Exec(self, os.Args, append(slices.Clone(os.Environ()), slackSet+"=1")) // returns only when it fails
	unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0)
}
