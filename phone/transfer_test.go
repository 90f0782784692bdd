package phone

import (
	"testing"
	"time"

	"offhook/media/tone"
	"offhook/phone/control"
)

// office is three phones: the first in conversation with the second, the third idle.
func (w *world) office() (a, b, c *user) {
	w.t.Helper()
	a, b = w.talking("handset", "handset")
	c = w.extension("102", "handset", a)
	w.pass(time.Second)
	return a, b, c
}

func TestTransferByCommand(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, c := w.office()
		must(t, a.do(control.VerbTransfer, "target=102"))
		w.pass(12 * time.Second)
		a.hearsNothing(time.Second) // "Transferred" was confirmed, and is over
		b.hears(11*time.Second, tone.Ringback)
		c.lit("ring", "ringer")
		c.lift()
		w.pass(5 * time.Second)
		a.want(control.StateIdle)
		b.want(control.StateTalking, control.CallActive)
		b.hearsUser(c, time.Second)
		c.hearsUser(b, time.Second)
		if peer := b.phone.Status().Calls[0].Peer; peer != "sip:102@127.0.0.1" {
			t.Errorf("the second phone shows %q", peer)
		}
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventTransfer && e.State == control.CallAlerting && e.Direction == "out"
		})
		b.heard(func(e control.Event) bool {
			return e.Type == control.EventTransfer && e.State == control.CallAlerting && e.Direction == "in"
		})
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventCall && e.State == control.CallEnded && e.Reason == "transferred"
		})
		c.hangUp()
		w.pass(2 * time.Second)
		b.hears(1500*time.Millisecond, tone.Busy)
	})
}

func TestTransferThatFailsRingsBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, c := w.office()
		must(t, c.do(control.VerbDND, "on=true"))
		must(t, a.do(control.VerbTransfer, "target=102"))
		a.hangUp()
		w.pass(3 * time.Second)
		a.lit("hold", "ring", "ringer")
		a.heard(func(e control.Event) bool {
			return e.Type == control.EventTransfer && e.State == control.TransferFailed && e.Code == 486
		})
		a.lift()
		w.pass(3 * time.Second)
		a.hearsUser(b, time.Second)
		b.hearsUser(a, time.Second)
	})
}

// Putting down while consulting joins the two others; also while the one consulted still rings.
func TestPuttingDownWhileConsultingTransfers(t *testing.T) {
	for name, answered := range map[string]bool{"answered": true, "ringing": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b, c := w.office()
				must(t, a.device.PressFlash())
				w.pass(time.Second)
				a.press("102#")
				w.pass(2 * time.Second)
				if answered {
					c.lift()
					w.pass(2 * time.Second)
					a.hearsUser(c, time.Second)
				}
				a.hangUp()
				w.pass(5 * time.Second)
				if !answered {
					c.lit("ring", "ringer")
					c.lift()
					w.pass(3 * time.Second)
				}
				a.want(control.StateIdle)
				a.lit()
				b.want(control.StateTalking, control.CallActive)
				c.want(control.StateTalking, control.CallActive)
				b.hearsUser(c, time.Second)
				c.hearsUser(b, time.Second)
				b.hangUp()
				w.pass(2 * time.Second)
				c.hears(1500*time.Millisecond, tone.Busy)
			})
		})
	}
}

// The same by the command without a number, and by the transfer key.
func TestJoiningByCommand(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, c := w.office()
		if err := a.do(control.VerbTransfer); err == nil {
			t.Error("one call was transferred to nobody")
		}
		must(t, a.device.PressFlash())
		a.press("102#")
		w.pass(time.Second)
		c.lift()
		w.pass(2 * time.Second)
		must(t, a.do(control.VerbTransfer))
		w.pass(5 * time.Second)
		b.hearsUser(c, time.Second)
		c.hearsUser(b, time.Second)
		a.want(control.StateIdle)
	})
}

func TestTransferToNonsenseIsRefusedAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		for _, target := range []string{"sips:@y", "sip:", "a b@c"} {
			if err := a.do(control.VerbTransfer, "target="+target); err == nil {
				t.Errorf("%q was taken", target)
			}
		}
		w.pass(time.Second)
		a.hearsUser(b, time.Second)
	})
}
