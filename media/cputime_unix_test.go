//go:build unix

package media

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the processor time, user and system, of this process so far: what a busy machine does meanwhile is not in it.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
