package phone

import (
	"fmt"
	"slices"
	"time"

	"offhook/devices"
	"offhook/phone/desk"
)

// showLights makes the lights and the display of a handset those of the state. A display also counts how long the call
// in the hand has lasted: once a second, and only while there is a call and a display to show it.
func (h *handset) showLights(p *Phone) {
	if h.device == nil {
		h.stopClock()
		return
	}
	in := desk.Indicators(p.state, h.id)
	id, line := desk.Timed(p.state, h.id)
	c := p.calls[id]
	if c == nil || c.answered.IsZero() || !slices.Contains(h.device.Lights(), "display") {
		h.stopClock()
		h.device.Show(in)
		return
	}
	lasted := time.Since(c.answered)
	in.Elapsed = lasted.Truncate(time.Second)
	if line && in.Elapsed > 0 {
		in.Line2 = elapsed(in.Elapsed)
	}
	h.device.Show(in)
	if h.clock == nil {
		h.startClock(p, h.device, time.Second-lasted%time.Second)
	}
}

// startClock shows the next second when it comes.
func (h *handset) startClock(p *Phone, d *devices.Device, after time.Duration) {
	var t *time.Timer
	t = time.AfterFunc(after, func() {
		p.inbox.post(func() {
			if h.clock == t && h.device == d && !p.ending {
				h.clock = nil
				h.showLights(p)
			}
		})
	})
	h.clock = t
}

func (h *handset) stopClock() {
	if h.clock != nil {
		h.clock.Stop()
		h.clock = nil
	}
}

// elapsed is the length of a call as a phone shows it: 0:07, 12:34, 1:02:03.
func elapsed(d time.Duration) string {
	s := int(d / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
