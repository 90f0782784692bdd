package phone

import (
	"testing"
	"time"

	"offhook/devices/virtual"
	"offhook/media/tone"
	"offhook/phone/control"
	"offhook/phone/ua"
)

func TestHeadsetButtonAnswersAndEnds(t *testing.T) {
	for _, profile := range []string{"headset", "headset-relative", "headset-ack", "headset-report-per-light", "headset-mute-switch", "headset-consumer"} {
		t.Run(profile, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				caller, headset := w.pair("handset", profile)
				lights := profile != "headset-consumer"
				caller.lift()
				caller.press("101#")
				w.pass(time.Second)
				headset.want(control.StateRinging, control.CallIncoming)
				if lights && !headset.device.State().Ringing {
					t.Fatal("the headset does not ring")
				}
				headset.hearsNothing(time.Second) // the bell of a headset is no sound in the ear
				headset.must(headset.device.PressHook())
				w.pass(3 * time.Second)
				headset.want(control.StateTalking, control.CallActive)
				if s := headset.device.State(); lights && (s.Ringing || !s.Lights["off-hook"]) {
					t.Fatalf("in a call the headset shows %q", s.Lit())
				}
				headset.hearsUser(caller, 2*time.Second)
				caller.hearsUser(headset, 2*time.Second)
				headset.sent("180", "200")

				headset.must(headset.device.PressHook())
				w.pass(time.Second)
				headset.want(control.StateIdle)
				headset.lit()
				headset.hearsNothing(500 * time.Millisecond)
				headset.sent("180", "200", "BYE")
				caller.hears(900*time.Millisecond, tone.Busy)
			})
		})
	}
}

func TestRejectKeyIsBusyToTheCaller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, callee := w.pair("handset", "handset")
		caller.lift()
		caller.press("101#")
		w.pass(time.Second)
		callee.lit("ring", "ringer")
		callee.display("100", "Incoming call")
		callee.must(callee.device.PressReject())
		w.pass(2 * time.Second)
		callee.lit()
		callee.want(control.StateIdle)
		callee.sent("180", "486")
		caller.handset(control.HandsetTone)
		caller.hears(2*time.Second, tone.Busy)
		if n := callee.phone.Status().Missed; n != 0 {
			t.Errorf("%d missed calls, though the call was refused by hand", n)
		}
	})
}

func TestDoNotDisturbIsBusyAndNeverRings(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, callee := w.pair("handset", "handset")
		if err := callee.do(control.VerbDND, "on=true"); err != nil {
			t.Fatal(err)
		}
		before := len(callee.device.State().History)
		caller.lift()
		caller.press("101#")
		w.pass(2 * time.Second)
		caller.hears(time.Second, tone.Busy)
		callee.sent("486")
		for _, r := range callee.device.State().History[before:] {
			if r.Out && len(r.Bytes) >= 5 && r.Bytes[:2] == "02" && (r.Bytes[4] == '1' || r.Bytes[3] == '2') {
				t.Fatalf("it rang: %s", r.Bytes)
			}
		}
		callee.hearsNothing(time.Second)
		s := callee.phone.Status()
		if !s.DND || s.Missed != 1 {
			t.Errorf("status: dnd %t, missed %d; want true and 1", s.DND, s.Missed)
		}
		callee.heard(func(e control.Event) bool { return e.Type == control.EventMissed && e.Account == "101" })

		// Switched on while it rings it refuses the call that rings.
		caller.hangUp()
		if err := callee.do(control.VerbDND, "on=false"); err != nil {
			t.Fatal(err)
		}
		caller.lift()
		caller.press("101#")
		w.pass(time.Second)
		callee.lit("ring", "ringer")
		if err := callee.do(control.VerbDND, "on=true"); err != nil {
			t.Fatal(err)
		}
		callee.lit()
		callee.sent("486", "180", "486")
	})
}

func TestCallerGivesUpWhileItRings(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, callee := w.pair("handset", "handset")
		caller.lift()
		caller.press("101#")
		w.pass(12 * time.Second)
		caller.hears(11*time.Second, tone.Ringback)
		callee.hears(11*time.Second, tone.Ring)
		caller.hangUp()
		w.pass(time.Second)
		caller.lit()
		callee.lit()
		callee.want(control.StateIdle)
		callee.hearsNothing(900 * time.Millisecond)
		callee.display("", "Missed 1")
		if n := callee.phone.Status().Missed; n != 1 {
			t.Errorf("%d missed calls, want 1", n)
		}
		callee.heard(func(e control.Event) bool {
			return e.Type == control.EventMissed && e.Peer != "" && e.Account == "101"
		})
		callee.heard(func(e control.Event) bool {
			return e.Type == control.EventCall && e.State == control.CallEnded && e.Code == 487 && e.Reason != ""
		})
		callee.lift() // to look after it
		callee.hangUp()
		if n := callee.phone.Status().Missed; n != 0 {
			t.Errorf("%d missed calls after lifting, want 0", n)
		}
	})
}

