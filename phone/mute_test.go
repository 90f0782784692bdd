package phone

import (
	"slices"
	"testing"
	"time"

	"offhook/media/measure"
	"offhook/phone/control"
)

// One mute: the key of the device, the command and the light never disagree, and muted means that true silence is sent.
func TestMuteByKeyAndByCommand(t *testing.T) {
	for _, profile := range []string{"handset", "headset-relative", "headset-mute-echo", "headset-mute-switch"} {
		t.Run(profile, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b := w.talking("handset", profile)
				w.pass(time.Second)
				a.hearsUser(b, time.Second)

				muted := func(want bool) {
					t.Helper()
					w.pass(2 * time.Second)
					if got := b.device.State().Lights["mute"]; got != want {
						t.Fatalf("mute light %t, want %t", got, want)
					}
					s := b.phone.Status()
					if s.Muted != want || s.Calls[0].Muted != want || b.status().Muted != want {
						t.Fatalf("status: muted %t, call %t, handset %t; want %t", s.Muted, s.Calls[0].Muted, b.status().Muted, want)
					}
					e := b.heard(func(e control.Event) bool { return e.Type == control.EventMute })
					if e.On == nil || *e.On != want {
						t.Fatalf("the last mute event is %+v", e)
					}
					if !want {
						a.hearsUser(b, time.Second)
						return
					}
					// Silence is sent, and sent at the pace of speech.
					// The smallest value of A-law is not zero.
					if _, ear := a.ear.last(1500 * time.Millisecond); thin == 1 && measure.Level(ear) > -70 {
						t.Fatalf("through the mute the other side hears %.0f dBFS", measure.Level(ear))
					}
				}
				packets := func() int { return b.phone.Status().Calls[0].Media.PacketsSent }

				must(t, b.device.PressMute())
				muted(true)
				before := packets()
				w.pass(time.Second)
				if n := packets() - before; thin == 1 && (n < 49 || n > 51) {
					t.Errorf("%d packets sent in a second of muting, want 50", n)
				}
				must(t, b.do(control.VerbMute, "on=false"))
				muted(false)
				must(t, b.do(control.VerbMute, "on=true"))
				muted(true)
				must(t, b.device.PressMute())
				muted(false)
				b.hearsUser(a, time.Second) // all the while
			})
		})
	}
}

func TestMuteEndsWithTheConversation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		must(t, b.device.PressMute())
		w.pass(time.Second)
		b.lit("off-hook", "mute")
		b.display("100", "Muted")
		b.hangUp()
		b.lit()
		if err := b.do(control.VerbMute, "on=true"); err == nil {
			t.Error("muted without a call")
		}
		a.hangUp()
		a.lift()
		a.press("101#")
		w.pass(time.Second)
		b.lift()
		w.pass(2 * time.Second)
		if slices.Contains(b.device.State().Lit(), "mute") {
			t.Error("the next conversation begins muted")
		}
		a.hearsUser(b, time.Second)
	})
}
