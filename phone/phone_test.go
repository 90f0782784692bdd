package phone

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/sound"
	"offhook/media/tone"
	"offhook/phone/control"
)

// The first lift after start gives dial tone, whatever the manners of the device: it is the first thing a user tries.
func TestFirstLiftGivesDialToneWithEveryCradledDevice(t *testing.T) {
	for _, profile := range virtual.Profiles() {
		if !profile.Kind.Cradled() {
			continue
		}
		t.Run(profile.Name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				u := w.local(profile.Name)
				w.pass(6 * time.Second) // a device that says nothing to GET_REPORT is given up on after 5 s
				u.lift()
				w.pass(2 * time.Second)
				if s := u.phone.Status().Handsets[0].State; s != control.HandsetDialTone {
					t.Errorf("handset is %q, want dial-tone", s)
				}
				u.hangUp()
				w.pass(6 * time.Second)
				u.stop()
				tones := tone.Detect(nil, u.recording(), sound.Rate)
				if thin == 1 && (len(tones) != 1 || tones[0].Tone != tone.Dial || tones[0].End-tones[0].Start < 1900*time.Millisecond) {
					t.Errorf("the earpiece played %+v, want 2 s of dial tone", tones)
				}
			})
		})
	}
}

func TestLiftDialTalkHangUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		desk := w.local("handset")
		other := w.extension("101", "handset", desk)
		w.pass(time.Second)
		desk.want(control.StateIdle)
		other.want(control.StateIdle)

		desk.lift()
		desk.press("101#")
		w.pass(time.Second)
		desk.want(control.StateDialing, control.CallAlerting)
		other.want(control.StateRinging, control.CallIncoming)
		other.lit("ring", "ringer")

		other.lift()
		w.pass(time.Second)
		desk.want(control.StateTalking, control.CallActive)
		other.want(control.StateTalking, control.CallActive)

		desk.press("7")
		w.pass(time.Second)
		other.heard(func(e control.Event) bool { return e.Type == control.EventDTMF && e.Key == "7" })
		if n := other.phone.Status().Calls[0].Media.PacketsReceived; n < 50/thin {
			t.Errorf("%d packets received in 2 s of call, want about 100", n)
		}

		other.hangUp()
		w.pass(time.Second)
		other.want(control.StateIdle)
		other.lit()
		desk.want(control.StateIdle)
		if s := desk.phone.Status().Handsets[0].State; s != control.HandsetTone {
			t.Errorf("the handset left off-hook is %q, want tone", s)
		}
		desk.hangUp()
		desk.lit()
	})
}
