package sound

// drought tells when a microphone that is open gives no sound. It is fed by the
// goroutine that follows the device, after each of its wake-ups, which come for
// one period or for several.
type drought struct {
	periods int64  // of the device so far
	heard   int64  // of them with sound, when it last gave any
	since   uint64 // gaps at that time
	told    bool
}

const (
	micSilence = 200 // gaps without sound between them before it is reported
	micAgain   = 20  // periods with sound that end it; the counters are read one after the other, so a few mean nothing
)

// begins is told how many periods came at a wake-up, and how many in all had no
// microphone. It is true once at the beginning of each drought.
func (d *drought) begins(came int, gaps uint64) bool {
	d.periods += int64(came)
	heard := d.periods - int64(gaps)
	if heard > d.heard+micAgain {
		*d = drought{periods: d.periods, heard: heard, since: gaps}
		return false
	}
	d.heard = min(d.heard, heard)
	if d.told || gaps-d.since < micSilence {
		return false
	}
	d.told = true
	return true
}