// The two ends may decide in the same instant. Whichever was first, both agree in the end.
func TestAnswerAndCancelCross(t *testing.T) {
	for _, early := range []time.Duration{-40, -20, -10, -5, 0, 5, 10, 20, 40} {
		inWorld(t, func(t *testing.T, w *world) {
			caller, callee := w.pair("handset", "handset")
			faults := w.faults
			faults.Delay = 10 * time.Millisecond
			w.net.SetFaults(faults)
			caller.lift()
			caller.press("101#")
			w.pass(time.Second)
			// callee lifts `early` ms before (or after) the caller puts down.
			if early < 0 {
				must(t, callee.device.Lift())
				time.Sleep(-early * time.Millisecond)
				must(t, caller.device.HangUp())
			} else {
				must(t, caller.device.HangUp())
				time.Sleep(early * time.Millisecond)
				must(t, callee.device.Lift())
			}
			w.pass(2 * time.Second)
			caller.want(control.StateIdle)
			caller.lit()
			callee.want(control.StateIdle)
			callee.lit("off-hook")
			if got := callee.status().State; got != control.HandsetTone && got != control.HandsetDialTone {
				t.Errorf("%d ms: the callee's handset is %q", early, got)
			}
			callee.hangUp()
			callee.lit()
		})
	}
}

func TestRemoteHangUpGivesBusyToneUntilPutDown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.talking("handset", "handset")
		b.hangUp()
		w.pass(2 * time.Second)
		a.want(control.StateIdle)
		a.hears(1500*time.Millisecond, tone.Busy)
		a.lit("off-hook")
		w.pass(70 * time.Second)
		a.handset(control.HandsetTone)
		a.hearsNothing(5 * time.Second) // nobody is helped by an hour of it
		a.hangUp()
		a.lit()
		a.handset(control.HandsetIdle)
	})
}

func TestTwoHandsetsRingAndTheFirstToLiftWins(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller, first := w.pair("handset", "handset")
		second := first.another("second", "phone")
		caller.lift()
		caller.press("101#")
		w.pass(12 * time.Second)
		first.lit("ring", "ringer")
		second.lit("ring")
		first.hears(11*time.Second, tone.Ring)
		second.hears(11*time.Second, tone.Ring)
		second.lift()
		w.pass(2 * time.Second)
		first.lit()
		first.hearsNothing(1500 * time.Millisecond)
		second.lit("off-hook", "microphone", "on-line")
		second.hearsUser(caller, 1500*time.Millisecond)
		first.handset(control.HandsetIdle)
		second.handset(control.HandsetConnected)

		first.lift() // the other one is a telephone of its own
		first.handset(control.HandsetDialTone)
		w.pass(time.Second)
		first.hears(900*time.Millisecond, tone.Dial)
		second.hearsUser(caller, 900*time.Millisecond)
		second.hangUp()
		w.pass(time.Second)
		second.lit()
		caller.hears(900*time.Millisecond, tone.Busy)
	})
}

// A call that comes in while every RTP port is in use can't be taken; it is refused, said, and forgotten.
func TestIncomingCallWithoutAPortForItsSound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		caller := w.local("handset")
		callee := w.start("101", "handset", func(c *Config, _ *virtual.Profile) {
			c.Accounts = []ua.Account{extension("101", caller)}
			c.ListenRTP = noPort
		})
		w.pass(time.Second)
		caller.lift()
		caller.press("101#")
		w.pass(2 * time.Second)
		callee.sent("503")
		callee.lit()
		callee.want(control.StateIdle)
		callee.heard(func(e control.Event) bool { return e.Type == control.EventError && e.Reason == errNoPort.Error() })
		caller.hears(1900*time.Millisecond, tone.Reorder)

		// Nor can it call.
		callee.lift()
		if err := callee.do(control.VerbDial, "target=100"); err == nil {
			t.Error("a call was placed without a port for its sound")
		}
		w.pass(2 * time.Second)
		callee.hears(1900*time.Millisecond, tone.Reorder)
		callee.hangUp()
		callee.want(control.StateIdle)
	})
}
