package media

import "time"

// interarrival estimates the jitter of a stream as RFC 3550 section 6.4.1 and appendix A.8 say: the mean deviation of
// the spacing of packets from the spacing of their timestamps, smoothed by 1/16. The receiver's lock guards it.
type interarrival struct {
	running   bool
	ssrc      uint32
	timestamp uint32
	at        time.Time
	mean      float64 // seconds
}

// packet takes a packet of a stream whose RTP clock ticks so many times a second.
func (j *interarrival) packet(h header, clock int, now time.Time) {
	if j.running && h.ssrc == j.ssrc {
		spacing := now.Sub(j.at).Seconds() - float64(int32(h.timestamp-j.timestamp))/float64(clock)
		// A new time line (a step of a second or more) is no jitter.
		if spacing = max(spacing, -spacing); spacing < 1 {
			j.mean += (spacing - j.mean) / 16
		}
	}
	j.running, j.ssrc, j.timestamp, j.at = true, h.ssrc, h.timestamp, now
}

func (j *interarrival) estimate() time.Duration {
	return time.Duration(j.mean * float64(time.Second))
}
