//go:build !unix

package media

import "time"

var began = time.Now()

// cpuTime is the time that has gone by, where that of the processor is not asked for.
func cpuTime() time.Duration { return time.Since(began) }
