package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// slackOfThread is the timer slack of the calling thread, in ns.
func slackOfThread(t *testing.T) int {
	n, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		t.Skipf("this kernel has no timer slack: %v", err)
	}
	return n
}

// TestTimersOfThePhoneAreCoarse runs this test again as a program of its own, which starts itself once more.
func TestTimersOfThePhoneAreCoarse(t *testing.T) {
	const inside = "OFFHOOK_TEST_TIMERS"
	if os.Getenv(inside) != "" {
		coarseTimers()
		other := make(chan int) // a thread of the runtime's making
		go func() {
			runtime.LockOSThread()
			other <- slackOfThread(t)
		}()
		fmt.Printf("slack %d %d, process %d, arguments %q\n", slackOfThread(t), <-other, os.Getpid(), os.Args[1:])
		return
	}
	// What runs in a realtime class has no slack, and cannot be given one.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := slackOfThread(t)
	unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(before)+1, 0, 0, 0)
	possible := slackOfThread(t) == before+1
	unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(before), 0, 0, 0)
	if !possible {
		t.Skip("timer slack cannot be set here")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTimersOfThePhoneAreCoarse$", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := fmt.Sprintf("slack %d %d, process %d, arguments %q\n", timerSlack, timerSlack, cmd.Process.Pid, cmd.Args[1:])
	if n := strings.Count(string(out), want); n != 1 {
		t.Errorf("got\n%s\nwant once %s", out, want)
	}
}
