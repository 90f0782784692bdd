//go:build peers && linux

package interop

import (
	"math"
	"testing"
	"time"

	"offhook/phone/control"
)

// loudness is the RMS of a recording in dB below full scale.
func (l *lab) loudness(path string) float64 {
	l.t.Helper()
	var sum float64
	x := l.wav(path)
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(max(len(x), 1))/32768/32768+1e-12)
}

// connected sets up a call from Offhook to baresip and returns the mark
// before it.
func (w two) connected() int {
	from := w.off.mark()
	w.off.do("handset", "lift")
	w.off.do("dial", "bob")
	w.off.awaitCall(from, control.CallActive, 10*time.Second)
	w.bare.await(bareEstablished, 5*time.Second)
	return from
}

func TestMutedMicrophoneIsNotHeard(t *testing.T) {
	speaking(t, func(l *lab) {
		w := l.two(offhookOptions{}, baresipOptions{})
		from := w.off.mark()
		w.bare.do("dial", "sip:alice@"+w.k.addr)
		w.off.awaitCall(from, control.CallIncoming, 5*time.Second)
		w.off.do("handset", "lift")
		w.off.awaitCall(from, control.CallActive, 5*time.Second)
		w.off.do("handset", "mute")
		w.off.eventually("the mute light is on", 2*time.Second, func() bool { return w.off.handset().Lights["mute"] })
		l.talk(talk)
		w.bare.do("hangup", "")
		w.off.awaitCall(from, control.CallEnded, 5*time.Second)
		w.off.do("handset", "hang-up")
		w.off.quit()
		// Speech starts half a second into the file, before the key could be
		// pressed: what came after must be silence.
		tail := l.dir + "/tail.wav"
		if err := run("sox", w.bare.heard(), tail, "trim", "2"); err != nil {
			t.Fatal(err)
		}
		if db := l.loudness(tail); db > -70 {
			t.Errorf("baresip hears %.0f dBFS of a muted microphone", db)
		}
		l.carried("baresip to the muted offhook", w.says, w.off.record, w.oneSays)
	})
}

func TestHeldPartnerHearsNothing(t *testing.T) {
	l := newLab(t)
	w := l.two(offhookOptions{}, baresipOptions{answer: "auto"})
	w.connected()
	w.off.do("hold")
	w.off.eventually("held", 5*time.Second, func() bool { s := w.off.status(); return len(s.Calls) == 1 && s.Calls[0].Held })
	l.talk(4 * time.Second)
	w.off.do("hang-up")
	w.bare.await(bareClosed, 5*time.Second)
	w.off.do("handset", "hang-up")
	tail := l.dir + "/tail.wav"
	if err := run("sox", w.bare.heard(), tail, "trim", "2"); err != nil {
		t.Logf("baresip recorded less than two seconds, which is silence enough: %v", err)
	} else if db := l.loudness(tail); db > -70 {
		t.Errorf("the held partner hears %.0f dBFS", db)
	}
}

func TestUnpluggedInACallAndBack(t *testing.T) {
	l := newLab(t)
	w := l.two(offhookOptions{}, baresipOptions{answer: "auto"})
	w.connected()
	w.off.do("handset", "unplug")
	w.off.eventually("the call is parked", 5*time.Second, func() bool {
		s := w.off.status()
		return len(s.Calls) == 1 && (s.Calls[0].Held || s.Calls[0].Handset == "")
	})
	time.Sleep(time.Second)
	w.off.do("handset", "plug")
	w.off.eventually("the handset is back", 5*time.Second, func() bool { return w.off.handset().Plugged })
	// It was never put down, so nothing more has to be done.
	w.off.eventually("the conversation goes on", 5*time.Second, func() bool {
		s := w.off.status()
		return len(s.Calls) == 1 && !s.Calls[0].Held && s.Calls[0].Handset != "" && s.Calls[0].State == control.CallActive
	})
	w.off.speaks()
	w.off.do("handset", "hang-up")
	w.bare.await(bareClosed, 5*time.Second)
}

func TestSecondCallerDoesNotDisturbTheFirst(t *testing.T) {
	l := newLab(t)
	k := l.kamailio(map[string]string{"alice": "one", "bob": "two", "carol": "three"})
	says := l.say("baresip", "en+f3", textTwo, 8000)
	bob := l.baresip(k, "bob", "two", baresipOptions{answer: "auto", say: says})
	carol := l.baresip(k, "carol", "three", baresipOptions{say: says})
	off := l.offhook(k, "alice", offhookOptions{password: "one", say: l.say("offhook", "en", textOne, 48000)})
	from := off.mark()
	off.do("handset", "lift")
	off.do("dial", "bob")
	off.awaitCall(from, control.CallActive, 10*time.Second)
	mark := off.mark()
	carol.do("dial", "sip:alice@"+k.addr)
	// Call waiting: it is told, and the caller hears ringing.
	off.awaitCall(mark, control.CallIncoming, 5*time.Second)
	carol.await(bareRinging, 5*time.Second)
	if s := off.status(); len(s.Calls) != 2 {
		t.Errorf("%d calls, want 2", len(s.Calls))
	}
	if len(bob.all(bareClosed)) > 0 {
		t.Error("the first call ended")
	}
	// Flash goes over to the second; the first is held, not lost.
	off.do("handset", "flash")
	carol.await(bareEstablished, 5*time.Second)
	off.eventually("the first is held", 5*time.Second, func() bool {
		held, active := 0, 0
		for _, c := range off.status().Calls {
			if c.Held {
				held++
			} else if c.State == control.CallActive {
				active++
			}
		}
		return held == 1 && active == 1
	})
	carol.do("hangup", "")
	off.eventually("one call is left", 5*time.Second, func() bool { return len(off.status().Calls) == 1 })
	if len(bob.all(bareClosed)) > 0 {
		t.Error("the first call was lost")
	}
	off.do("resume")
	off.eventually("the first goes on", 5*time.Second, func() bool { s := off.status(); return len(s.Calls) == 1 && !s.Calls[0].Held })
	off.do("handset", "hang-up")
	bob.await(bareClosed, 5*time.Second)
}

func TestServerThatComesLater(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	// The address is there, the server is not yet: a closed port.
	k := l.kamailio(map[string]string{"alice": "one"})
	k.stop()
	off := l.offhook(k, "alice", offhookOptions{password: "one", failing: true})
	time.Sleep(time.Second)
	l.restart(k)
	start := time.Now()
	off.eventually("registered", 40*time.Second, func() bool { return off.status().Accounts[0].State == control.AccountRegistered })
	t.Logf("registered %v after the server came", time.Since(start).Round(time.Second))
}
