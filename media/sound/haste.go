package sound

import (
	"runtime"
	"time"

	"offhook/media/sound/engine"
)

// haste is whether the audio goroutine has a thread of its own with realtime priority. Where periods come in time
// without, as they mostly do, that would only cost: the runtime spends as much on a thread that waits in the kernel
// as all else in a call takes. So it takes a period that was late because the goroutine was, and lasts as long as the port.
type haste int

const (
	unhurried haste = iota
	hurried
	denied // it is not permitted
)

// starved tells the goroutine's delay from the impatience of a device that asks for several periods at once: whoever
// comes so long after the last callback was not let run for all the time since the one before.
func starved(sinceLastCall time.Duration) bool { return sinceLastCall > periodTime/4 }

// hurry gets the calling goroutine its thread, which ends with it.
func (r *run) hurry() {
	runtime.LockOSThread()
	if err := engine.Promote(); err != nil {
		runtime.UnlockOSThread()
		r.p.haste = denied
		r.p.log.Debug("no realtime priority for sound", "err", err)
		return
	}
	r.p.haste = hurried
}
